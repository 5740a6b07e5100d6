// `ohmq tasks list`, `show`, `results` and `status`.

import process from "node:process"
import { type Event, fromSarif, toSarif } from "../../events/index.js"
import type { TaskResult, TaskView } from "../../tasks/index.js"
import { figure, oneLine } from "../terminal.js"
import { isJson, parseUsage, UsageError } from "../usage.js"
import { connectFlags, connectOptions, withClient } from "./connecting.js"
import { selectHelp, selectionOf, selectOptions } from "./selecting.js"

export { selectHelp }

const names = [...connectOptions, ...selectOptions, "output"] as const
const say = (text: string) => process.stdout.write(`${text}\n`)

const time = (at: number | undefined): string => (at === undefined ? "" : new Date(at).toISOString())

function listLine({ id, state, queue, attempt, attempts, worker, reason }: TaskView): string {
  // What has failed before its last attempt was refused for something that another attempt does not change.
  const isFinal = state === "failed" && attempt < attempts
  const parts = [
    id,
    state,
    queue,
    `${attempt}/${attempts}${isFinal ? " final" : ""}`,
    worker ?? "-",
    reason ? oneLine(reason) : "",
  ]
  return parts.join("  ").trimEnd()
}

export async function list(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, Number.POSITIVE_INFINITY, names, connectFlags)
  const asJson = isJson(values.output)
  const selection = selectionOf(positionals, values)
  return withClient(values, async (client) => {
    for await (const task of client.list(selection)) say(asJson ? JSON.stringify(task) : listLine(task))
    return 0
  })
}

/** What the result of a command has. */
interface CommandLike {
  exitCode?: number | null
  output?: string
  sarif?: unknown
}

const commandOf = ({ result }: TaskResult): CommandLike =>
  typeof result === "object" && result !== null ? (result as CommandLike) : {}

/** A line a task, in the order that people read. */
function resultLine(task: TaskResult): object {
  const { exitCode, output, ...rest } = commandOf(task)
  const { id, input, state, attempt, worker, reason, result } = task
  const isCommand = exitCode !== undefined
  return {
    id,
    input,
    state,
    attempts: attempt,
    worker: worker ?? null,
    exitCode: exitCode ?? null,
    output: output ?? null,
    ...(reason !== undefined && { reason }),
    ...(isCommand ? rest : result !== undefined && { result }),
  }
}

function resultText(task: TaskResult): string {
  const { exitCode, output, sarif } = commandOf(task)
  const head = `${task.id}  ${task.state}  attempts ${task.attempt}${exitCode == null ? "" : `  exit code ${exitCode}`}`
  const input = `  input: ${oneLine(JSON.stringify(task.input))}`
  const body = output ?? (sarif ? "(a SARIF log)" : task.result === undefined ? "" : JSON.stringify(task.result))
  const lines =
    body.trimEnd() === ""
      ? []
      : body
          .trimEnd()
          .split("\n")
          .map((line) => `  | ${oneLine(line)}`)
  return [head, input, ...(task.reason ? [`  reason: ${oneLine(task.reason)}`] : []), ...lines].join("\n")
}

export async function results(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, Number.POSITIVE_INFINITY, names, [...connectFlags, "sarif"])
  const asJson = isJson(values.output)
  if (values.sarif && values.output !== undefined) throw new UsageError("--sarif and --output exclude each other")
  const selection = selectionOf(positionals, values)
  return withClient(values, async (client) => {
    // What several tasks have found, by what identifies an event.
    const findings = new Map<string, Event>()
    for await (const task of client.results(selection)) {
      if (!values.sarif) say(asJson ? JSON.stringify(resultLine(task)) : resultText(task))
      else for (const finding of findingsOf(task)) findings.set(`${finding.source}\n${finding.id}`, finding)
    }
    if (values.sarif) say(JSON.stringify(toSarif(findings.values()), undefined, 2))
    return 0
  })
}

function findingsOf(task: TaskResult): Event[] {
  const { sarif } = commandOf(task)
  return task.state === "finished" && sarif !== undefined ? fromSarif(sarif) : []
}

export async function show(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, [...connectOptions, "output"], connectFlags)
  const [id] = positionals
  if (id === undefined) throw new UsageError("Expected the ID of a task")
  const asJson = isJson(values.output)
  return withClient(values, async (client) => {
    const task = await client.show(id)
    if (asJson) {
      say(JSON.stringify(task))
      return 0
    }
    const { submitted, started, ended, runAt, expires, progress, result, input, ...rest } = task
    const times = { submitted, runAt, expires, started, ended }
    for (const [name, value] of Object.entries(rest)) say(`${name}: ${oneLine(String(value))}`)
    for (const [name, at] of Object.entries(times)) if (at !== undefined) say(`${name}: ${time(at)}`)
    if (progress)
      say(`progress: ${progress.done}${progress.total ? ` of ${progress.total}` : ""} ${oneLine(progress.text ?? "")}`)
    say(`input: ${oneLine(JSON.stringify(input))}`)
    if (result !== undefined) say(`result: ${oneLine(JSON.stringify(result))}`)
    return 0
  })
}

export async function status(args: readonly string[]): Promise<number> {
  const { values } = parseUsage(args, 0, [...connectOptions, "output"], connectFlags)
  const asJson = isJson(values.output)
  return withClient(values, async (client) => {
    const snapshot = await client.snapshot()
    if (asJson) {
      say(JSON.stringify(snapshot))
      return 0
    }
    for (const { name, counts, settings } of snapshot.queues) {
      const { paused, draining, rate, concurrency, perKey } = settings
      const how = [
        ...(paused ? ["paused"] : []),
        ...(draining ? ["draining"] : []),
        ...(rate ? [`at most ${rate.count} in ${rate.per} ms`] : []),
        ...(concurrency ? [`at most ${concurrency} at a time`] : []),
        ...(perKey > 1 ? [`at most ${perKey} of a key at a time`] : []),
      ]
      say(`queue ${name}${how.length > 0 ? ` (${how.join(", ")})` : ""}`)
      for (const [state, count] of Object.entries(counts)) if (count > 0) say(`  ${state}: ${figure(count)}`)
    }
    for (const { name, user, queue, credit, running } of snapshot.workers)
      say(`worker ${name}${user ? ` (${user})` : ""}: ${running} of ${credit} of ${queue}`)
    for (const { id, every, next } of snapshot.schedules) say(`schedule ${id}: every ${every} ms, next ${time(next)}`)
    return 0
  })
}
