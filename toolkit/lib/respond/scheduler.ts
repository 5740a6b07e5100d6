// Runs what was decided and approved, and undoes what has expired. What is begun is in the audit log before, and how it ended after.

import type { Logger } from "pino"
import { AnySignal } from "../config/index.js"
import type { Clock } from "../relay/clock.js"
import { Complaints } from "../relay/observation/complaints.js"
import type { Order, Result, Run, Runner } from "./actions/action.js"
import type { Equipped } from "./actions/runners.js"
import type { Journal } from "./journal/journal.js"
import type { Response } from "./journal/response.js"
import type { Finished } from "./journal/steps.js"
import type { RespondMetrics } from "./metrics.js"
import { checkValues, type Surroundings } from "./parameters/parameter.js"

/** If the audit log cannot be written, it is tried again after so long. */
const recordAgainMs = 1000

/** What could not be undone is tried again after so long, then after twice that, and so on. */
const undoAgainMs = { first: 60_000, longest: 3_600_000 } as const

/** What runs by. It may change between two runs. */
export interface Equipment {
  readonly actions: ReadonlyMap<string, Equipped>
  readonly surroundings: Surroundings
}

type Ending = Pick<Finished, "outcome" | "reason" | "isPartial" | "code" | "output">

/** What is to be done, and by what. */
interface Due {
  readonly order: Order
  readonly command: readonly string[]
  readonly timeout: number
  readonly runner: Runner
}

/** Runs responses. */
export class Scheduler {
  readonly #journal: Journal
  readonly #equipment: () => Equipment
  readonly #clock: Clock
  readonly #log: Logger
  readonly #complaints: Complaints
  readonly #metrics: RespondMetrics
  /** Nothing new is begun. */
  readonly #drained = new AbortController()
  /** What runs ends, too. */
  readonly #stopped = new AbortController()
  /** What runs, by the id of the response. */
  readonly #running = new Map<string, { action: string; key: string; done: Promise<void> }>()
  #wake = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #isPaused = false

  constructor(journal: Journal, equipment: () => Equipment, clock: Clock, log: Logger, metrics: RespondMetrics) {
    this.#journal = journal
    this.#equipment = equipment
    this.#clock = clock
    this.#log = log
    this.#complaints = new Complaints(log)
    this.#metrics = metrics
  }

  /** Reports what the last process had begun and not ended, then begins. */
  async start(): Promise<void> {
    for (const response of [...this.#journal.state.open.values()]) {
      if (response.status !== "running" && response.status !== "undoing") continue
      const run = response.status === "running" ? "action" : "undo"
      await this.#finished(response, run, { outcome: "ambiguous", reason: "The responder ended while it ran" })
      // After that: while it cannot be recorded, this is called again and again.
      this.#log.error(
        { response: response.id, action: response.action, run },
        "The responder ended while this ran: nobody knows how it went",
      )
    }
    this.#loop = this.#run()
  }

  /** There may be something to do. */
  wake(): void {
    this.#wake.abort()
  }

  /** Begins nothing, and waits for what runs. Resolves to what ends that. */
  async pause(): Promise<() => void> {
    this.#isPaused = true
    await this.#idle()
    return () => {
      this.#isPaused = false
      this.wake()
    }
  }

  async #idle(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  async #run(): Promise<void> {
    const { signal } = this.#drained
    while (!signal.aborted) {
      this.#wake = new AbortController()
      let next: number
      try {
        next = await this.#pump()
      } catch (error) {
        this.#unrecorded(error as Error)
        next = this.#journal.now + recordAgainMs
      }
      using ending = new AnySignal([signal, this.#wake.signal])
      await this.#clock.wait(Math.max(0, next - this.#journal.now), ending.signal)
    }
  }

  /** Begins what is due. Resolves to when the next thing is, in milliseconds since 1970. */
  async #pump(): Promise<number> {
    let next = Number.POSITIVE_INFINITY
    for (const response of [...this.#journal.state.open.values()]) {
      if (this.#isPaused || this.#drained.signal.aborted || this.#running.has(response.id)) continue
      const { now } = this.#journal
      const { status, approval, undoAt } = response
      if (status === "queued") this.#begin(response, "action")
      else if (status === "waiting" && approval !== undefined) {
        if (approval.until <= now) await this.#expire(response)
        else next = Math.min(next, approval.until)
      } else if (status === "active" && undoAt !== undefined) {
        if (undoAt > now) next = Math.min(next, undoAt)
        else if (this.#isKept(response))
          await this.#finish(response, "undo", { outcome: "superseded", reason: "A later response keeps it" })
        else this.#begin(response, "undo")
      }
    }
    return next
  }

  async #expire({ id, approval }: Response): Promise<void> {
    await this.#journal.write(() =>
      this.#journal.state.open.get(id)?.status === "waiting"
        ? { type: "response.refused", id, by: "time limit", reason: `${approval?.people ?? 1} had to approve in time` }
        : undefined,
    )
  }

  /** Whether another response has done the same, and is undone later. */
  #isKept(response: Response): boolean {
    const { action, undoAt = 0, undoBy } = response
    const key = keyOf(response)
    return (
      undoBy === undefined &&
      [...this.#journal.state.open.values()].some(
        (other) =>
          other.id !== response.id &&
          other.action === action &&
          other.status === "active" &&
          (other.undoAt ?? 0) > undoAt &&
          keyOf(other) === key,
      )
    )
  }

