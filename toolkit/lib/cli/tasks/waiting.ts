// `ohmq tasks wait` and `ohmq tasks watch`.

import process from "node:process"
import type { Counts, TaskClient, TaskSelection } from "../../tasks/index.js"
import { figure } from "../terminal.js"
import { isJson, parseUsage } from "../usage.js"
import { connectFlags, connectOptions, timerOf, withClient } from "./connecting.js"
import { outcomeOf } from "./outcome.js"
import { selectionOf } from "./selecting.js"

/** The exit code of the `ohmq` command if time is up. */
const TIMED_OUT = 3
const WATCH_MS = 500

const names = [...connectOptions, "name", "batch", "timeout", "output"] as const

/** "3 finished, 1 failed", without what is 0. */
function countsText(counts: Counts): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0)
  return parts.length === 0 ? "no tasks" : parts.map(([state, count]) => `${figure(count)} ${state}`).join(", ")
}

function ended({ finished, failed, expired, cancelled }: Counts): number {
  return finished + failed + expired + cancelled
}

/** "[#####.....] 5 of 10: 4 finished, 1 failed, 5 ready". */
function progressText(counts: Counts): string {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const done = ended(counts)
  const width = 20
  const filled = total === 0 ? 0 : Math.floor((width * done) / total)
  return `[${"#".repeat(filled)}${".".repeat(width - filled)}] ${figure(done)} of ${figure(total)}: ${countsText(counts)}`
}

/** Shows how far tasks are until it is told to stop. */
async function show(client: TaskClient, selection: TaskSelection, asJson: boolean, signal: AbortSignal): Promise<void> {
  let last = ""
  const print = async () => {
    const counts = await client.counts(selection)
    const text = asJson ? JSON.stringify(counts) : progressText(counts)
    if (text === last) return
    last = text
    if (process.stdout.isTTY && !asJson) process.stdout.write(`\r\u001b[K${text}`)
    else process.stdout.write(`${text}\n`)
  }
  while (!signal.aborted) {
    await print()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, WATCH_MS)
      signal.addEventListener("abort", () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  await print()
  if (process.stdout.isTTY && !asJson) process.stdout.write("\n")
}

async function run(args: readonly string[], watches: boolean): Promise<number> {
  const { positionals, values } = parseUsage(args, watches ? 0 : Number.POSITIVE_INFINITY, names, connectFlags)
  const asJson = isJson(values.output)
  const selection = selectionOf(positionals, values)
  const timeout = timerOf(values, "timeout")
  return withClient(values, async (client) => {
    const done = new AbortController()
    // Also says that the queue cannot be reached, or has no such batch.
    if (!selection.ids) await client.counts(selection)
    const shown = watches ? show(client, selection, asJson, done.signal) : undefined
    const signal = timeout === undefined ? undefined : AbortSignal.timeout(timeout)
    try {
      const outcome = await client.wait(selection, signal && { signal })
      done.abort()
      await shown
      if (!watches) print(outcome, asJson)
      return outcomeOf(outcome)
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) throw error
      process.stderr.write(`error: The tasks have not ended within ${values.timeout}\n`)
      return TIMED_OUT
    } finally {
      done.abort()
    }
  })
}

function print(outcome: Awaited<ReturnType<TaskClient["wait"]>>, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify(outcome.counts ?? outcome.states)}\n`)
  else if (outcome.counts) process.stdout.write(`${countsText(outcome.counts)}\n`)
  else process.stdout.write(`${outcome.states?.join("\n")}\n`)
}

export const wait = (args: readonly string[]): Promise<number> => run(args, false)
export const watch = (args: readonly string[]): Promise<number> => run(args, true)
