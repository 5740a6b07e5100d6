// What a sender knows to be stored, as its cursor.

import type { Entry, Store } from "../store/index.js"

/** A commit costs a write to the disk, and only saves sending again. So there are not more than about fifty a second. */
const INTERVAL = 20

/** Commits acknowledged sequences, after their refused events are dead letters. */
export class Progress {
  readonly #store: Store
  readonly #cursor: string
  readonly #committed: () => void
  readonly #failed: (error: Error) => void
  #acknowledged: number
  #refusals: Promise<void>[] = []
  #running: Promise<void> | undefined
  #failure: Error | undefined

  /**
   * @param committed Called after each commit.
   * @param failed Called if the store fails.
   */
  constructor(store: Store, cursor: string, committed: () => void, failed: (error: Error) => void) {
    this.#store = store
    this.#cursor = cursor
    this.#committed = committed
    this.#failed = failed
    this.#acknowledged = this.committed
  }

  get acknowledged(): number {
    return this.#acknowledged
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

  acknowledge(sequence: number): void {
    if (sequence <= this.#acknowledged) return
    this.#acknowledged = sequence
    this.#running ??= this.#commit()
  }

  /** The receiver has less: begins again behind a sequence. */
  async rewind(sequence: number): Promise<void> {
    await this.flush()
    await this.#store.rewind(this.#cursor, sequence)
    this.#acknowledged = sequence
  }

  async #commit(): Promise<void> {
    try {
      let committed = 0
      while (committed < this.#acknowledged && this.#failure === undefined) {
        const upTo = this.#acknowledged
        const refusals = this.#refusals
        this.#refusals = []
        await Promise.all(refusals)
        await this.#store.commit(this.#cursor, upTo)
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

  /** Tries again after the store had failed. */
  recover(): void {
    this.#failure = undefined
    this.#acknowledged = this.committed
  }
}
