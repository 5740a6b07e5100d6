// The deliveries that are stored already, so that a redelivery is not stored again. They are kept in a small store of their own.

import { Buffer } from "node:buffer"
import { openStore, type Store } from "../store/index.js"
import { decodeTag, type Tag } from "./tags.js"

const cursor = "known"

/** How many, and for how long, they are remembered. GitHub redelivers within three days. */
const maxCount = 100_000
const maxAge = 3 * 86_400e3

/** With every entry of the main store behind this many unnoted ones, the place is noted, so that a start reads few. */
const noteEvery = 10_000

/** Two sources may use the same identifiers. */
export const keyOf = (source: string, delivery: string): string => `${source} ${delivery}`

/** Remembers deliveries. */
export class KnownDeliveries {
  readonly #store: Store
  readonly #known = new Map<string, Promise<void> | undefined>()
  #noted = 0

  private constructor(store: Store) {
    this.#store = store
  }

  /**
   * Reads what is known. The process may have ended between the storing of an event and the noting of its delivery, so that the end of the
   * main store is read too.
   *
   * @param reader A cursor of the main store.
   */
  static async open(folder: string, main: Store, reader: string): Promise<KnownDeliveries> {
    const store = await openStore(folder, {
      maxCount: 2 * maxCount,
      maxAge,
      segmentBytes: 4 << 20,
      maxBytes: 256 << 20,
    })
    try {
      await store.addCursor(cursor)
      const known = new KnownDeliveries(store)
      for await (const batch of store.read(cursor, { follow: false })) {
        for (const { frames, gap } of batch) {
          if (gap) continue
          const [position, key] = JSON.parse(Buffer.from(frames[0] ?? []).toString()) as [number, string?]
          known.#noted = Math.max(known.#noted, position)
          if (key !== undefined) known.#keep(key)
        }
      }
      const { first } = main.stats()
      for await (const batch of main.read(reader, { from: Math.max(known.#noted + 1, first), follow: false })) {
        for (const { frames, gap, position } of batch) {
          const { source, delivery }: Partial<Tag> & { source: string } = gap ? { source: "" } : decodeTag(frames[0])
          if (delivery !== undefined) await known.note(keyOf(source, delivery), position)
        }
      }
      return known
    } catch (error) {
      await store.close()
      throw error
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
    const pending = store().then((position) => this.note(key, position))
    this.#known.set(key, pending)
    try {
      await pending
    } catch (error) {
      if (this.#known.get(key) === pending) this.#known.delete(key)
      throw error
    }
    return true
  }

  /** Notes that a delivery is stored. */
  async note(key: string, position: number): Promise<void> {
    await this.#write([position, key])
    this.#keep(key)
  }

  /** Notes how far the main store is. */
  async reached(position: number): Promise<void> {
    if (position - this.#noted < noteEvery) return
    this.#noted = position
    await this.#write([position])
  }

  async #write(value: [number, string?]): Promise<void> {
    this.#noted = Math.max(this.#noted, value[0])
    await this.#store.append([{ frames: [Buffer.from(JSON.stringify(value))] }], { whenFull: "drop-oldest" })
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}
