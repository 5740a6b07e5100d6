// The bytes of an envelope: where its members are, and changes that leave all other bytes as they are.

import { Buffer } from "node:buffer"

const quoteMark = 0x22
const backslash = 0x5c

/** What {@link measure} finds. */
export interface Measure {
  /** How deep the text is nested. */
  readonly depth: number
  /**
   * How many members its outermost object has. Of two members with one name, some parsers keep the last and others the first; comparing this
   * count with the parser's shows that there are two.
   */
  readonly members: number
  /** Whether it has a number that may be beyond the range of a double: one with an exponent, or with 300 digits. */
  readonly hasLargeNumber: boolean
}

/** Looks at a JSON text before it is parsed. What it says about text that is not JSON has no meaning. */
export function measure(text: string): Measure {
  let depth = 0
  let digits = 0
  let hasLargeNumber = false
  let deepest = 0
  let commas = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at)
    if (character >= 0x30 && character <= 0x39) {
      if (++digits >= 300) hasLargeNumber = true
      continue
    }
    // An E or e.
    if (digits > 0 && (character & 0xdf) === 0x45) hasLargeNumber = true
    digits = 0
    if (character === quoteMark) {
      at = stringEndIn(text, at)
      if (at < 0) break
    } else if (character === 0x2c) {
      if (depth === 1) commas++
    } else if (character === 0x7b || character === 0x5b) {
      if (++depth > deepest) deepest = depth
    } else if (character === 0x7d || character === 0x5d) depth--
  }
  return { depth: deepest, members: commas + 1, hasLargeNumber }
}

/** Where the string that starts at a quotation mark ends: its other mark, or -1. A search of V8 is faster here than a loop over characters. */
function stringEndIn(text: string, start: number): number {
  for (let end = start; ; ) {
    end = text.indexOf('"', end + 1)
    let escapes = end
    while (text.charCodeAt(escapes - 1) === backslash) escapes--
    if (end < 0 || (end - escapes) % 2 === 0) return end
  }
}

/** A member of an envelope: its name, where the name starts, and where the value is. */
export interface Member {
  readonly name: string
  readonly start: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** The members of an envelope, which is a valid JSON object. */
export function membersOf(envelope: Buffer): Member[] {
  const members: Member[] = []
  let at = envelope.indexOf("{") + 1
  for (;;) {
    at = skipBlanks(envelope, at)
    if (envelope[at] !== quoteMark) return members
    const start = at
    const nameEnd = stringEnd(envelope, start)
    const valueStart = skipBlanks(envelope, envelope.indexOf(":", nameEnd) + 1)
    const valueEnd = skipValue(envelope, valueStart)
    const name = JSON.parse(envelope.toString("utf8", start, nameEnd)) as string
    members.push({ name, start, valueStart, valueEnd })
    at = skipBlanks(envelope, valueEnd)
    if (envelope[at] !== 0x2c) return members
    at++
  }
}

function skipBlanks(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++
  return at
}

function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === quoteMark) return at + 1
    if (bytes[at] === backslash) at++
  }
  return bytes.length
}

function skipValue(bytes: Buffer, start: number): number {
  let depth = 0
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === quoteMark) {
      at = stringEnd(bytes, at) - 1
      if (depth === 0) return at + 1
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (byte === 0x2c || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09))
      return at
  }
  return bytes.length
}

const comma = Buffer.from(",")

/** An envelope without some members, and with others at its start. The other members are the same, byte for byte. */
export function changeMembers(
  envelope: Buffer,
  remove: ReadonlySet<string>,
  add: Readonly<Record<string, unknown>>,
): Buffer {
  const pieces = Object.entries(add).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
  const parts: Buffer[] = [Buffer.from(`{${pieces.join(",")}`)]
  let first = pieces.length === 0
  for (const { name, start, valueEnd } of membersOf(envelope)) {
    if (remove.has(name)) continue
    if (!first) parts.push(comma)
    parts.push(envelope.subarray(start, valueEnd))
    first = false
  }
  parts.push(Buffer.from("}"))
  return Buffer.concat(parts)
}
