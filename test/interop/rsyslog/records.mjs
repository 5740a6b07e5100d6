// Lines of RFC 5424 for the tests, and how they get into rsyslogd and out of it.

import { readFileSync } from "node:fs"
import { connect } from "node:net"

import { eventually } from "./daemon.mjs"

/**
 * Numbered lines, with structured data, and text that is not ASCII.
 *
 * @returns {string[]}
 */
export const records = (count, app = "ohmq") =>
  Array.from(
    { length: count },
    (_, index) =>
      `<165>1 2026-01-02T03:04:05.678Z host.example ${app} 7 ID${index} [a@32473 b="ü"] \ufeffGrüße, 日本 🦊 ${index}`,
  )

/** Writes lines to a socket of imptcp, once that is there. */
export const writeLines = (socket, lines) =>
  eventually(
    () =>
      new Promise((resolve, reject) => {
        const stream = connect(socket, () => stream.end(lines.map((line) => `${line}\n`).join("")))
        stream.on("error", reject).on("close", resolve).resume()
      }),
  )

/**
 * Resolves to the lines of a file when there are as many of them.
 *
 * @returns {Promise<string[]>}
 */
export const linesOf = (file, count) =>
  eventually(() => {
    const lines = readFileSync(file, "utf8").split("\n").slice(0, -1)
    if (lines.length < count) throw new Error(`${file} has ${lines.length} of ${count} lines`)
    return lines
  })