  /** Runs it, unless the action is busy, or with the same parameters. */
  #begin(response: Response, run: Run): void {
    const { id, action } = response
    const key = keyOf(response)
    const others = [...this.#running.values()].filter((one) => one.action === action)
    const concurrency = this.#equipment().actions.get(action)?.action.concurrency ?? 1
    if (others.length >= concurrency || others.some((one) => one.key === key)) return
    const done = this.#perform(response, run)
      .catch((error: Error) => this.#log.error({ response: id, reason: error.message }, "A response could not be run"))
      .finally(() => {
        this.#running.delete(id)
        this.wake()
      })
    this.#running.set(id, { action, key, done })
  }

  async #perform(response: Response, run: Run): Promise<void> {
    let due: Due
    try {
      due = this.#prepare(response, run)
    } catch (error) {
      const outcome = run === "action" ? "refused" : "failed"
      return this.#finish(response, run, { outcome, reason: (error as Error).message })
    }
    const { order, command, timeout, runner } = due
    if (!(await this.#record(response, order, command))) return
    let result: Result
    try {
      result = await runner.run(order, timeout, this.#stopped.signal)
    } catch (error) {
      result = { outcome: "failed", reason: (error as Error).message }
    }
    await this.#finish(response, run, result)
  }

  /** Throws if it cannot be done any more. */
  #prepare({ id, rule, action: name, parameters }: Response, run: Run): Due {
    const { actions, surroundings } = this.#equipment()
    const equipped = actions.get(name)
    if (equipped === undefined) throw new Error(`There is no action ${name} any more`)
    const { action } = equipped
    const [body, runner] = run === "action" ? [action.body, equipped.runner] : [action.undo, equipped.undoer]
    if (body === undefined || runner === undefined) throw new Error(`The action ${name} has no undo any more`)
    // Again: a link may lead elsewhere now, and the configuration may have changed. But what was done must be taken back, even if it would
    // not be done any more.
    const checked = run === "undo" ? parameters : checkValues(action.parameters, parameters, surroundings)
    const command = body.kind.describe(body.config, checked)
    const order: Order = { id, rule, action: name, run, parameters: checked }
    return { order, command, timeout: body.timeout, runner }
  }

  /** Notes that it begins now. What cannot be recorded is not done: it stays where it is, and is tried again. */
  async #record(
    { attempts, undoAttempts }: Response,
    { id, action, run, parameters }: Order,
    command: readonly string[],
  ): Promise<boolean> {
    const attempt = 1 + (run === "action" ? attempts : undoAttempts)
    try {
      const step = await this.#journal.write(() => {
        const status = this.#journal.state.open.get(id)?.status
        const isDue = status === (run === "action" ? "queued" : "active")
        return isDue
          ? ({ type: "response.started", id, action, run, parameters, command, attempt } as const)
          : undefined
      })
      return step !== undefined
    } catch (error) {
      this.#unrecorded(error as Error)
      await this.#clock.wait(recordAgainMs, this.#drained.signal)
      return false
    }
  }

  /** Notes how it ended, until that is on disk or the responder ends. */
  async #finish(response: Response, run: Run, ending: Ending): Promise<void> {
    for (;;) {
      try {
        return await this.#finished(response, run, ending)
      } catch (error) {
        this.#unrecorded(error as Error)
        if (this.#stopped.signal.aborted) return
        await this.#clock.wait(recordAgainMs, this.#stopped.signal)
      }
    }
  }

  async #finished({ id, action }: Response, run: Run, ending: Ending): Promise<void> {
    await this.#journal.write((now) => {
      const current = this.#journal.state.open.get(id)
      return (
        current && {
          type: "response.finished" as const,
          id,
          run,
          ...ending,
          ...this.#next(current, run, ending, now),
        }
      )
    })
    this.#metrics.outcomes.inc({ action, run, outcome: ending.outcome })
  }

  /** What follows from an outcome: it is undone later, or now, or done again. */
  #next(response: Response, run: Run, { outcome, isPartial }: Ending, now: number): Pick<Finished, "undoAt" | "again"> {
    if (outcome === "superseded" || outcome === "refused") return {}
    if (run === "undo") {
      if (outcome === "done") return {}
      const { first, longest } = undoAgainMs
      // What was cut off by the end of the responder has not failed.
      const wait =
        outcome === "ambiguous"
          ? 0
          : Math.min(longest, first * 2 ** Math.min(Math.max(response.undoAttempts - 1, 0), 10))
      return { undoAt: now + wait }
    }
    const equipped = this.#equipment().actions.get(response.action)
    if (outcome === "ambiguous" && equipped?.action.isIdempotent) return { again: true }
    // What has failed has done nothing that could be undone. What was cut off may have done it.
    if (outcome === "failed" && !isPartial) return {}
    if (response.undoBy !== undefined) return { undoAt: now }
    return response.expires === undefined ? {} : { undoAt: now + response.expires }
  }

  #unrecorded({ message }: Error): void {
    this.#metrics.unrecorded.inc()
    this.#complaints.warn("unrecorded", { reason: message }, "The audit log cannot be written: no response is begun")
  }

  /** Begins nothing new, waits for what runs until the signal, then ends it. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#drained.abort()
    const abort = () => this.#stopped.abort()
    if (signal.aborted) abort()
    else signal.addEventListener("abort", abort, { once: true })
    try {
      await this.#loop
      await this.#idle()
    } finally {
      signal.removeEventListener("abort", abort)
    }
  }
}

/** Two runs with the same key would get in each other's way. */
const keyOf = ({ action, parameters }: Response): string => JSON.stringify([action, parameters])
