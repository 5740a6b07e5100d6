// Brings commands into the replicated log: one batch at a time, with all commands that have come meanwhile. A batch whose fate is not known is
// sent again, and carried out once.

import type { Buffer } from "node:buffer"
import { setImmediate, setTimeout } from "node:timers/promises"
import { StoreError, type StoreErrorCode } from "../log/errors.js"
import { encodeBatch, type Request } from "./command.js"
import { maxCommands, type Result } from "./replica.js"
import { isRefusal, type LogStream } from "./stream.js"

/** A batch has about this many bytes at most, unless a single command has more. */
const batchBytes = 512 << 10
const retryMs = 200

interface Waiting {
  readonly request: Request
  readonly bytes: number
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** The writer of one process. */
export class Writer {
  readonly #from: string
  readonly #stream: LogStream
  readonly #timeout: number
  /** Whether a batch of this writer was carried out here. */
  readonly #has: (number: number) => boolean
  #queue: Waiting[] = []
  /** Batches that were sent, by their numbers. */
  readonly #sent = new Map<number, Waiting[]>()
  #number = 0
  #running: Promise<void> | undefined
  #isClosed = false
  /** Why nothing can be written, and since when. */
  #failing: { since: number; reason: string } | undefined
  queuedBytes = 0

  constructor(from: string, stream: LogStream, timeout: number, has: (number: number) => boolean) {
    this.#from = from
    this.#stream = stream
    this.#timeout = timeout
    this.#has = has
  }

  /** Why nothing can be written. Undefined if all is well, or has been wrong for less than a timeout. */
  get problem(): string | undefined {
    const { since, reason } = this.#failing ?? { since: Number.POSITIVE_INFINITY, reason: "" }
    return Date.now() - since > this.#timeout ? `JetStream does not take events: ${reason}` : undefined
  }

  /**
   * Resolves to what came of a command, once it was carried out here.
   *
   * @param bytes How many it takes.
   */
  async send(request: Request, bytes: number): Promise<unknown> {
    if (this.#isClosed) throw new StoreError("CLOSED", "The store is closed")
    const { problem } = this
    if (problem !== undefined) {
      // In a later turn: a caller that tries again and again must not keep the answer of a server from being read.
      await setImmediate()
      throw new StoreError("UNREACHABLE", problem)
    }
    this.queuedBytes += bytes
    const result = new Promise<unknown>((resolve, reject) => {
      this.#queue.push({ request, bytes, resolve, reject })
    }).finally(() => {
      this.queuedBytes -= bytes
    })
    this.#running ??= this.#run()
    return result
  }

  /** A batch was carried out here. */
  done(number: number, results: readonly Result[]): void {
    const waiting = this.#sent.get(number)
    this.#sent.delete(number)
    for (const [index, one] of (waiting ?? []).entries()) {
      const result = results[index]
      if (result?.status === "fulfilled") one.resolve(result.value)
      else one.reject(result?.reason)
    }
  }

  async #run(): Promise<void> {
    // All that is sent in this turn goes together.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const batch = this.#take()
      const number = ++this.#number
      this.#sent.set(number, batch)
      await this.#bring(number, batch)
    }
    this.#running = undefined
  }

  #take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const one of this.#queue) {
      bytes += one.bytes
      if (count > 0 && (bytes > batchBytes || count >= maxCommands)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  /** Sends a batch until it is known to be there. */
  async #bring(number: number, batch: readonly Waiting[]): Promise<void> {
    let parts: Buffer[] | undefined
    let at = 0
    for (;;) {
      try {
        parts ??= encodeBatch(
          { from: this.#from, number, requests: batch.map(({ request }) => request) },
          await this.#stream.maxBytes(),
        )
        while (at < parts.length) {
          await this.#stream.publish(parts[at] as Buffer, `${this.#from} ${number} ${at}`)
          at++
        }
        this.#failing = undefined
        return
      } catch (error) {
        const reason = (error as Error).message
        this.#failing ??= { since: Date.now(), reason }
        this.#failing.reason = reason
        if (this.#has(number)) return
        if (isRefusal(error) || this.#isClosed) return this.#giveUp(number, error as Error)
        if (this.problem !== undefined) this.#rejectAll(this.problem)
        await setTimeout(retryMs)
      }
    }
  }

  /** The server has said that it does not take the batch. */
  #giveUp(number: number, error: Error): void {
    this.#failing = undefined
    const waiting = this.#sent.get(number) ?? []
    this.#sent.delete(number)
    const problem = this.#isClosed
      ? new StoreError("CLOSED", "The store was closed before the servers had answered", error)
      : new StoreError("DISK_FULL", `The servers refuse to store more: ${error.message}`, error)
    for (const one of waiting) one.reject(problem)
  }

  /** Nobody waits longer than the timeout. What was sent may still be carried out. */
  #rejectAll(problem: string, code: StoreErrorCode = "UNREACHABLE"): void {
    const error = new StoreError(code, problem)
    for (const one of this.#queue.splice(0)) one.reject(error)
    for (const batch of this.#sent.values()) for (const one of batch) one.reject(error)
  }

  /** Waits for what was sent, but not longer than the timeout. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    const end = Date.now() + this.#timeout
    while (this.#sent.size > 0 && Date.now() < end) await setTimeout(5)
    this.#rejectAll("The store was closed before it was known whether the servers had taken this", "CLOSED")
  }
}
