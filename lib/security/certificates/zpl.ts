// ZPL (RFC 4), the format of certificate files, as CZMQ reads and writes it. Values stay bytes, because some are secret.

import type { Buffer } from "node:buffer"

/** The values of a file by path, such as "curve/public-key". */
export type Values = Map<string, Buffer>

const NEWLINE = 10
const SPACE = 32
const HASH = 35

export class FormatError extends Error {
  readonly code = "ERR_CERTIFICATE_FORMAT"

  /** @param line 0 for the whole file. */
  constructor(line: number, problem: string) {
    super(line > 0 ? `line ${line}: ${problem}` : problem)
  }
}

/** A value without its quotes or its comment. */
function unquote(raw: Buffer, line: number): Buffer {
  let from = 0
  while (raw[from] === SPACE) from += 1
  const quote = raw[from]
  if (quote === 0x22 || quote === 0x27) {
    // CZMQ does not escape quotes inside a value, so the last one ends it.
    const end = raw.lastIndexOf(quote)
    if (end === from) throw new FormatError(line, "the closing quote is missing")
    return raw.subarray(from + 1, end)
  }
  const comment = raw.indexOf(HASH, from)
  let end = comment < 0 ? raw.length : comment
  while (end > from && (raw[end - 1] === SPACE || raw[end - 1] === 13)) end -= 1
  return raw.subarray(from, end)
}

/** Parses a file. The values share its memory. Throws a FormatError, which never quotes the contents. */
export function parseZpl(file: Buffer): Values {
  const values: Values = new Map()
  const path: string[] = []
  let line = 0
  for (let from = 0; from < file.length; ) {
    line += 1
    const newline = file.indexOf(NEWLINE, from)
    const end = newline < 0 ? file.length : newline
    const text = file.subarray(from, end)
    from = end + 1
    let indent = 0
    while (text[indent] === SPACE) indent += 1
    if (indent === text.length || text[indent] === HASH || text[indent] === 13) continue
    const equals = text.indexOf("=", indent)
    const label = equals < 0 ? unquote(text.subarray(indent), line) : text.subarray(indent, equals)
    // A secret in place of a name must not become a string or part of an error.
    if (label.length > 100) throw new FormatError(line, "a name is longer than 100 characters")
    if (!label.every((byte) => byte > SPACE - 1 && byte < 127))
      throw new FormatError(line, "a name has invalid characters")
    const name = label.toString("latin1").trim()
    if (!/^[A-Za-z0-9._/$@&+-]+$/.test(name)) throw new FormatError(line, "the name is missing or invalid")
    const depth = indent / 4
    if (!Number.isInteger(depth) || depth > path.length)
      throw new FormatError(line, "the indentation must be a multiple of 4 spaces, one level deeper at most")
    path.length = depth
    path.push(name)
    if (equals < 0) continue
    const key = path.join("/")
    if (values.has(key)) throw new FormatError(line, "a name appears twice")
    values.set(key, unquote(text.subarray(equals + 1), line))
  }
  return values
}

/** A line with a quoted value. Throws a TypeError if the format, which has no escapes, cannot express it. */
export function zplLine(name: string, value: string): string {
  if (!/^[A-Za-z0-9._/$@&+-]{1,100}$/.test(name)) {
    throw new TypeError(
      `Invalid metadata name ${JSON.stringify(name)}. It may have up to 100 letters, digits and -._/$@&+`,
    )
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the values must not contain them
  if (/[\x00-\x1f\x7f]/.test(value) || (value.includes('"') && value.includes("'"))) {
    throw new TypeError(
      `The value of metadata ${JSON.stringify(name)} cannot contain control characters, or both " and '`,
    )
  }
  const quote = value.includes('"') ? "'" : '"'
  return `    ${name} = ${quote}${value}${quote}\n`
}
