// Who waits for the answer to a request. They ask again every few seconds, so that one who is forgotten misses nothing but time.

import type { Buffer } from "node:buffer"

/** At most this many are remembered. */
const maxWaiters = 10_000

/** The peers that wait, by request. */
export class Waiters {
  /** The key is the request's id and the peer. In the order in which they asked. */
  readonly #waiting = new Map<string, { id: string; envelope: readonly Buffer[] }>()

  /** Remembers a peer. @param envelope The frames that an answer to it begins with. */
  add(id: string, envelope: readonly Buffer[]): void {
    const key = `${envelope[0]?.toString("hex")} ${id}`
    this.#waiting.delete(key)
    this.#waiting.set(key, { id, envelope })
    const [oldest] = this.#waiting.keys()
    if (this.#waiting.size > maxWaiters && oldest !== undefined) this.#waiting.delete(oldest)
  }

  /** The peers that wait for a request, who wait no more. */
  take(id: string): (readonly Buffer[])[] {
    const found = [...this.#waiting].filter(([, waiter]) => waiter.id === id)
    for (const [key] of found) this.#waiting.delete(key)
    return found.map(([, { envelope }]) => envelope)
  }
}
