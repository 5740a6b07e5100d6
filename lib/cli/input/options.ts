// The options that say what is sent.

import { choice, flag, list, text, value } from "../command/spec.js"
import { count, delimiter, duration, rate, size } from "../command/values.js"

export const inputOptions = {
  input: choice(
    ["lines", "null", "json", "netstring", "u32"],
    "How standard input is divided into messages: lines; null: a zero byte ends each; json: a line each, such as " +
      '{"parts": ["topic", {"base64": "AAE="}]}; netstring: "5:hello,"; u32: 4 bytes of length, big-endian. Default lines.',
    { short: "i" },
  ),
  null: flag("The same as --input null.", { short: "0" }),
  size: value("SIZE", "Divide standard input into messages of this size, such as 100 or 64Ki.", size),
  file: list(text("FILE", "Send a file as one message. Can be repeated.", { isFile: true, short: "f" })),
  part: list(
    text("TEXT", "A part of a message of several parts. Can be repeated: all make one message.", { short: "p" }),
  ),
  delimiter: value("TEXT", "Divide each message into parts at this text, such as ':' or '\\t'.", delimiter, {
    short: "d",
  }),
  "max-parts": value(
    "N",
    "With --delimiter: at most this many parts. The last one has the rest. Default no limit.",
    count,
  ),
  rate: value("RATE", "At most so many messages a second, such as 1000/s or 60/m.", rate),
  interval: value("DURATION", "Wait this long between messages.", duration),
  "no-template": flag("Send {{...}} in MESSAGE and --part as it is."),
}

export const repeatOption = {
  repeat: value(
    "N",
    "Send MESSAGE this many times. Default 1, or without end if --rate or --interval is given.",
    count,
  ),
}

/** The values of the options. */
export interface InputValues {
  readonly input?: "lines" | "null" | "json" | "netstring" | "u32"
  readonly null?: boolean
  readonly size?: number
  readonly file?: readonly string[]
  readonly part?: readonly string[]
  readonly delimiter?: string
  readonly "max-parts"?: number
  readonly rate?: number
  readonly interval?: number
  readonly "no-template"?: boolean
  readonly repeat?: number
}

/** What the help of every verb that sends says of templates. */
export const templates =
  "In MESSAGE and --part, {{count}} is the number of the message from 1, {{time}} the time (ISO 8601), {{unix}} the time in " +
  "milliseconds, {{uuid}} a random UUID, and {{random 1Ki}} random letters and digits."
