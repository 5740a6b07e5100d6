// The order of appends to a stream: one that needs no room must not overtake one that waits for it, whose events would count as stored then.

/** Who is first in each stream, of those that wait and those behind them. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  /** Whether nobody waits. */
  isFree(stream: string): boolean {
    return !this.#last.has(stream)
  }

  /** Does something after those before it have done or failed. */
  async take<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const mine = this.#last.get(stream)?.then(work) ?? work()
    const settled = mine.then(
      () => {},
      () => {},
    )
    this.#last.set(stream, settled)
    try {
      return await mine
    } finally {
      if (this.#last.get(stream) === settled) this.#last.delete(stream)
    }
  }
}
