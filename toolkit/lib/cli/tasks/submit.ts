// `ohmq tasks submit`.

import { randomBytes } from "node:crypto"
import { createReadStream } from "node:fs"
import process from "node:process"
import { createInterface } from "node:readline"
import { SubmitError, type Submitted, type TaskClient, type TaskInit } from "../../tasks/index.js"
import { oneLine, plural } from "../terminal.js"
import { isJson, parseUsage, UsageError } from "../usage.js"
import { connectFlags, connectOptions, durationOf, integerOf, timeFrom, timerOf, withClient } from "./connecting.js"
import { outcomeOf } from "./outcome.js"
import { Counter } from "./tally.js"

const names = [
  ...connectOptions,
  "name",
  "each",
  "batch",
  "id",
  "key",
  "priority",
  "attempts",
  "backoff",
  "timeout",
  "run-at",
  "expires",
  "after",
  "every",
  "output",
] as const

/** Lines are read and submitted so many at a time: a file of any length takes little memory. */
const LINES_AT_ONCE = 2000

type Values = ReturnType<typeof parseUsage<(typeof names)[number], "json" | "wait" | "insecure">>["values"]

function inputOf(text: string, asJson: boolean, where: string): unknown {
  if (!asJson) return text
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageError(`${where} is not JSON: ${text.slice(0, 60)}`)
  }
}

/** The tasks of the arguments, or of the lines of a file. */
async function* tasksOf(inputs: readonly string[], batch: string, values: Values): AsyncGenerator<TaskInit[]> {
  const asJson = values.json === true
  const { each, id } = values
  if (each === undefined) {
    yield inputs.map((text, index) => ({
      id: id ?? `${batch}-${index + 1}`,
      input: inputOf(text, asJson, "The input"),
    }))
    return
  }
  const stream = each === "-" ? process.stdin : createReadStream(each)
  // Its error would be thrown nowhere: readline does not pass it on.
  const failed = new Promise<never>((_, reject) => stream.once("error", reject))
  failed.catch(() => {})
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]()
  let tasks: TaskInit[] = []
  for (let number = 1; ; number++) {
    const { value, done } = await Promise.race([lines.next(), failed])
    if (done) break
    const text = value.trim()
    // The number of the line is in the id: with --batch, the same file again adds nothing.
    if (text !== "") tasks.push({ id: `${batch}-${number}`, input: inputOf(text, asJson, `Line ${number}`) })
    if (tasks.length < LINES_AT_ONCE) continue
    yield tasks
    tasks = []
  }
  if (tasks.length > 0) yield tasks
}

async function submitted(client: TaskClient, tasks: readonly TaskInit[], defaults: Omit<TaskInit, "id" | "input">) {
  try {
    return await client.submit(tasks, defaults)
  } catch (error) {
    if (error instanceof SubmitError) return error.submitted
    throw error
  }
}

function check(inputs: readonly string[], { each, id, every, after }: Values): void {
  if (each === undefined && inputs.length === 0) throw new UsageError("Expected an INPUT, or --each FILE")
  if (each !== undefined && inputs.length > 0) throw new UsageError("--each and INPUT exclude each other")
  if (id !== undefined && (each !== undefined || inputs.length > 1))
    throw new UsageError("--id is for a single INPUT. --batch names many")
  if (every === undefined) return
  if (id === undefined || inputs.length !== 1) throw new UsageError("--every needs --id, and one INPUT")
  if (after !== undefined) throw new UsageError("--every and --after exclude each other")
}

export async function submit(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, Number.POSITIVE_INFINITY, names, [...connectFlags, "json", "wait"])
  check(positionals, values)
  const asJson = isJson(values.output)
  const { name: queue, key, after } = values
  const common = {
    queue,
    key,
    priority: integerOf(values, "priority"),
    attempts: integerOf(values, "attempts"),
    backoff: durationOf(values, "backoff"),
    timeout: timerOf(values, "timeout"),
  }
  const every = durationOf(values, "every")
  const runAt = timeFrom(values, "run-at")
  return withClient(values, async (client) => {
    if (every !== undefined) {
      const input = inputOf(positionals[0] as string, values.json === true, "The input")
      await client.schedule({
        id: values.id as string,
        every,
        first: runAt,
        task: { ...common, input, batch: values.batch },
      })
      process.stdout.write(asJson ? `${JSON.stringify({ schedule: values.id })}\n` : `scheduled as ${values.id}\n`)
      return 0
    }
    const batch = values.batch ?? `b${randomBytes(6).toString("hex")}`
    const defaults = { ...common, batch, runAt, expires: timeFrom(values, "expires"), after: after?.split(",") }
    const counts = new Counter()
    for await (const tasks of tasksOf(positionals, batch, values)) {
      for (const one of await submitted(client, tasks, defaults)) {
        counts.add(one.status)
        say(one, asJson)
      }
    }
    if (!asJson)
      process.stdout.write(`${plural(counts.of("stored"), "task")} submitted, batch ${batch}${also(counts)}\n`)
    if (counts.of("refused") > 0) return 1
    return values.wait ? outcomeOf(await client.wait({ batch })) : 0
  })
}

function say(one: Submitted, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify(one)}\n`)
  else if (one.status === "refused") process.stderr.write(`${oneLine(`refused ${one.id}: ${one.reason}`)}\n`)
}

function also(counts: Counter): string {
  const [known, refused] = [counts.of("duplicate"), counts.of("refused")]
  return `${known > 0 ? `, ${known} known already` : ""}${refused > 0 ? `, ${refused} refused` : ""}`
}
