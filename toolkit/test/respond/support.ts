// A responder in this process.

import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { readEntries } from "ohmq-toolkit/audit"
import { type AuditTrail, Responder, type Response, readRules } from "ohmq-toolkit/respond"
import { pino } from "pino"
import { onTestFinished } from "vitest"
import { env, metricIn, temporaryFolder, until } from "../relay/support.js"

export const token = "the token of the source alerts"
for (const place of [process.env, env]) place.ALERT_TOKEN = token

/** The user that programs run as: the one of the tests, or nobody if that is root. */
export const user = process.getuid?.() === 0 ? "user: { uid: 65534, gid: 65534 }, " : ""

/** A clock that goes with the machine's, and can be set forward. */
export class ForwardClock {
  #offset = 0
  #waiting = new Set<() => void>()

  now = (): number => Date.now() + this.#offset

  wait = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
    const until = this.now() + milliseconds
    while (!signal.aborted && this.now() < until) {
      const ends = new AbortController()
      const wake = () => ends.abort()
      this.#waiting.add(wake)
      await setTimeout(Math.min(until - this.now(), 2 ** 31 - 1), undefined, {
        signal: AbortSignal.any([signal, ends.signal]),
      }).catch(() => {})
      this.#waiting.delete(wake)
    }
  }

  forward(milliseconds: number): void {
    this.#offset += milliseconds
    for (const wake of this.#waiting) wake()
  }
}

/** An entry of the audit log. */
export interface Entry {
  time: string
  type: string
  id?: string
  run?: string
  outcome?: string
  reason?: string
  count?: number
  [name: string]: unknown
}

export interface Respond {
  folder: string
  responder: Responder
  clock: ForwardClock
  log: Record<string, unknown>[]
  /** Sends an alert, and resolves to the status of the answer. */
  alert(data: unknown, type?: string): Promise<number>
  /** All entries of the audit log. */
  entries(): Promise<Entry[]>
  /** Waits for entries of a type, and resolves to them. */
  recorded(type: string, count?: number): Promise<Entry[]>
  /** Waits until a response has a status. */
  reached(status: Response["status"], count?: number): Promise<Readonly<Response>[]>
  metric(name: string): Promise<number>
  stop(drainMs?: number): Promise<void>
}

/** The configuration around actions and rules. */
export const configWith = (rest: string): string => `version: 1
store: { path: ./data }
audit: { path: ./audit }
http: { listen: "127.0.0.1:0" }
sources:
  alerts: { type: webhook, preset: token, path: /alerts, secret: env:ALERT_TOKEN, eventType: alert.fired }
${rest}`

/** Starts a responder. */
export async function startResponder(
  config: string,
  options: { folder?: string; clock?: ForwardClock; openTrail?: () => Promise<AuditTrail> } = {},
): Promise<Respond> {
  const { folder = temporaryFolder(), clock = new ForwardClock(), openTrail } = options
  const file = join(folder, "rules.yaml")
  writeFileSync(file, config)
  const log: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) })
  const responder = await Responder.start(readRules(file), logger, { clock, ...(openTrail && { openTrail }) })
  let stopping: Promise<void> | undefined
  const stop = (drainMs = 5000) => {
    stopping ??= responder.stop(drainMs)
    return stopping
  }
  onTestFinished(() => stop(0))
  const entries = async () => {
    await responder.recorded()
    return entriesOf(folder)
  }
  return {
    folder,
    responder,
    clock,
    log,
    alert: async (data, type) => {
      const response = await fetch(`${responder.address}/alerts`, {
        method: "POST",
        body: JSON.stringify(data),
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...(type && { "x-type": type }),
        },
      })
      await response.arrayBuffer()
      return response.status
    },
    entries,
    recorded: async (type, count = 1) => {
      let found: Entry[] = []
      await until(async () => {
        found = (await entries()).filter((entry) => entry.type === type)
        return found.length >= count
      })
      return found
    },
    reached: async (status, count = 1) => {
      const found = () => responder.list().filter((response) => response.status === status)
      await until(() => found().length >= count)
      return found()
    },
    metric: async (name) => metricIn(await responder.metrics.metrics(), name) ?? 0,
    stop,
  }
}

/** The entries of the audit log in a folder, without those that the log itself has written. Empty before there is one. */
export function entriesOf(folder: string): Entry[] {
  const path = join(folder, "audit")
  if (!existsSync(join(path, "public/checkpoint"))) return []
  const keys = readFileSync(join(path, "key.pub"), "utf8").trim().split("\n")
  return [...readEntries(path, { keys })]
    .map(({ entry }) => JSON.parse(String(entry)) as Entry)
    .filter(({ type }) => type.startsWith("response."))
}

/** The ends of runs, in short: "action done", "undo failed". */
export const endsOf = (entries: readonly Entry[]): string[] =>
  entries.filter(({ type }) => type === "response.finished").map(({ run, outcome }) => `${run} ${outcome}`)
