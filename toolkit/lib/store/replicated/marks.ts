// Where the stream can be cut: which of its messages brought which position of the copy.

import type { Position } from "../store.js"

/** A message, and what came before it. */
interface Mark {
  sequence: number
  time: number
  position: Position
}

/** Above this number, half of them are forgotten: the oldest but the first. */
const most = 10_000

/** The messages that were read, oldest first. */
export class Marks {
  #all: Mark[] = []

  add(mark: Mark): void {
    this.#all.push(mark)
    if (this.#all.length > most) this.#all.splice(1, most / 2)
  }

  /** The last message before a time that only has what comes before a position. Undefined if there is none. */
  before(time: number, position: Position): number | undefined {
    return this.#all.findLast((mark) => mark.time < time && mark.position < position)?.sequence
  }

  /** Forgets the messages before this one. */
  cut(sequence: number): void {
    this.#all = this.#all.filter((mark) => mark.sequence >= sequence)
  }
}
