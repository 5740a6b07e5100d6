// The outputs: messages to bytes.

import { Buffer, isUtf8 } from "node:buffer"

import { UsageError } from "../command/exit.js"
import type { Incoming } from "./incoming.js"
import type { OutputValues } from "./options.js"

/** Writes messages; gives the bytes for a group of them, or several pieces of text. */
export interface Format {
  /** Whether it shows what is known of the sender, which must then be asked for. */
  readonly needsDetails: boolean
  write(messages: readonly Incoming[]): string | Buffer | Iterable<string>
}

const NEWLINE = Buffer.from("\n")

/** Joins parts with a delimiter and an end, in one copy. */
function joined(messages: readonly Incoming[], delimiter: Buffer, end: Buffer): Buffer {
  let length = 0
  for (const { parts } of messages) {
    for (const part of parts) length += part.length
    length += delimiter.length * (parts.length - 1) + end.length
  }
  const bytes = Buffer.allocUnsafe(length)
  let at = 0
  for (const { parts } of messages) {
    for (let index = 0; index < parts.length; index += 1) {
      if (index > 0) at += delimiter.copy(bytes, at)
      at += (parts[index] as Buffer).copy(bytes, at)
    }
    at += end.copy(bytes, at)
  }
  return bytes
}

/** Shows control characters as a terminal must not get them: ^[ for escape, and \xHH for those above 7F. Tabs stay. */
export const visible = (text: string) =>
  text.replace(/\p{Cc}/gu, (character) => {
    const code = character.charCodeAt(0)
    if (character === "\t") return character
    return code < 0x80 ? `^${String.fromCharCode(code ^ 0x40)}` : `\\x${code.toString(16)}`
  })

/** A part as text; on a terminal without control characters. */
const partText = (part: Buffer, isTerminal: boolean) => (isTerminal ? visible(part.toString()) : part.toString())

/** A part as JSON: text if it is valid UTF-8, otherwise {"base64"}. */
export const jsonPart = (part: Buffer) => (isUtf8(part) ? part.toString() : { base64: part.toString("base64") })

/** A message as an object for JSON. */
export function jsonMessage({ parts, details, group, peer }: Incoming, time: Date): object {
  const tagged = group !== undefined || peer !== undefined
  return {
    time: time.toISOString(),
    ...(group !== undefined && { group }),
    ...(peer !== undefined && { routingId: peer }),
    parts: parts.slice(tagged ? 1 : 0).map(jsonPart),
    ...(details?.userId != null && { sender: details.userId }),
    ...(details?.peerAddress != null && { address: details.peerAddress }),
    ...(details?.routingId != null && peer === undefined && { routingId: details.routingId }),
    ...(details?.properties !== undefined &&
      Object.keys(details.properties).length > 0 && { properties: details.properties }),
  }
}

/** How many bytes of a part are shown at a time: a multiple of 16. */
const DUMPED = 1 << 16

/** Bytes as xxd shows them, a piece at a time, because the whole can be larger than memory. */
function* hexDump(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; start += DUMPED) {
    const end = Math.min(start + DUMPED, bytes.length)
    const lines: string[] = []
    for (let at = start; at < end; at += 16) {
      const row = bytes.subarray(at, Math.min(at + 16, end))
      const hex = row.toString("hex").replace(/(.{4})(?=.)/g, "$1 ")
      // Bytes from 80, too: "latin1" makes a character of each.
      const characters = row.toString("latin1").replace(/[^ -~]/g, ".")
      lines.push(`${at.toString(16).padStart(8, "0")}: ${hex.padEnd(39)}  ${characters}\n`)
    }
    yield lines.join("")
  }
}

function* hexMessages(messages: readonly Incoming[], first: number): Generator<string> {
  for (const [message, { parts }] of messages.entries()) {
    for (const [index, part] of parts.entries()) {
      yield `# message ${first + message}, part ${index + 1}: ${part.length} bytes\n`
      yield* hexDump(part)
    }
  }
}

