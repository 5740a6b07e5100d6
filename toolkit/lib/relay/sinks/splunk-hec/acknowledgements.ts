// Indexer acknowledgement: https://docs.splunk.com/Documentation/Splunk/latest/Data/AboutHECIDXAck. Splunk numbers the requests of a channel,
// and says of each number once whether it is indexed. `false` can also mean that it does not know the number.

import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import { setTimeout } from "node:timers/promises"
import type { Answer } from "../../http/client.js"

/** Splunk forgets a channel that was not used for ten minutes. */
const channelAge = 5 * 60_000

/** Asks Splunk for the numbers that are open. Rejects if there is no answer. */
export type Ask = (channel: string, body: Buffer) => Promise<Answer>

/** The acknowledgements of a channel. */
export class Acknowledgements {
  #channel = randomUUID()
  #used = 0

  /** The channel for the next requests. */
  channel(now: number): string {
    if (now - this.#used > channelAge) this.reset()
    this.#used = now
    return this.#channel
  }

  /** Begins a new channel: Splunk has lost the old one, or does not answer for it. */
  reset(): void {
    this.#channel = randomUUID()
  }

  /** Waits until numbers are acknowledged, or the time is over. Resolves to those that are. */
  async wait(
    ids: readonly number[],
    ask: Ask,
    { interval, timeout, signal }: { interval: number; timeout: number; signal: AbortSignal },
  ): Promise<ReadonlySet<number>> {
    const done = new Set<number>()
    const end = performance.now() + timeout
    while (done.size < ids.length && performance.now() < end) {
      await setTimeout(interval, undefined, { signal })
      const open = ids.filter((id) => !done.has(id))
      // The events are there or not, whether this question is answered or the next.
      const answer = await ask(this.#channel, Buffer.from(JSON.stringify({ acks: open }))).catch(() => undefined)
      signal.throwIfAborted()
      if (answer?.status !== 200) continue
      for (const id of open) if (isAcknowledged(answer.text, id)) done.add(id)
    }
    if (done.size < ids.length) this.reset()
    return done
  }
}

function isAcknowledged(text: string, id: number): boolean {
  try {
    const { acks } = JSON.parse(text) as { acks?: Record<string, unknown> }
    return acks?.[String(id)] === true
  } catch {
    return false
  }
}
