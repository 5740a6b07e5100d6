// What the store has for a new sink with `from: start`. An event says for which sinks it is, since it came in, so each that the routes give to the new
// one is stored anew, for it alone. A cursor says how far that is: it goes on after a restart, and is over when the cursor is gone.

import { setTimeout } from "node:timers/promises"
import type { Logger } from "pino"
import type { Entry, NewEvent, Store } from "../../store/index.js"
import { storedEvent } from "../formats/stored-event.js"
import { Complaints } from "../observation/complaints.js"
import { planRoutes, type Route, type RouteObserver } from "../routes/route.js"
import { backfillOf } from "./cursors.js"
import { decodeTag, encodeTag } from "./tags.js"

/** If something fails, it is tried again after so long. In milliseconds. */
const againMs = 1000

const silent: RouteObserver = { taken: () => {}, undecided: () => {}, dropped: () => {}, failed: () => {} }

/**
 * Adds the cursor of a new sink, which then gets what comes in, and the one that says that it gets what is there, too. If the process ends in between, the
 * next one adds what is missing: no event comes in before.
 */
export async function addFromStart(store: Store, sink: string): Promise<void> {
  const cursor = backfillOf(sink)
  await store.addCursor(cursor, "start")
  await store.addCursor(sink, "end")
  const { cursors, last } = store.stats()
  await store.commit(cursor, cursors[cursor]?.position ?? 0, JSON.stringify(last))
}

/** Gives a sink what the store had before it. */
export class Backfill {
  readonly #store: Store
  readonly #sink: string
  readonly #routes: () => readonly Route[]
  readonly #log: Logger
  readonly #ending = new AbortController()
  readonly #running: Promise<void>
  /** The event of the last entry: an event of which routes made versions has several, one after the other, the unchanged one first. */
  #last = ""

  /** The cursor must be there. No event may have come in since the process began, or since it was added. */
  constructor(store: Store, sink: string, routes: () => readonly Route[], log: Logger) {
    this.#store = store
    this.#sink = sink
    this.#routes = routes
    this.#log = log.child({ sink })
    const { cursors, last } = store.stats()
    const { position = 0, note } = cursors[backfillOf(sink)] ?? {}
    this.#running = this.#run(position, note === undefined ? last : Number(note))
  }

  async #run(position: number, until: number): Promise<void> {
    const { signal } = this.#ending
    const complaints = new Complaints(this.#log)
    this.#log.info({ from: position + 1, until }, "The sink gets what the store had before it")
    while (!signal.aborted) {
      try {
        await this.#copy(until)
        if (signal.aborted) return
        await this.#store.removeCursor(backfillOf(this.#sink))
        this.#log.info("The sink has what the store had before it")
        return
      } catch (error) {
        if (signal.aborted) return
        complaints.warn(
          "backfill",
          { reason: (error as Error).message },
          "What the store had before cannot be stored for the sink yet",
        )
        await setTimeout(againMs, undefined, { signal }).catch(() => {})
      }
    }
  }

  async #copy(until: number): Promise<void> {
    const cursor = backfillOf(this.#sink)
    const { signal } = this.#ending
    if ((this.#store.stats().cursors[cursor]?.position ?? 0) >= until) return
    for await (const entries of this.#store.read(cursor, { signal, follow: false })) {
      const before = entries.filter(({ position }) => position <= until)
      const copies: NewEvent[] = []
      for (const entry of before) copies.push(...(await this.#versions(entry)))
      if (copies.length > 0) await this.#store.append(copies, { whenFull: "wait", signal })
      const last = before.at(-1)
      if (last !== undefined) await this.#store.commit(cursor, last.position)
      if (before.length < entries.length) return
    }
  }

  /** An event as the sink is to get it. Limits of rate are for what comes in: this does not. */
  async #versions(entry: Entry): Promise<NewEvent[]> {
    // What is there for the second time was, or is, an entry of its own.
    if (entry.gap !== undefined || entry.replayed !== undefined) return []
    const [tag, ...frames] = entry.frames
    const { sender, time } = entry
    const { source, isCopy } = decodeTag(tag)
    if (isCopy) return []
    const event = storedEvent(frames)
    const key = JSON.stringify([source, event.source, event.id])
    if (key === this.#last) return []
    this.#last = key
    const sink = this.#sink
    const routes = this.#routes()
      .filter(({ to }) => to.includes(sink))
      .map((route) => ({ ...route, to: [sink], rate: undefined }))
    const incoming = { event, frames, ...(sender !== undefined && { sender }) }
    const plan = planRoutes(routes, source, incoming, 0, silent)
    if (typeof plan === "string") return []
    for (const { route, reason } of plan.held) {
      const held = encodeTag({ source, sinks: [], held: route })
      await this.#store.deadLetter(sink, { ...entry, frames: [held, ...frames] }, reason)
    }
    return plan.versions
      .filter(({ sinks }) => sinks.length > 0)
      .map((version) => ({
        frames: [encodeTag({ source, sinks: [sink], isCopy: true }), ...version.frames],
        sender,
        time,
      }))
  }

  async stop(): Promise<void> {
    this.#ending.abort()
    await this.#running
  }
}