/** Compiles a format such as "%T %s\n". */
function compileFormat(format: string): (message: Incoming, number: number) => (string | Buffer)[] {
  const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r", "0": "\0", "\\": "\\" }
  type Field = (message: Incoming, number: number) => string | Buffer
  const fields: Record<string, Field> = {
    s: ({ parts }) => Buffer.concat(parts),
    n: ({ parts }) => String(parts.length),
    S: ({ parts }) => String(parts.reduce((sum, { length }) => sum + length, 0)),
    T: ({ time }) => String(time?.getTime() ?? Date.now()),
    t: ({ time }) => (time ?? new Date()).toISOString(),
    i: (_, number) => String(number),
    u: ({ details }) => details?.userId ?? "",
    a: ({ details }) => details?.peerAddress ?? "",
    r: ({ details, peer }) => (peer === undefined ? (details?.routingId ?? "") : String(peer)),
    g: ({ group }) => group ?? "",
    "%": () => "%",
  }
  const pieces: Field[] = []
  for (const [all, percent, hex, letter, plain] of format.matchAll(/%(.?)|\\x([0-9a-fA-F]{2})|\\(.?)|([^%\\]+)/gs)) {
    if (plain !== undefined) pieces.push(() => plain)
    else if (hex !== undefined) {
      const byte = Buffer.from(hex, "hex")
      pieces.push(() => byte)
    } else if (letter !== undefined) {
      const character = escapes[letter]
      if (character === undefined) throw new UsageError(`--format: unknown escape ${all}`)
      pieces.push(() => character)
    } else if (percent !== undefined && /^[1-9]$/.test(percent)) {
      pieces.push(({ parts }) => parts[Number(percent) - 1] ?? "")
    } else {
      const field = percent === undefined || !Object.hasOwn(fields, percent) ? undefined : fields[percent]
      if (field === undefined)
        throw new UsageError(`--format: unknown field ${all}. Fields: %s %1-%9 %n %S %T %t %i %u %a %r %g %%`)
      pieces.push(field)
    }
  }
  return (message, number) => pieces.map((piece) => piece(message, number))
}

const lengthBefore = (prefix: (length: number) => Buffer, end = Buffer.alloc(0)): Format["write"] => {
  return (messages) =>
    Buffer.concat(
      messages.flatMap(({ parts }) => {
        const bytes = Buffer.concat(parts)
        return [prefix(bytes.length), bytes, end]
      }),
    )
}

/** The format that the options ask for. `isTerminal` is whether a person reads it. */
export function formatOf(values: OutputValues, isTerminal: boolean): Format {
  const { output = "text", format } = values
  if (format !== undefined) {
    if (values.output !== undefined) throw new UsageError("--output and --format exclude each other")
    const compiled = compileFormat(format)
    let number = 0
    const toBytes = (piece: string | Buffer) => (typeof piece === "string" ? Buffer.from(piece) : piece)
    return {
      needsDetails: /%[uar]/.test(format),
      write: (messages) =>
        Buffer.concat(
          messages.flatMap((message) => {
            number += 1
            return compiled(message, number).map(toBytes)
          }),
        ),
    }
  }
  const delimiter = values["output-delimiter"] ?? "\t"
  let number = 0
  const writers: Record<NonNullable<OutputValues["output"]>, Format["write"]> = {
    text: isTerminal
      ? (messages) =>
          messages.map(({ parts }) => `${parts.map((part) => partText(part, true)).join(delimiter)}\n`).join("")
      : (messages) => joined(messages, Buffer.from(delimiter), NEWLINE),
    json: (messages) => {
      const time = new Date()
      return messages.map((message) => `${JSON.stringify(jsonMessage(message, message.time ?? time))}\n`).join("")
    },
    hex: (messages) => {
      const first = number + 1
      number += messages.length
      return hexMessages(messages, first)
    },
    raw: (messages) => Buffer.concat(messages.flatMap(({ parts }) => parts)),
    netstring: lengthBefore((length) => Buffer.from(`${length}:`), Buffer.from(",")),
    u32: lengthBefore((length) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32BE(length)
      return bytes
    }),
    none: () => "",
  }
  return { needsDetails: output === "json", write: writers[output] }
}
