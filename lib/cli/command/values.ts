// Values on the command line: durations, sizes, rates, counts.

import { UsageError } from "./exit.js"

const wrong = (what: string, received: string) =>
  new UsageError(`Expected ${what}, but received ${JSON.stringify(received)}`)

const milliseconds = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const
const multiples = { "": 1, k: 1000, M: 1e6, G: 1e9, Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 } as const

/** The longest delay of a timer. */
const LONGEST = 2 ** 31 - 1

/** A number and its unit. Undefined if the text is something else. */
function measure(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([a-zA-Z]*)$/.exec(text)
  const unit = match?.[2] ?? ""
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor
}

/** A duration such as 500ms, 2s, 1.5m or 1h, in milliseconds. A number without a unit is seconds. */
export function duration(text: string): number {
  const result = measure(text, { "": 1000, ...milliseconds })
  if (result === undefined) throw wrong("a duration such as 500ms, 2s, 5m or 1h", text)
  if (result > LONGEST) throw wrong("a duration of less than 25 days", text)
  return Math.round(result)
}

/** A size in bytes, such as 100, 64Ki or 1MiB. */
export function size(text: string): number {
  const result = measure(text.replace(/(?<=\d[kMGi]*)B$/, ""), multiples)
  if (result === undefined || !Number.isSafeInteger(Math.round(result)))
    throw wrong("a size such as 100, 64Ki or 1MiB", text)
  return Math.round(result)
}

/** A whole number from 1, such as 10, 5k or 10M. */
export function count(text: string): number {
  const result = measure(text, { "": 1, k: 1000, M: 1e6, G: 1e9 })
  if (result === undefined || !Number.isSafeInteger(result) || result < 1)
    throw wrong("a number such as 10, 5k or 10M", text)
  return result
}

/** A whole number from 0. */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw wrong("a whole number", text)
  return Number(text)
}

/** Messages a second: 1000, 1000/s, 60/m or 5k/s. */
export function rate(text: string): number {
  const match = /^([^/]+)(?:\/(s|m|min|h))?$/.exec(text)
  const number = match === null ? undefined : measure(match[1] as string, { "": 1, k: 1000, M: 1e6 })
  if (number === undefined || number <= 0) throw wrong("a rate such as 1000/s or 60/m", text)
  return (number * 1000) / milliseconds[(match?.[2] ?? "s") as keyof typeof milliseconds]
}

/** A delimiter, with the escapes \t \n \r \0 \\ and \xHH. */
export function delimiter(text: string): string {
  const simple: Record<string, string> = { t: "\t", n: "\n", r: "\r", "0": "\0", "\\": "\\" }
  const result = text.replace(/\\(?:x([0-9a-fA-F]{2})|(.?))/g, (all, hex?: string, letter?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
    const character = letter === undefined ? undefined : simple[letter]
    if (character === undefined) throw wrong("a delimiter with the escapes \\t \\n \\r \\0 \\\\ and \\xHH", all)
    return character
  })
  if (result === "") throw wrong("a delimiter", text)
  return result
}
