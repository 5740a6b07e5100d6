// A task while a handler works on it.

import type { LeaseBody } from "../protocol.js"
import { TaskError, type TaskProgress } from "../queue/index.js"
import type { Report } from "../server/reports.js"

/** What a handler gets: a task, and how to say what becomes of it. */
export class Job<Input = unknown> {
  /** The id of the task. */
  readonly id: string
  /** What was submitted. */
  readonly input: Input
  /** The named queue that it is in. */
  readonly queue: string
  /** Tasks with the same key run in order. */
  readonly key: string | undefined
  /** The batch that it was submitted with. */
  readonly batch: string | undefined
  /** Which attempt this is, from 1. */
  readonly attempt: number
  /** How many attempts there are, at most. */
  readonly attempts: number
  /** The number of the lease. It rises: use it to fence what the handler writes elsewhere. */
  readonly lease: number
  /** Made when it is asked for: most handlers are done before. */
  #controller: AbortController | undefined
  #reason: Error | undefined
  readonly #report: (report: Report) => void
  /** In milliseconds; 0 is no limit. */
  readonly timeout: number

  /** @internal */
  constructor(body: LeaseBody, report: (report: Report) => void) {
    this.id = body.id
    this.input = body.input as Input
    this.queue = body.queue
    this.key = body.key
    this.batch = body.batch
    this.attempt = body.attempt
    this.attempts = body.attempts
    this.lease = body.lease
    this.timeout = body.timeout
    this.#report = report
  }

  /** Says how far it is. Shown with the task, and not kept once it has ended. */
  readonly progress = (done: number, total?: number, text?: string): void => {
    const progress: TaskProgress = { done, ...(total !== undefined && { total }), ...(text !== undefined && { text }) }
    this.#report({ do: "progress", id: this.id, lease: this.lease, ...progress })
  }

  /** Keeps the lease for so many milliseconds, whatever becomes of the connection. Heartbeats keep it anyway. At most a day. */
  readonly extend = (time: number): void => {
    if (!Number.isSafeInteger(time) || time < 1)
      throw new TaskError("INVALID", `Expected time to be a positive integer but received ${String(time)}`)
    this.#report({ do: "extend", id: this.id, lease: this.lease, time })
  }

  /**
   * Aborted if the result is not wanted any more: the task was cancelled, took longer than its timeout, or the lease was lost. The reason says
   * which.
   */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** @internal */
  get abortReason(): Error | undefined {
    return this.#reason
  }

  /** @internal */
  abort(reason: Error): void {
    this.#reason ??= reason
    this.#controller?.abort(this.#reason)
  }
}

/** Why a job is aborted. */
export type AbortCause = "stop" | "lost" | "timeout" | "drain"

/** The reason of an aborted job. */
export class AbortReason extends Error {
  /** As signals of timeouts and fetch have it. */
  override readonly name = "AbortError"
  /** Why the attempt has ended. */
  override readonly cause: AbortCause

  constructor(cause: AbortCause, message: string) {
    super(message)
    this.cause = cause
  }
}
