// `ohmq respond pending` and `list`: what waits for approval, and what has become of responses.

import { relative } from "node:path"
import process from "node:process"
import { type Response, readPlace } from "../../respond/index.js"
import { isJson, parseUsage } from "../usage.js"
import { askResponder } from "./control-client.js"
import { defaultRules } from "./default-rules.js"

/** The terminal of whoever reads this obeys control characters, and what an event says was written by others. */
const safe = (text: string): string =>
  text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`)

const dateOf = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z")

function stateOf({ status, approval, approvals, undoAt, undoBy, undoAttempts, outcome, reason }: Response): string {
  const why = reason === undefined ? "" : `: ${reason}`
  switch (status) {
    case "waiting":
      return `waits for approval until ${dateOf(approval?.until ?? 0)} (${approvals.length} of ${approval?.people ?? 1})`
    case "active":
      return outcome === "done" && undoBy === undefined
        ? `done, expires ${dateOf(undoAt ?? 0)}`
        : `${outcome}, is undone ${dateOf(undoAt ?? 0)}${why}`
    case "ended":
      // The last run is then that of the undo.
      if (outcome === "done" && undoAttempts > 0) return undoBy === undefined ? "undone" : `undone by ${undoBy}`
      return `${outcome}${why}`
    default:
      return status
  }
}

function lineOf(response: Response): string {
  const { id, decidedAt, rule, action, parameters, event } = response
  const given = Object.entries(parameters).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  const from = event.sender === undefined ? event.source : `${event.source} (${event.sender})`
  return safe([id, dateOf(decidedAt), rule, [action, ...given].join(" "), stateOf(response), `from ${from}`].join("  "))
}

/** Where it says why alerts led to nothing. */
function elsewhere(file: string): string {
  const { audit } = readPlace(file)
  if (audit === undefined) return ""
  return ` Alerts that led to nothing are in the audit log: ohmq audit export ${relative("", audit) || "."}`
}

async function show(command: "pending" | "list", args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["output"])
  const asJson = isJson(values.output)
  const file = positionals[0] ?? defaultRules
  const responses = (await askResponder(file, { command })) as Response[]
  for (const response of responses) process.stdout.write(`${asJson ? JSON.stringify(response) : lineOf(response)}\n`)
  if (!asJson && responses.length === 0)
    process.stdout.write(command === "pending" ? "Nothing waits\n" : `There are no responses.${elsewhere(file)}\n`)
  return 0
}

export const pending = (args: readonly string[]): Promise<number> => show("pending", args)
export const list = (args: readonly string[]): Promise<number> => show("list", args)
