// The last sequence of each stream, kept in the log itself, so that an event and its sequence become durable together.

import { StoreError } from "./log/errors.js"

/** Where a stream is: its last sequence, and the mark of the append that brought it. */
export type StreamEnd = [sequence: number, mark?: string]

/** Sequences that were accepted, and those that are durable. */
export class Streams {
  readonly #durable = new Map<string, StreamEnd>()
  /** Only what is ahead of the durable ones. */
  readonly #accepted = new Map<string, number>()

  get size(): number {
    return this.#durable.size
  }

  durable(stream: string): number {
    return this.#durable.get(stream)?.[0] ?? 0
  }

  mark(stream: string): string | undefined {
    return this.#durable.get(stream)?.[1]
  }

  accepted(stream: string): number {
    return this.#accepted.get(stream) ?? this.durable(stream)
  }

  accept(stream: string, sequence: number): void {
    this.#accepted.set(stream, sequence)
  }

  /** What was accepted up to this sequence is on disk. 0 forgets the stream. */
  confirm(stream: string, sequence: number, mark?: string): void {
    if (sequence === 0) this.#durable.delete(stream)
    else this.#durable.set(stream, mark === undefined ? [sequence] : [sequence, mark])
    if (this.#accepted.get(stream) === sequence) this.#accepted.delete(stream)
  }

  /** What was accepted is lost. */
  rollBack(): void {
    this.#accepted.clear()
  }

  toJSON(): Record<string, StreamEnd> {
    return Object.fromEntries(this.#durable)
  }

  /**
   * Compares the sequence of the first event with the last one of its stream.
   *
   * @returns How many events were stored before, and the sequences that are missing.
   */
  place(
    stream: string,
    { sequence, count, after = 0 }: { sequence: number; count: number; after?: number | undefined },
    allowGap: boolean,
  ) {
    const last = this.accepted(stream)
    if (last < after) {
      const message = `Sequence ${sequence} of stream "${stream}" must follow ${after}, but the last one is ${last}: an append before it has failed`
      throw new StoreError("SEQUENCE_GAP", message)
    }
    const known = Math.min(Math.max(last - sequence + 1, 0), count)
    const missing = sequence > last + 1 ? { from: last + 1, to: sequence - 1 } : undefined
    if (missing !== undefined && !allowGap) {
      throw new StoreError(
        "SEQUENCE_GAP",
        `Sequence ${sequence} of stream "${stream}" does not follow ${last}. Send ${missing.from} first, or announce that it is lost (allowGap)`,
      )
    }
    return { known, missing }
  }
}
