// `ohmq relay reconcile`: the audit of the books.

import { existsSync } from "node:fs"
import { resolve } from "node:path"
import process from "node:process"
import { auditBooks, readPlace, type SinkBooks } from "../relay/index.js"
import { reconcileGithub } from "./reconcile-github.js"
import { timeOf } from "./since.js"
import { figure, Progress, plural } from "./terminal.js"
import { defaultFile, isJson, parseUsage, warnOfMistakes } from "./usage.js"

const stamp = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, "Z")

const columns = ["received", "replayed", "delivered", "dead", "waiting"] as const

/** A table with a row for each sink. */
function table(sinks: readonly SinkBooks[]): string {
  const rows = [
    ["sink", ...columns, "since", ""],
    ...sinks.map((books) => [
      books.sink,
      ...columns.map((name) => figure(books[name])),
      stamp(books.since.time),
      books.problems.length > 0 ? "does not balance" : books.isCounted ? "balanced" : "not counted",
    ]),
  ]
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length))) ?? []
  const isFigure = (i: number) => i > 0 && i <= columns.length
  return rows
    .map((row) =>
      row
        .map((cell, i) => (isFigure(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n")
}

/** What is to be said of a sink beside its figures. */
function remarks(
  { sink, lost, unreadable, deadLetters, held, isCounted, problems }: SinkBooks,
  isConfigured: boolean,
): string[] {
  const lines = problems.map((problem) => `${problem}. Please report this with the relay's log`)
  for (const { reason, from, to, count, time } of lost)
    lines.push(`at most ${plural(count, "event")} lost, of positions ${from} to ${to} (${reason}, ${stamp(time)})`)
  if (unreadable > 0)
    lines.push(
      `${plural(unreadable, "position")} cannot be read after a repair: what was there is not among the received events`,
    )
  if (deadLetters > 0) {
    const by = held > 0 ? `, ${held} of them held back by a route` : ""
    lines.push(`${plural(deadLetters, "dead letter")} waiting${by}: ohmq relay replay ${sink}`)
  }
  if (!isCounted) lines.push("its events are not counted: delivered is what its other end has acknowledged")
  if (!isConfigured) lines.push(`it is not configured any more. To give its events up: ohmq relay forget ${sink}`)
  return lines.map((line) => `${sink}: ${line}`)
}

export async function reconcile(args: readonly string[]): Promise<number> {
  if (args[0] === "github") return reconcileGithub(args.slice(1))
  const { positionals, values } = parseUsage(args, 1, ["since", "output"])
  const asJson = isJson(values.output)
  const since = values.since === undefined ? undefined : timeOf(values.since)
  const file = positionals[0] ?? defaultFile
  const { folder, store, sinks: configured, mistakes } = readPlace(file)
  warnOfMistakes(file, mistakes)
  const path = resolve(folder, store.path)
  if (!existsSync(path)) throw new Error(`${path} does not exist: the relay has not run yet`)
  using progress = new Progress("Counting")
  const { sinks, ...positions } = auditBooks(path, since, progress.show)
  progress[Symbol.dispose]()
  // Of a list that may be short, nobody is told to give events up.
  const isConfigured = (sink: string) => mistakes !== undefined || configured.includes(sink)
  const isBalanced = sinks.every(({ problems }) => problems.length === 0)
  if (asJson) {
    const report = { balanced: isBalanced, ...positions, sinks }
    process.stdout.write(`${JSON.stringify(report)}\n`)
    return isBalanced ? 0 : 1
  }
  const lines = [table(sinks), ...sinks.flatMap((books) => remarks(books, isConfigured(books.sink)))]
  const late = Math.max(...sinks.map((books) => books.since.time))
  if (since !== undefined && late > since)
    lines.push(
      `Nothing can be proved of the time before ${stamp(late)}: older events are not kept, or were not counted.`,
    )
  lines.push(
    isBalanced ? "The books balance: received + replayed = delivered + dead + waiting." : "The books do not balance.",
  )
  process.stdout.write(`${lines.join("\n")}\n`)
  return isBalanced ? 0 : 1
}
