// `ohmq tasks cancel`, `retry`, `discard`, `pause`, `resume`, `drain`, `limit` and `unschedule`.

import process from "node:process"
import { duration } from "../../config/index.js"
import type { SettingsChange, TaskClient } from "../../tasks/index.js"
import { plural } from "../terminal.js"
import { isJson, parseUsage, UsageError } from "../usage.js"
import { connectFlags, connectOptions, integerOf, withClient } from "./connecting.js"
import { requiredSelection, selectOptions } from "./selecting.js"

const names = [...connectOptions, ...selectOptions, "reason", "output"] as const
const say = (text: string) => process.stdout.write(`${text}\n`)

function selected(args: readonly string[]) {
  const { positionals, values } = parseUsage(args, Number.POSITIVE_INFINITY, names, [...connectFlags, "all"])
  return { values, selection: requiredSelection(positionals, values, values.all), asJson: isJson(values.output) }
}

export async function cancel(args: readonly string[]): Promise<number> {
  const { values, selection, asJson } = selected(args)
  return withClient(values, async (client) => {
    const ended = await client.cancel(selection, values.reason)
    if (asJson) say(JSON.stringify(ended))
    else {
      const late = ended.finished + ended.failed
      say(`${plural(ended.cancelled, "task")} cancelled${late > 0 ? `, ${late} had ended before` : ""}`)
    }
    return 0
  })
}

/** A command that changes tasks and says how many. */
function counting(
  past: string,
  change: (client: TaskClient, selection: ReturnType<typeof selected>["selection"]) => Promise<number>,
) {
  return async (args: readonly string[]): Promise<number> => {
    const { values, selection, asJson } = selected(args)
    return withClient(values, async (client) => {
      const count = await change(client, selection)
      say(asJson ? JSON.stringify({ count }) : `${plural(count, "task")} ${past}`)
      return 0
    })
  }
}

export const retry = counting("tried again", (client, selection) => client.retry(selection))
export const discard = counting("discarded", (client, selection) => client.discard(selection))

/** The named queue of the arguments. */
function named(args: readonly string[], options: readonly ("rate" | "concurrency" | "per-key")[] = []) {
  const { positionals, values } = parseUsage(args, 1, [...connectOptions, ...options], connectFlags)
  return { name: positionals[0] ?? "default", values }
}

function configuring(past: string, settings: SettingsChange) {
  return async (args: readonly string[]): Promise<number> => {
    const { name, values } = named(args)
    return withClient(values, async (client) => {
      await client.configure(name, settings)
      say(`${name} ${past}`)
      return 0
    })
  }
}

export const pause = configuring("is paused", { paused: true })
export const drain = configuring("takes no more tasks", { draining: true })
export const resume = configuring("is resumed", { paused: false, draining: false })

function rateOf(text: string): SettingsChange["rate"] {
  if (text === "none") return null
  const [, count, per = ""] = /^(\d{1,7})\/(.+)$/.exec(text) ?? []
  const period = duration().safeParse(/^\d/.test(per) ? per : `1${per}`)
  if (count === undefined || !period.success)
    throw new UsageError(`--rate: Expected a rate such as 10/s, 100/5m or none but received "${text}"`)
  return { count: Number(count), per: period.data }
}

export async function limit(args: readonly string[]): Promise<number> {
  const { name, values } = named(args, ["rate", "concurrency", "per-key"])
  const { rate, concurrency } = values
  const perKey = integerOf(values, "per-key")
  const settings: SettingsChange = {
    ...(rate !== undefined && { rate: rateOf(rate) ?? null }),
    ...(concurrency !== undefined && {
      concurrency: concurrency === "none" ? null : (integerOf(values, "concurrency") as number),
    }),
    ...(perKey !== undefined && { perKey }),
  }
  if (Object.keys(settings).length === 0) throw new UsageError("Expected --rate, --concurrency or --per-key")
  return withClient(values, async (client) => {
    await client.configure(name, settings)
    say(`${name} has the new limits`)
    return 0
  })
}

export async function unschedule(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, connectOptions, connectFlags)
  const [id] = positionals
  if (id === undefined) throw new UsageError("Expected the ID of a schedule")
  return withClient(values, async (client) => {
    await client.unschedule(id)
    say(`${id} is not scheduled any more`)
    return 0
  })
}
