// Messages to a relay, and its answers: what was not answered is sent again, because the relay may have been started anew in between.

import { AnySignal } from "../config/index.js"
import type { Connection } from "./connection.js"

/** How long to wait for an answer before a message is sent again, in milliseconds. */
export const repeatMs = 5000

/** A message of the relay: a word, and what belongs to it. */
export interface Answer {
  readonly word: string
  readonly rest: readonly string[]
}

/** Talks to a relay. */
export class Exchange {
  readonly #connection: Connection
  /** Aborted when the relay is there again: what it had not answered when it went is lost. */
  #back = new AbortController()

  constructor(connection: Connection) {
    this.#connection = connection
    const { events } = connection.socket
    events.once("handshake", () => events.on("handshake", () => this.#back.abort()))
  }

  /** Runs a step until it is done, it is to end, or the message must be sent again (undefined): the time is over, or `back` is aborted. */
  async #within<T>(
    step: (signal: AbortSignal) => Promise<T>,
    end: AbortSignal | undefined,
    back?: AbortSignal,
  ): Promise<T | undefined> {
    const { refused } = this.#connection
    using ending = new AnySignal(
      [refused, end, back].filter((signal) => signal !== undefined),
      repeatMs,
    )
    try {
      return await step(ending.signal)
    } catch (error) {
      if (refused.aborted) throw refused.reason as Error
      end?.throwIfAborted()
      if (ending.signal.aborted) return undefined
      throw error
    }
  }

  /**
   * Sends messages, again and again, until all have been answered.
   *
   * @param answered Is given each answer, and returns whether it ends the exchange.
   * @param end Ends the exchange, if there is one.
   */
  async run(
    messages: () => Iterable<readonly Uint8Array[]>,
    answered: (answer: Answer) => boolean,
    end: AbortSignal | undefined,
  ): Promise<void> {
    const { socket } = this.#connection
    for (;;) {
      for (const message of messages()) {
        const sent = await this.#within(async (signal) => {
          await socket.send([...message] as Buffer[], { signal })
          return true
        }, end)
        if (sent === undefined) break
      }
      this.#back = new AbortController()
      for (;;) {
        const parts = await this.#within((signal) => socket.receive({ signal }), end, this.#back.signal)
        if (parts === undefined) break
        const [word = "", ...rest] = parts.map(String)
        if (answered({ word, rest })) return
      }
    }
  }
}
