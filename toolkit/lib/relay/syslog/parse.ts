// Reads messages of RFC 5424 and of RFC 3164. What is neither is text, as RFC 3164, section 4.3.3, says of relays.

import {
  type Facility,
  facilities,
  levels,
  type StructuredData,
  type SyslogLevel,
  type SyslogMessage,
} from "./message.js"

const priorityPattern = /^<(\d{1,3})>/
const rfc5424 = /^1 ([!-~]+) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) /
const timestamp = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})$/
const isTime = (text: string): boolean => timestamp.test(text) && !Number.isNaN(Date.parse(text))
/** `Oct 11 22:14:15 host tag[123]: text`; many senders leave out the host or the tag, or write the time as RFC 3339 does. */
const rfc3164 =
  /^(?:(?<day>[A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2})|(?<iso>\d{4}-\d{2}-\d{2}T\S+)) (?<host>\S+) (?<rest>.*)$/s
const tagged = /^(?<app>[\w./-]{1,48})(?:\[(?<process>[^\]]{1,128})\]:?|:) ?(?<text>.*)$/s

/** 13 if a message has no priority or one that is out of range (RFC 3164, section 4.3.3): user, notice. */
const defaultPriority = 13

const given = (text: string | undefined): string | undefined => (text === "-" ? undefined : text)

/** The structured data at the start of a text, and what follows it. Undefined if it is not well-formed. */
function readStructured(text: string): { data: StructuredData | undefined; rest: string } | undefined {
  if (text.startsWith("-")) return { data: undefined, rest: text.slice(1) }
  const elements: Record<string, Record<string, string>> = Object.create(null)
  let at = 0
  while (text[at] === "[") {
    const id = /^\[([^\s="\]]{1,32})/.exec(text.slice(at, at + 40))?.[1]
    if (id === undefined) return undefined
    at += 1 + id.length
    const fields: Record<string, string> = Object.create(null)
    while (text[at] === " ") {
      const name = /^ ([^\s="\]]{1,32})="/.exec(text.slice(at, at + 40))?.[1]
      if (name === undefined) return undefined
      at += name.length + 3
      let value = ""
      for (; text[at] !== '"'; at++) {
        if (at >= text.length) return undefined
        // A backslash before another character is one.
        if (text[at] === "\\" && /["\\\]]/.test(text[at + 1] ?? "")) at++
        value += text[at]
      }
      at++
      fields[name] = value
    }
    if (text[at] !== "]") return undefined
    at++
    elements[id] = { ...elements[id], ...fields }
  }
  return at === 0 ? undefined : { data: elements, rest: text.slice(at) }
}

function read5424(rest: string): Partial<SyslogMessage> | undefined {
  const match = rfc5424.exec(rest)
  if (match === null) return undefined
  const [header, time, host, app, process, id] = match
  if (time !== "-" && !isTime(time ?? "")) return undefined
  const found = readStructured(rest.slice(header.length))
  if (found === undefined || (found.rest !== "" && !found.rest.startsWith(" "))) return undefined
  return {
    format: "rfc5424",
    time: given(time),
    host: given(host),
    app: given(app),
    process: given(process),
    id: given(id),
    data: found.data,
    // A byte order mark says that the text is UTF-8.
    text: found.rest.slice(1).replace(/^\uFEFF/, ""),
  }
}

/** RFC 3164 has no year: the one that makes the time nearest to now, and local time. */
function timeOf(day: string, now: Date): string | undefined {
  const year = now.getFullYear()
  const times = [year - 1, year, year + 1].map((one) => Date.parse(`${day} ${one}`)).filter((one) => !Number.isNaN(one))
  if (times.length === 0) return undefined
  const nearest = times.reduce((a, b) => (Math.abs(b - now.getTime()) < Math.abs(a - now.getTime()) ? b : a))
  return new Date(nearest).toISOString()
}

function read3164(rest: string, now: Date): Partial<SyslogMessage> {
  const { day, iso, host, rest: content } = rfc3164.exec(rest)?.groups ?? {}
  const time = day === undefined ? (iso !== undefined && isTime(iso) ? iso : undefined) : timeOf(day, now)
  if (content === undefined || time === undefined) return { format: "rfc3164", text: rest }
  const { app, process, text } = tagged.exec(content)?.groups ?? {}
  return { format: "rfc3164", time, host, app, process, text: text ?? content }
}

/** Reads a message, without framing. Never throws. */
export function parseMessage(text: string, now = new Date()): SyslogMessage {
  const [prefix = "", digits] = priorityPattern.exec(text) ?? []
  const found = Number(digits ?? defaultPriority)
  const isValid = digits !== undefined && found < facilities.length * 8
  const priority = isValid ? found : defaultPriority
  const rest = isValid ? text.slice(prefix.length) : text
  return {
    facility: facilities[priority >> 3] as Facility,
    level: levels[priority & 7] as SyslogLevel,
    format: "rfc3164",
    text: rest,
    ...(read5424(rest) ?? read3164(rest, now)),
  }
}
