// The format of certificate files: ZPL (RFC 4), as CZMQ reads and writes it. Values stay bytes, because some are secret.

import type { Buffer } from "node:buffer"

/** The values of a file, by the path of their name: "curve/public-key". */
export type Values = Map<string, Buffer>

const NEWLINE = 10
const SPACE = 32
const HASH = 35

export class FormatError extends Error {
  readonly code = "ERR_CERTIFICATE_FORMAT"

  /** @param line 0 for the file as a whole. */
  constructor(line: number, problem: string) {
    super(line > 0 ? `line ${line}: ${problem}` : problem)
  }
}

/** A value without its quotes, or up to a comment. */
function unquote(raw: Buffer, line: number): Buffer {
  let from = 0
  while (raw[from] === SPACE) from += 1
  const quote = raw[from]
  if (quote === 0x22 || quote === 0x27) {
    // CZMQ does not escape quotes inside, so the last one ends the value.
    const end = raw.lastIndexOf(quote)
    if (end === from) throw new FormatError(line, "a quote is not closed")
    return raw.subarray(from + 1, end)
  }
  const comment = raw.indexOf(HASH, from)
  let end = comment < 0 ? raw.length : comment
  while (end > from && (raw[end - 1] === SPACE || raw[end - 1] === 13)) end -= 1
  return raw.subarray(from, end)
}

/** Parses a file. The values share its memory. Throws FormatError, which tells nothing of the contents. */
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
    const named = equals < 0 ? unquote(text.subarray(indent), line) : text.subarray(indent, equals)
    // A secret that stands where a name should must not end up in a string or an error.
    if (named.length > 100) throw new FormatError(line, "a name is too long")
    if (!named.every((byte) => byte > SPACE - 1 && byte < 127)) throw new FormatError(line, "a name has odd characters")
    const name = named.toString("latin1").trim()
    if (!/^[A-Za-z0-9._/$@&+-]+$/.test(name)) throw new FormatError(line, "there is no name")
    const depth = indent / 4
    if (!Number.isInteger(depth) || depth > path.length)
      throw new FormatError(line, "indentation must be by four spaces")
    path.length = depth
    path.push(name)
    if (equals < 0) continue
    const key = path.join("/")
    if (values.has(key)) throw new FormatError(line, "a name comes twice")
    values.set(key, unquote(text.subarray(equals + 1), line))
  }
  return values
}

/** A line with a value in quotes. Throws if it cannot be written, since the format has no escapes. */
export function zplLine(name: string, value: string): string {
  if (!/^[A-Za-z0-9._/$@&+-]{1,100}$/.test(name)) {
    throw new TypeError(`Metadata name ${JSON.stringify(name)} may have letters, digits and -._/$@&+ only`)
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (/[\x00-\x1f\x7f]/.test(value) || (value.includes('"') && value.includes("'"))) {
    throw new TypeError(
      `Metadata ${JSON.stringify(name)} must have no control characters, and not both kinds of quotes`,
    )
  }
  const quote = value.includes('"') ? "'" : '"'
  return `    ${name} = ${quote}${value}${quote}\n`
}
