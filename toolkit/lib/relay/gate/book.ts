// What a gate remembers: requests, and the decisions on them. All of it is in a small store of its own, and in memory.

import { Buffer } from "node:buffer"
import type { GateAnswer, GateRequest } from "../../gate/index.js"
import { DamageError, openStore, type Store } from "../../store/index.js"

const cursor = "book"

/** At most this many decisions are remembered, whatever the retention. */
const maxDecided = 100_000

/** A request, and the answer if there is one. */
export interface GateRecord {
  /** Without its details, once it is decided. */
  readonly request: GateRequest
  readonly answer?: GateAnswer
}

/** What became of a decision. */
export type Verdict = "done" | "busy" | { readonly code: string; readonly reason: string }

/** The requests of one gate. The first decision on a request counts. */
export class GateBook {
  readonly #store: Store
  readonly #retention: number
  /** By the id of the request, in the order of the last change. */
  readonly #records = new Map<string, GateRecord>()
  /** Those whose decision is being written. */
  readonly #deciding = new Set<string>()

  private constructor(store: Store, retention: number) {
    this.#store = store
    this.#retention = retention
  }

  /**
   * Reads the book of a gate.
   *
   * @param folder Its own. It is made if it is not there.
   * @param retention How long requests and decisions are remembered, in milliseconds.
   */
  static async open(folder: string, retention: number): Promise<GateBook> {
    let store: Store | undefined
    try {
      // A decision is in the book once more than its request, so the book must not end before the retention does.
      store = await openStore(folder, { maxAge: 2 * retention, maxBytes: 256 << 20, segmentBytes: 4 << 20 })
      await store.addCursor(cursor)
      const book = new GateBook(store, retention)
      for await (const batch of store.read(cursor, { follow: false })) {
        for (const { frames, gap } of batch)
          if (!gap) book.#keep(JSON.parse(Buffer.from(frames[0] ?? []).toString()) as GateRecord)
      }
      book.#forget()
      return book
    } catch (error) {
      await store?.close()
      throw error instanceof DamageError
        ? new Error(`Cannot read the book of the gate in ${folder}: ${error.message}`)
        : error
    }
  }

  #keep(record: GateRecord): void {
    const { id } = record.request
    this.#records.delete(id)
    this.#records.set(id, record)
  }

  /** Forgets what is too old. An id that was forgotten can be used again. */
  #forget(): void {
    const before = Date.now() - this.#retention
    for (const [id, { request, answer }] of this.#records) {
      const time = answer ? Date.parse(answer.time) : request.time
      if (time >= before && this.#records.size <= maxDecided) return
      this.#records.delete(id)
    }
  }

  async #write(record: GateRecord): Promise<void> {
    await this.#store.append([{ frames: [Buffer.from(JSON.stringify(record))] }], { whenFull: "drop-oldest" })
    this.#keep(record)
  }

  /** A request, if it is known. */
  get(id: string): GateRecord | undefined {
    this.#forget()
    return this.#records.get(id)
  }

  /** The requests that nobody has decided, oldest first. */
  open(): GateRequest[] {
    this.#forget()
    return [...this.#records.values()].filter(({ answer }) => answer === undefined).map(({ request }) => request)
  }

  /** Adds a request. Resolves once it is on disk. */
  add(request: GateRequest): Promise<void> {
    return this.#write({ request })
  }

  /**
   * Takes a decision in. Resolves once it is on disk.
   *
   * @param before What must be on disk before the decision counts.
   */
  async decide(answer: GateAnswer, before?: () => Promise<unknown>): Promise<Verdict> {
    const { id, decision } = answer
    const record = this.get(id)
    if (record === undefined) return { code: "unknown-request", reason: `There is no request ${JSON.stringify(id)}` }
    if (record.answer?.decision === decision && record.answer.by === answer.by) return "done"
    if (record.answer !== undefined)
      return { code: "decided", reason: `It was decided before: ${record.answer.decision}, by ${record.answer.by}` }
    if (this.#deciding.has(id)) return "busy"
    this.#deciding.add(id)
    try {
      await before?.()
      const { details: _, ...request } = record.request
      await this.#write({ request, answer })
      return "done"
    } finally {
      this.#deciding.delete(id)
    }
  }

  /** Closes its files. */
  close(): Promise<void> {
    return this.#store.close()
  }
}
