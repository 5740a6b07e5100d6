// Messages to a relay, and its answers: what was not answered is sent again, because the relay may have been started anew in between.

import type { Dealer } from "ohmq"

/** How long to wait for an answer before a message is sent again, in milliseconds. */
export const repeatMs = 5000

/** A message of the relay: a word, and what belongs to it. */
export interface Answer {
  readonly word: string
  readonly rest: readonly string[]
}

/** A socket that is connected to a relay. */
export interface Connection {
  readonly socket: Dealer
  /** Aborted, with an error, once the relay refuses this side. */
  readonly refused: AbortSignal
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

  /** Runs a step until it is done, the time for it is over (undefined), or it is to end. */
  async #within<T>(ms: number, end: AbortSignal, step: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    const time = AbortSignal.timeout(ms)
    const { refused } = this.#connection
    try {
      return await step(AbortSignal.any([time, end, refused]))
    } catch (error) {
      if (refused.aborted) throw refused.reason as Error
      end.throwIfAborted()
      if (time.aborted || this.#back.signal.aborted) return undefined
      throw error
    }
  }

  /** Sends messages, again and again, until all have been answered. @param answered Is given each answer, and returns whether it ends the exchange. */
  async run(
    messages: () => Iterable<readonly Uint8Array[]>,
    answered: (answer: Answer) => boolean,
    end: AbortSignal,
  ): Promise<void> {
    const { socket } = this.#connection
    for (;;) {
      for (const message of messages()) {
        const sent = await this.#within(repeatMs, end, async (signal) => {
          await socket.send([...message] as Buffer[], { signal })
          return true
        })
        if (sent === undefined) break
      }
      this.#back = new AbortController()
      for (;;) {
        const parts = await this.#within(repeatMs, end, (signal) =>
          socket.receive({ signal: AbortSignal.any([signal, this.#back.signal]) }),
        )
        if (parts === undefined) break
        const [word = "", ...rest] = parts.map(String)
        if (answered({ word, rest })) return
      }
    }
  }
}
