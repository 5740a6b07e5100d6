// What a sender knows to be stored at its receiver: the place of its cursor, and a note beside it.

import type { Entry, Store } from "../store/index.js"

/** A commit costs a write to the disk, and only saves sending again. So there are not more than about fifty a second. */
const INTERVAL = 20

/** What is kept with the cursor. */
interface Note {
  /** The stream that the cursor was sent as. */
  stream: string
  /** The last sequence of it that a receiver has. The cursor may be further: positions of which nothing is sent have no sequence. */
  stored: number
}

/** The note of a cursor. */
export function noteOf(store: Store, cursor: string): Partial<Note> {
  try {
    return JSON.parse(store.stats().cursors[cursor]?.note ?? "{}")
  } catch {
    return {}
  }
}

/** Commits acknowledged sequences, after their refused events are dead letters. */
export class Progress {
  readonly #store: Store
  readonly #cursor: string
  readonly #stream: string
  readonly #committed: () => void
  readonly #failed: (error: Error) => void
  #acknowledged = 0
  #stored = 0
  #refusals: Promise<void>[] = []
  #running: Promise<void> | undefined
  #failure: Error | undefined

  /**
   * @param committed Called after each commit.
   * @param failed Called if the store fails.
   */
  constructor(
    store: Store,
    { cursor, stream }: { cursor: string; stream: string },
    committed: () => void,
    failed: (error: Error) => void,
  ) {
    this.#store = store
    this.#cursor = cursor
    this.#stream = stream
    this.#committed = committed
    this.#failed = failed
    this.recover()
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  /** What a receiver that has lost nothing has at least. */
  get stored(): number {
    return Math.min(this.#stored, this.#acknowledged)
  }

  get committed(): number {
    return this.#store.stats().cursors[this.#cursor]?.position ?? 0
  }

  get waiting(): number {
    return this.#store.stats().cursors[this.#cursor]?.waiting ?? 0
  }

  /** The error of the store, if it has failed. */
  get failure(): Error | undefined {
    return this.#failure
  }

  refuse(entry: Entry, reason: string): void {
    const kept = this.#store.deadLetter(this.#cursor, entry, reason)
    kept.catch(() => {})
    this.#refusals.push(kept)
  }

  /**
   * @param passed Everything up to here is done.
   * @param stored The last sequence that the receiver has, if there is a new one.
   */
  acknowledge(passed: number, stored = 0): void {
    if (stored > this.#stored) this.#stored = stored
    if (passed <= this.#acknowledged) return
    this.#acknowledged = passed
    this.#running ??= this.#commit()
  }

  /** The receiver has less: begins again behind a sequence. */
  async rewind(sequence: number, stored: number): Promise<void> {
    await this.flush()
    await this.#store.rewind(this.#cursor, sequence)
    this.#acknowledged = sequence
    this.#stored = stored
  }

  get #note(): string {
    return JSON.stringify({ stream: this.#stream, stored: this.#stored } satisfies Note)
  }

  /** Notes the name of the stream. */
  async begin(): Promise<void> {
    if (noteOf(this.#store, this.#cursor).stream !== this.#stream)
      await this.#store.commit(this.#cursor, this.committed, this.#note)
  }

  async #commit(): Promise<void> {
    try {
      let committed = 0
      while (committed < this.#acknowledged && this.#failure === undefined) {
        const upTo = this.#acknowledged
        const note = this.#note
        const refusals = this.#refusals
        this.#refusals = []
        await Promise.all(refusals)
        await this.#store.commit(this.#cursor, upTo, note)
        committed = upTo
        this.#committed()
        await new Promise((resolve) => setTimeout(resolve, INTERVAL))
      }
    } catch (error) {
      // Nothing is lost: what is not committed is sent again.
      this.#failure = error as Error
      this.#failed(this.#failure)
    } finally {
      this.#running = undefined
    }
  }

  /** Waits until everything that was acknowledged is committed. */
  async flush(): Promise<void> {
    await this.#running
  }

  /** Begins with what is on disk: at the start, and after the store had failed. */
  recover(): void {
    const { stream, stored = 0 } = noteOf(this.#store, this.#cursor)
    this.#failure = undefined
    this.#acknowledged = this.committed
    this.#stored = stream === this.#stream ? stored : 0
  }
}
