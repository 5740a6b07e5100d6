// The options that say how what is received is written.

import { choice, flag, text, value } from "../command/spec.js"
import { delimiter } from "../command/values.js"

export const outputOptions = {
  output: choice(
    ["text", "json", "hex", "raw", "netstring", "u32", "none"],
    "How messages are written to standard output. text: a line each, with a tab between parts; json: a line each, with time, sender " +
      "and parts; hex: as xxd; raw: the bytes and nothing else; netstring and u32: the bytes with their length. Default text.",
    { short: "o" },
  ),
  format: text(
    "FORMAT",
    "Write messages by a template: %s all parts, %1 to %9 a part, %n number of parts, %S size, %T time in ms, %t time (ISO 8601), " +
      "%i count, %u user id, %a address, %r routing id, %g group, %% percent; \\n \\t \\0 \\xHH.",
  ),
  "output-delimiter": value("TEXT", "What stands between parts in text. Default a tab.", delimiter),
  stats: flag("Write rate, bytes and loss to standard error once a second."),
  sequence: text(
    "PART",
    "The number of the part (1 is the first, -1 the last) that holds a number which rises by one, as text or as 4 or 8 bytes, " +
      "little-endian: gaps are reported as loss by --stats and at the end.",
  ),
}

/** The values of the options. */
export interface OutputValues {
  readonly output?: "text" | "json" | "hex" | "raw" | "netstring" | "u32" | "none"
  readonly format?: string
  readonly "output-delimiter"?: string
  readonly stats?: boolean
  readonly sequence?: string
}
