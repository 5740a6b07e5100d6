// A worker: takes tasks of a named queue, and runs a handler for each.

import { randomBytes } from "node:crypto"
import { EventEmitter } from "node:events"
import { hostname } from "node:os"
import process from "node:process"
import { Connection } from "../client/connection.js"
import { type ConnectOptions, connectNames, readTarget } from "../client/target.js"
import type { AnswerKind, LeaseBody } from "../protocol.js"
import { checkMembers, checkName, checkQueueName, TaskError } from "../queue/index.js"
import { checkOption } from "../server/options.js"
import type { Report } from "../server/reports.js"
import { Heartbeats } from "./heartbeats.js"
import { AbortReason, Job } from "./job.js"
import { Reporter } from "./reporter.js"
import { TaskFailure } from "./task-failure.js"

/** Works on a task. What it returns is the result: any JSON value. If it throws, the attempt has failed. */
export type Handler<Input = unknown> = (job: Job<Input>) => unknown

/** Options of {@link Worker}. */
export interface WorkerOptions<Input = unknown> extends ConnectOptions {
  /** The named queue. "default" by default. */
  queue?: string | undefined
  /** How many tasks it works on at a time. 1 by default. */
  concurrency?: number | undefined
  /** Does a task. What it returns is the result, which has to be JSON. If it throws, the attempt has failed. */
  handler: Handler<Input>
  /** Its name, as the queue shows it. By default the host's name and the number of the process. */
  name?: string | undefined
}

/** The events of a worker, and their arguments. */
export interface WorkerEvents {
  /** The queue gives it tasks: once for each time that the connection is there. */
  connected: []
  /** The connection is lost, and why. It connects again by itself. */
  disconnected: [reason: string]
  /** The handler was called. */
  started: [job: Job]
  /** The handler has returned a result, and the queue has it on disk. */
  finished: [job: Job]
  /** An attempt has failed, or its result was not wanted any more. */
  failed: [job: Job, error: Error]
}

const names = [...connectNames, "queue", "concurrency", "handler", "name"]

/** What a name can be, of any host. */
const defaultName = (): string =>
  `${hostname()
    .replace(/[^\w.-]/g, "-")
    .slice(0, 100)}-${process.pid}`

/**
 * A worker. It connects at once, and works until it is closed.
 *
 * ```typescript
 * const worker = new Worker({
 *   connect: "tcp://127.0.0.1:5580",
 *   queue: "scan",
 *   concurrency: 4,
 *   handler: async ({ input, signal }) => scan(input, { signal }),
 * })
 * ```
 */
export class Worker<Input = unknown> extends EventEmitter<WorkerEvents> {
  readonly #handler: Handler<Input>
  readonly #queue: string
  readonly #concurrency: number
  readonly #connection: Connection
  readonly #heartbeats: Heartbeats
  readonly #reporter: Reporter
  /** The same for all its connections. */
  readonly #instance = randomBytes(12).toString("base64url")
  readonly name: string
  /** What the handler works on, and what is not acknowledged. */
  readonly #jobs = new Map<number, Job<Input>>()
  /** Counts greetings: leases that were sent before the last one are not this worker's any more. */
  #session = 0
  /** Whether heartbeats can be sent: without them, it would lose its leases. */
  #isReady = false
  #isDraining = false
  /** Whether it was said that the queue has accepted it. It greets several times on a connection. */
  #isConnected = false
  #idle: (() => void) | undefined
  #closing: Promise<void> | undefined

