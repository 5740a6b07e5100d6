// Writes messages of RFC 5424.

import { Buffer } from "node:buffer"
import { facilities, levels, type StructuredData, type SyslogMessage } from "./message.js"

/** A header field: printable ASCII without spaces, of a bounded length. `-` if there is none (RFC 5424, section 6). */
function field(value: string | undefined, maxLength: number): string {
  const text = (value ?? "").replace(/[^\x21-\x7e]/g, "_").slice(0, maxLength)
  return text === "" ? "-" : text
}

/** RFC 5424, section 6.3.3: the quote, the backslash and the closing bracket are escaped. */
const escaped = (value: string): string => value.replace(/["\\\]]/g, "\\$&")

function structured(data: StructuredData | undefined): string {
  const elements = Object.entries(data ?? {}).map(
    ([id, fields]) =>
      `[${id}${Object.entries(fields)
        .map(([name, value]) => ` ${name}="${escaped(value)}"`)
        .join("")}]`,
  )
  return elements.length === 0 ? "-" : elements.join("")
}

/** A message of RFC 5424, without framing. */
export function formatMessage(message: Omit<SyslogMessage, "format">): Buffer {
  const { facility, level, time, host, app, process, id, data, text } = message
  const priority = facilities.indexOf(facility) * 8 + levels.indexOf(level)
  const header = `<${priority}>1 ${time ?? "-"} ${field(host, 255)} ${field(app, 48)} ${field(process, 128)} ${field(id, 32)}`
  return Buffer.from(`${header} ${structured(data)} ${text}`)
}

/** With its length in front (octet counting, RFC 6587, section 3.4.1, and RFC 5425, section 4.3). */
export const counted = (message: Buffer): Buffer => Buffer.concat([Buffer.from(`${message.length} `), message])
