// The deliveries that are stored already, so that a redelivery is not stored again. They are kept in a small store of their own, which nobody
// waits for: the main store has each of them too, in the tag of its event, and what was not noted before the process ended is read there.

import { Buffer } from "node:buffer"
import { setTimeout } from "node:timers/promises"
import { type Entry, openStore, type Store } from "../../store/index.js"
import { decodeTag } from "./tags.js"

const cursor = "known"

/** How many, and for how long, they are remembered. GitHub redelivers within three days. */
const maxCount = 100_000
const maxAge = 3 * 86_400e3

/** With every entry of the main store behind this many unnoted ones, the place is noted, so that a start reads few. */
const noteEvery = 10_000

/** How long notes are gathered: nobody waits for them, and each write takes the disk from the main store. */
const gatherMs = 100

/** A position of the main store, and the delivery there, if it has one. All deliveries before it were noted before. */
type Note = [position: number, key?: string]

/** Two sources may use the same identifiers. */
export const keyOf = (source: string, delivery: string): string => `${source} ${delivery}`

/** The delivery that an entry of the main store has. */
function keyIn({ frames, gap }: Entry): string | undefined {
  if (gap) return undefined
  const { source, delivery } = decodeTag(frames[0])
  return delivery === undefined ? undefined : keyOf(source, delivery)
}

/** Remembers deliveries. */
export class KnownDeliveries {
  readonly #store: Store
  readonly #failed: (error: Error) => void
  readonly #known = new Map<string, Promise<unknown> | undefined>()
  readonly #closing = new AbortController()
  #pending: Note[] = []
  #noted = 0
  #writing: Promise<void> | undefined

  private constructor(store: Store, failed: (error: Error) => void) {
    this.#store = store
    this.#failed = failed
  }

  /**
   * Reads what is known. The process may have ended between the storing of an event and the noting of its delivery, so that the end of the
   * main store is read too.
   *
   * @param reader A cursor of the main store.
   * @param failed Hears of notes that could not be written. They are tried again.
   */
  static async open(
    folder: string,
    main: Store,
    reader: string,
    failed: (error: Error) => void,
  ): Promise<KnownDeliveries> {
    const store = await openStore(folder, {
      maxCount: 2 * maxCount,
      maxAge,
      segmentBytes: 4 << 20,
      maxBytes: 256 << 20,
    })
    try {
      await store.addCursor(cursor)
      const known = new KnownDeliveries(store, failed)
      for await (const batch of store.read(cursor, { follow: false })) {
        for (const { frames, gap } of batch) {
          if (gap) continue
          const [position, key] = JSON.parse(Buffer.from(frames[0] ?? []).toString()) as Note
          known.#noted = Math.max(known.#noted, position)
          if (key !== undefined) known.#keep(key)
        }
      }
      const { first } = main.stats()
      for await (const batch of main.read(reader, { from: Math.max(known.#noted + 1, first), follow: false })) {
        for (const entry of batch) {
          const key = keyIn(entry)
          if (key !== undefined) known.#note(key, entry.position)
        }
      }
      return known
    } catch (error) {
      await store.close()
      throw error
    }
  }

  /** Also learns of what other relays store. The reader is a cursor, which is only read with. */
  async follow(main: Store, reader: string): Promise<void> {
    const { signal } = this.#closing
    for await (const batch of main.read(reader, { from: main.stats().last + 1, signal })) {
      for (const entry of batch) {
        const key = keyIn(entry)
        if (key !== undefined && !this.#known.has(key)) this.#note(key, entry.position)
      }
    }
  }

  #keep(key: string): void {
    this.#known.delete(key)
    this.#known.set(key, undefined)
    if (this.#known.size > maxCount) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
  }

  /** Stores a delivery unless it is known. If it is being stored, waits for the outcome. Resolves to whether this call stored it. */
  async once(key: string, store: () => Promise<number>): Promise<boolean> {
    for (;;) {
      if (!this.#known.has(key)) break
      const pending = this.#known.get(key)
      if (pending === undefined) return false
      // If the first fails, this one is the first.
      await pending.catch(() => {})
    }
    const pending = store()
    this.#known.set(key, pending)
    try {
      this.#note(key, await pending)
    } catch (error) {
      if (this.#known.get(key) === pending) this.#known.delete(key)
      throw error
    }
    return true
  }

  #note(key: string, position: number): void {
    this.#keep(key)
    this.#pending.push([position, key])
    // No more are remembered.
    if (this.#pending.length > 2 * maxCount) this.#pending.splice(0, maxCount)
    this.#writing ??= this.#write()
  }

  /** Notes how far the main store is. */
  reached(position: number): void {
    if (position - this.#noted < noteEvery) return
    this.#pending.push([position])
    this.#writing ??= this.#write()
  }

  /**
   * Writes what is to be noted, until there is nothing. All that belongs before these notes is there then: appends of one group resolve in the
   * same turn of the event loop, and groups in order.
   */
  async #write(): Promise<void> {
    const { signal } = this.#closing
    do {
      await setTimeout(gatherMs, undefined, { signal }).catch(() => {})
      const notes = this.#pending.toSorted(([a], [b]) => a - b)
      this.#pending = []
      try {
        const events = notes.map((note) => ({ frames: [Buffer.from(JSON.stringify(note))] }))
        await this.#store.append(events, { whenFull: "drop-oldest" })
        this.#noted = Math.max(this.#noted, notes.at(-1)?.[0] ?? 0)
      } catch (error) {
        this.#failed(error as Error)
        // The main store still has them.
        this.#pending = notes.concat(this.#pending)
        if (signal.aborted) break
        await setTimeout(1000, undefined, { signal }).catch(() => {})
      }
    } while (this.#pending.length > 0)
    this.#writing = undefined
  }

  /** Writes what is to be noted, and closes. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#writing
    await this.#store.close()
  }
}
