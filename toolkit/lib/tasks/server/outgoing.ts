// Messages to clients and workers. Those of a turn of the event loop go to libzmq in one call: to wake its thread costs more than a message does. What one
// peer gets is together, so that it wakes once, too.

import type { Buffer } from "node:buffer"
import type { Router } from "ohmq"

interface Message {
  frames: Buffer[]
  lost: (() => void) | undefined
}

/** What is to be sent. */
export class Outgoing {
  readonly #router: Router
  #byPeer = new Map<string, Message[]>()
  #sending: Promise<void> | undefined

  constructor(router: Router) {
    this.#router = router
  }

  /**
   * Sends a message in this turn.
   *
   * @param lost Called if the peer is gone, or the socket is closed.
   */
  send(id: Buffer, message: Buffer[], lost?: () => void): void {
    const peer = id.toString("latin1")
    const one = { frames: [id, ...message], lost }
    const mine = this.#byPeer.get(peer)
    if (mine) mine.push(one)
    else this.#byPeer.set(peer, [one])
    this.#sending ??= this.#run()
  }

  /** Resolves once libzmq has all of them. */
  async sent(): Promise<void> {
    await this.#sending
  }

  async #run(): Promise<void> {
    // All that is sent in this turn goes together.
    await Promise.resolve()
    while (this.#byPeer.size > 0) {
      const messages = [...this.#byPeer.values()].flat()
      this.#byPeer = new Map()
      await this.#sendAll(messages)
    }
    this.#sending = undefined
  }

  async #sendAll(messages: readonly Message[]): Promise<void> {
    for (let at = 0; at < messages.length; ) {
      try {
        await this.#router.sendMany(messages.slice(at).map(({ frames }) => frames))
        return
      } catch (error) {
        // EHOSTUNREACH: the peer of one of them is gone. Or the socket is closed, which all of them find out.
        at += (error as { sent?: number }).sent ?? 0
        messages[at]?.lost?.()
        at++
      }
    }
  }
}