  /** @throws TaskError `INVALID` */
  constructor(options: WorkerOptions<Input>) {
    super()
    checkMembers("the worker", options, names)
    const { handler, queue = "default", concurrency = 1, name = defaultName() } = options
    if (typeof handler !== "function")
      throw new TaskError("INVALID", `Expected handler to be a function but received ${typeof handler}`)
    this.#handler = handler
    this.#queue = checkQueueName(queue)
    this.#concurrency = checkOption("concurrency", concurrency, 1)
    this.name = checkName("name", name)
    const target = readTarget(options)
    this.#heartbeats = new Heartbeats(target, this.#instance, {
      lost: (leases, reason) => this.#lose(leases, reason),
      ready: () => this.#begin(),
    })
    this.#connection = new Connection(target, {
      greet: () => this.#greet(),
      greeted: (answer) => this.#greeted(answer),
      received: (kind, body) => this.#receive(kind, body),
      disconnected: (reason) => {
        this.#isConnected = false
        this.emit("disconnected", reason)
      },
    })
    this.#reporter = new Reporter(this.#connection, this.#instance)
  }

  /** How many tasks it works on. */
  get running(): number {
    return this.#jobs.size
  }

  #begin(): void {
    this.#isReady = true
    this.#connection.greetAgain()
  }

  /** Says what it is and has. Leases of an earlier greeting that are still on their way are given back. */
  #greet() {
    this.#session++
    const body = {
      instance: this.#instance,
      session: this.#session,
      name: this.name,
      queue: this.#queue,
      credit: this.#isReady && !this.#isDraining ? this.#concurrency : 0,
      leases: [...this.#jobs.keys()],
    }
    return { kind: "work" as const, body }
  }

  #greeted({ lost, lease }: Record<string, unknown>): void {
    this.#heartbeats.setTime(lease as number)
    this.#lose(lost as number[], "The queue has given the task to another worker while this one was away")
    // Before there are heartbeats, it gets no tasks.
    if (this.#isConnected || !this.#isReady) return
    this.#isConnected = true
    this.emit("connected")
  }

  #receive(kind: AnswerKind, body: Record<string, unknown>): void {
    if (kind === "lease") {
      const { session, leases } = body as { session: number; leases: LeaseBody[] }
      // Those of a lost connection are not this worker's any more.
      if (session !== this.#session) return
      const jobs = leases.map((lease) => new Job<Input>(lease, (report) => void this.#reporter.report(report)))
      for (const job of jobs) this.#jobs.set(job.lease, job)
      this.#heartbeats.add(
        jobs.map(({ lease }) => lease),
        () => {
          for (const job of jobs) void this.#work(job)
        },
      )
    } else if (kind === "stop") {
      const { lease, reason } = body as { lease: number; reason: string }
      this.#jobs.get(lease)?.abort(new AbortReason("stop", reason))
    } else if (kind === "again") this.#connection.greetAgain()
  }

  #lose(leases: readonly number[], reason: string): void {
    for (const lease of leases) this.#jobs.get(lease)?.abort(new AbortReason("lost", reason))
  }

  async #work(job: Job<Input>): Promise<void> {
    this.emit("started", job as Job)
    const { timeout } = job
    const timer =
      timeout > 0
        ? setTimeout(
            () => job.abort(new AbortReason("timeout", `It took longer than ${timeout} ms`)),
            Math.min(timeout, 0x7fff_ffff),
          )
        : undefined
    let report: Report
    let error: Error | undefined
    try {
      // Also what throws at once.
      const result = await (async () => {
        // It may have been aborted before it began.
        if (job.abortReason) throw job.abortReason
        return this.#handler(job)
      })()
      report = { do: "finish", id: job.id, lease: job.lease, result }
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown))
      report = this.#failure(job, error)
    }
    clearTimeout(timer)
    await this.#settle(job, report, error)
  }

  #failure(job: Job<Input>, error: Error): Report {
    const { id, lease } = job
    const { cause, message } = (job.abortReason ?? {}) as Partial<AbortReason>
    if (cause === "drain") return { do: "release", id, lease }
    const reason = cause === "timeout" && message !== undefined ? message : error.message || error.name
    const { retry = true, delay, result } = error instanceof TaskFailure ? error : {}
    return { do: "fail", id, lease, reason, retry, delay, result }
  }

  async #settle(job: Job<Input>, report: Report, error: Error | undefined): Promise<void> {
    let verdict = await this.#tell(report)
    if (verdict?.code === "INVALID") {
      // The result is not JSON, or too large. To say so is all that is left.
      error = verdict
      const { id, lease } = job
      verdict = await this.#tell({ do: "fail", id, lease, reason: verdict.message, retry: false })
    }
    this.#jobs.delete(job.lease)
    this.#heartbeats.remove(job.lease)
    const problem = verdict ?? error
    if (problem) this.emit("failed", job as Job, problem)
    else this.emit("finished", job as Job)
    if (this.#jobs.size === 0) this.#idle?.()
  }

  async #tell(report: Report): Promise<TaskError | undefined> {
    if (report.do === "finish" && typeof report.result === "object") {
      try {
        JSON.stringify(report.result)
      } catch (error) {
        return new TaskError("INVALID", `The result is not a JSON value: ${(error as Error).message}`)
      }
    }
    return this.#reporter.report(report)
  }

  /**
   * Takes no more tasks, waits for those that it works on, and closes.
   *
   * @param drain How long to wait, in milliseconds. After that, handlers are aborted, and their tasks given back: that counts for no attempt.
   *   By default it waits as long as it takes.
   */
  close(drain = Number.POSITIVE_INFINITY): Promise<void> {
    this.#closing ??= this.#close(drain)
    return this.#closing
  }

  async #close(drain: number): Promise<void> {
    this.#isDraining = true
    this.#connection.greetAgain()
    if (this.#jobs.size > 0) {
      const idle = new Promise<void>((resolve) => {
        this.#idle = resolve
      })
      const timer =
        drain === Number.POSITIVE_INFINITY
          ? undefined
          : setTimeout(() => this.#abortAll(), Math.min(drain, 0x7fff_ffff))
      await idle
      clearTimeout(timer)
    }
    // If the queue cannot be reached, it learns it when the leases expire.
    if (this.#connection.isUp) await this.#connection.request("bye", {}, BYE_MS).catch(() => {})
    this.#connection.close()
    await this.#heartbeats.close()
  }

  #abortAll(): void {
    for (const job of this.#jobs.values()) job.abort(new AbortReason("drain", "The worker ends"))
    // What cannot be told, because the queue is away, it learns when the leases expire.
    setTimeout(() => this.#idle?.(), this.#connection.isUp ? ABORT_MS : 0)
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** How long the queue may take to answer at the end. */
const BYE_MS = 2000
/** How long handlers may take to end once they are aborted. A command is killed 5 s after it was told to end. */
const ABORT_MS = 8000
