// One attempt at a request on one server: for one reply, or for a stream.

import type { Buffer } from "node:buffer"
import { decodeBody, type Encoded } from "../content.js"
import { ServiceError } from "../service-error.js"
import type { Exchange, ServerConnection } from "./connection.js"

/** What is asked, of whom. */
export interface Attempt {
  connection: ServerConnection
  service: string
  encoded: Encoded
  /** How long the server may take, in milliseconds. 0 is without end. */
  timeout: number
  signal: AbortSignal | undefined
}

const timedOut = ({ service, connection, timeout }: Attempt) =>
  new ServiceError("TIMEOUT", `"${service}" did not answer within ${Math.round(timeout)} ms at ${connection.endpoint}`)

/** Ends what limits an attempt: its time and its signal. */
function limit({ timeout, signal }: Attempt, late: () => void, aborted: () => void): () => void {
  const timer = timeout > 0 ? setTimeout(late, timeout) : undefined
  signal?.addEventListener("abort", aborted)
  return () => {
    clearTimeout(timer)
    signal?.removeEventListener("abort", aborted)
  }
}

/** What the wire says of a timeout: whole milliseconds, and never 0 if there is one. */
const onWire = (timeout: number) => (timeout > 0 ? Math.max(Math.round(timeout), 1) : 0)

/** Sends a request, and resolves to its reply. */
export function askOnce(attempt: Attempt): Promise<unknown> {
  const { connection, service, encoded, timeout, signal } = attempt
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) => {
      unlimit()
      reject(error)
    }
    const giveUp = (error: unknown) => {
      connection.cancel(id)
      fail(error)
    }
    const streamed = () => giveUp(new ServiceError("MALFORMED", `"${service}" answered with a stream`))
    const unlimit = limit(
      attempt,
      () => giveUp(timedOut(attempt)),
      () => giveUp(signal?.reason),
    )
    let id = 0
    try {
      id = connection.request(service, encoded, onWire(timeout), 0, {
        reply(content, body) {
          unlimit()
          try {
            resolve(decodeBody(content, body))
          } catch (error) {
            reject(error)
          }
        },
        item: streamed,
        end: streamed,
        fail,
      })
    } catch (error) {
      fail(error)
    }
  })
}

/** A stream of replies, which are read one by one. */
export class ReplyStream implements Exchange {
  /** Resolves once the server has begun to answer, and rejects if it failed before. */
  readonly begun: Promise<void>
  readonly #attempt: Attempt
  readonly #id: number
  readonly #items: { content: number; body: Buffer }[] = []
  readonly #window: number
  readonly #unlimit: () => void
  #taken = 0
  #hasBegun = false
  #end: { error: unknown } | "end" | undefined
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined
  #wake = () => {}

  constructor(attempt: Attempt, window: number) {
    const { connection, service, encoded, timeout, signal } = attempt
    this.#attempt = attempt
    this.#window = window
    this.begun = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    this.#unlimit = limit(
      attempt,
      () => this.#giveUp(timedOut(attempt)),
      () => this.#giveUp(signal?.reason),
    )
    try {
      this.#id = connection.request(service, encoded, onWire(timeout), window, this)
    } catch (error) {
      this.#unlimit()
      throw error
    }
  }

  #begin(): void {
    this.#hasBegun = true
    this.#settle?.resolve()
    this.#wake()
  }

  reply(content: number, body: Buffer): void {
    this.item(content, body)
    this.end()
  }

  item(content: number, body: Buffer): void {
    if (this.#items.length >= this.#window)
      this.#giveUp(new ServiceError("MALFORMED", `"${this.#attempt.service}" sent more items than it may`))
    else {
      this.#items.push({ content, body })
      this.#begin()
    }
  }

  end(): void {
    this.#end ??= "end"
    this.#unlimit()
    this.#begin()
  }

  fail(error: unknown): void {
    this.#end ??= { error }
    this.#unlimit()
    if (this.#hasBegun) this.#wake()
    else this.#settle?.reject(error)
  }

  #giveUp(error: unknown): void {
    this.#attempt.connection.cancel(this.#id)
    this.fail(error)
  }

  /** Ends the stream, if it has not ended. */
  cancel(): void {
    if (this.#end === undefined) this.#giveUp(new ServiceError("CLOSED", "The stream was closed"))
  }

  /** The next value, or undefined at the end. */
  async next(): Promise<{ value: unknown } | undefined> {
    for (;;) {
      const item = this.#items.shift()
      if (item) {
        this.#taken++
        // In halves of the window: not a message for each item.
        if (this.#taken * 2 >= this.#window && this.#end === undefined) {
          this.#attempt.connection.credit(this.#id, this.#taken)
          this.#taken = 0
        }
        return { value: decodeBody(item.content, item.body) }
      }
      if (this.#end === "end") return undefined
      if (this.#end) throw this.#end.error
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}
