// What a command says beside its data: on standard error, in colour only on a terminal.

import process from "node:process"

let isQuiet = false

/** Whether `say` is silent from now on. */
export function setQuiet(quiet: boolean): void {
  isQuiet = quiet
}

let hasProgress = false

/** Shows a line that the next one replaces, on a terminal only; "" removes it. */
export function progress(text: string): void {
  if (isQuiet || process.stderr.isTTY !== true || (text === "" && !hasProgress)) return
  process.stderr.write(`\r\u001b[K${text}`)
  hasProgress = text !== ""
}

/** Says something that is not data, unless --quiet is given. */
export function say(text: string): void {
  progress("")
  if (!isQuiet) process.stderr.write(`${text}\n`)
}

/** Says something if it still holds after this many milliseconds: until it is disposed. */
export function sayLater(text: () => string, delay = 1000): Disposable {
  const timer = setTimeout(() => say(text()), delay)
  return { [Symbol.dispose]: () => clearTimeout(timer) }
}

/** Says something that the user must see. */
export function warn(text: string): void {
  progress("")
  process.stderr.write(`${paint("yellow", "warning:", process.stderr)} ${text}\n`)
}

const codes = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const

/** Colours a text if the stream is a terminal and NO_COLOR (https://no-color.org) is not set. */
export function paint(style: keyof typeof codes, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  const { NO_COLOR, TERM } = process.env
  if (stream.isTTY !== true || (NO_COLOR !== undefined && NO_COLOR !== "") || TERM === "dumb") return text
  const [on, off] = codes[style]
  return `\u001b[${on}m${text}\u001b[${off}m`
}
