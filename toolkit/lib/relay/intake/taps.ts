// Live copies of what passes, for whoever looks on. A slow onlooker misses events and never holds up the relay.

import { withSender } from "../../events/index.js"
import type { Incoming } from "../components.js"

type Listener = (line: string) => void

/** The onlookers of a relay. */
export class Taps {
  readonly #listeners = new Map<Listener, string | undefined>()

  /** Calls a function with a line of JSON for each event of a source, or of all. Returns what ends that. */
  add(source: string | undefined, listener: Listener): () => void {
    this.#listeners.set(listener, source)
    return () => this.#listeners.delete(listener)
  }

  offer(source: string, { frames, sender, event }: Incoming): void {
    if (this.#listeners.size === 0) return
    const [, envelope] = withSender({ frames, ...(sender !== undefined && { sender }) })
    const line = `${JSON.stringify({ source, type: event.type }).slice(0, -1)},"event":${String(envelope)}}\n`
    for (const [listener, wanted] of this.#listeners) if (wanted === undefined || wanted === source) listener(line)
  }
}
