// What commands show to people: progress, numbers and sizes.

import process from "node:process"

const everyMs = 100

/** How far long work is: a line on standard error that is written over. Nothing, unless that is a terminal. */
export class Progress {
  readonly #what: string
  readonly #amount: (total: number) => string
  #shownAt = 0

  constructor(what: string, amount: (total: number) => string = sizeText) {
    this.#what = what
    this.#amount = amount
  }

  /** Shows how much is done. */
  readonly show = (done: number, total: number): void => {
    const now = Date.now()
    if (!process.stderr.isTTY || now - this.#shownAt < everyMs) return
    this.#shownAt = now
    const percent = total === 0 ? 100 : Math.floor((100 * done) / total)
    process.stderr.write(`\r\u001b[K${this.#what}: ${percent} % of ${this.#amount(total)}`)
  };

  /** Removes the line. */
  [Symbol.dispose](): void {
    if (this.#shownAt > 0) process.stderr.write("\r\u001b[K")
  }
}

/** "1,234,567". */
export const figure = (number: number): string => number.toString().replace(/\B(?=(\d{3})+$)/g, ",")

/** "1 event", "2,000 events". */
export const plural = (number: number, noun: string): string => `${figure(number)} ${noun}${number === 1 ? "" : "s"}`

const units = ["B", "KiB", "MiB", "GiB", "TiB"] as const

/** A size such as "1.2 MiB", in the units of a configuration. */
export function sizeText(bytes: number): string {
  let value = bytes
  let unit = 0
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 2 : 1)} ${units[unit]}`
}

/** Text of others as one line, which cannot move the cursor. */
export const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, " ")
