// How many events a sink got. The counts are kept with its cursor, in one write, so that an audit can compare them with what is in the store.

import type { Position, Store } from "../../store/index.js"

/** Counts since the ledger was begun. */
interface Counts {
  delivered: number
  /** Events that became dead letters. */
  dead: number
}

/** The counts when the cursor was at a position. An audit begins at one of them, and needs all entries behind it. */
export interface Mark extends Counts {
  position: Position
  /** In milliseconds since 1970. */
  time: number
}

/** What is kept with a cursor. */
export interface Books extends Counts {
  /** The oldest first. */
  marks: readonly Mark[]
}

const version = 1
const maxMarks = 12
const minSpacing = 60_000

/** The books in the note of a cursor. Undefined if there are none, or if something else is kept there. */
export function readBooks(note: string | undefined): Books | undefined {
  let value: { books?: unknown }
  try {
    value = JSON.parse(note ?? "{}")
  } catch {
    return undefined
  }
  if (!Array.isArray(value?.books) || value.books[0] !== version) return undefined
  const [, delivered, dead, marks] = value.books as [number, number, number, [number, number, number, number][]]
  return {
    delivered,
    dead,
    marks: marks.map(([position, time, delivered, dead]) => ({ position, time, delivered, dead })),
  }
}

const noteOf = ({ delivered, dead, marks }: Books): string =>
  JSON.stringify({
    books: [
      version,
      delivered,
      dead,
      marks.map(({ position, time, delivered, dead }) => [position, time, delivered, dead]),
    ],
  })

/** Leaves out the mark that is nearest to its neighbours, so that a few of them reach far back. */
function thinned(marks: readonly Mark[]): readonly Mark[] {
  if (marks.length <= maxMarks) return marks
  const timeAt = (index: number) => (marks[index] as Mark).time
  let least = 1
  for (let i = 2; i < marks.length - 1; i++)
    if (timeAt(i + 1) - timeAt(i - 1) < timeAt(least + 1) - timeAt(least - 1)) least = i
  return marks.toSpliced(least, 1)
}

/** The books of a sink. */
export class Ledger {
  readonly #store: Store
  readonly #cursor: string
  #books: Books
  #isNew: boolean
  #pending: Counts = { delivered: 0, dead: 0 }

  constructor(store: Store, cursor: string) {
    this.#store = store
    this.#cursor = cursor
    const { cursors, first } = store.stats()
    const { position = 0, note } = cursors[cursor] ?? {}
    const books = readBooks(note)
    this.#isNew = books === undefined
    const begin = { position: Math.max(position, first - 1), time: Date.now(), delivered: 0, dead: 0 }
    this.#books = books ?? { delivered: 0, dead: 0, marks: [begin] }
  }

  /** A batch is tried, maybe again: what was counted for it counts no more. */
  begin(): void {
    this.#pending = { delivered: 0, dead: 0 }
  }

  delivered(): void {
    this.#pending.delivered++
  }

  dead(): void {
    this.#pending.dead++
  }

  /** Commits the cursor with the counts of the batch. */
  async commit(position: Position): Promise<void> {
    const delivered = this.#books.delivered + this.#pending.delivered
    const dead = this.#books.dead + this.#pending.dead
    const books = { delivered, dead, marks: this.#marksAt(position, delivered, dead) }
    const isSame = delivered + dead === this.#books.delivered + this.#books.dead && books.marks === this.#books.marks
    // Most batches have nothing for a sink that gets few events.
    await this.#store.commit(this.#cursor, position, isSame && !this.#isNew ? undefined : noteOf(books))
    this.#books = books
    this.#isNew = false
    this.begin()
  }

  /** The marks that are of use, with a new one if that is due. */
  #marksAt(position: Position, delivered: number, dead: number): readonly Mark[] {
    const { first } = this.#store.stats()
    const { marks: before } = this.#books
    // An audit cannot begin at a mark whose next entries are gone.
    const marks =
      before[0] !== undefined && before[0].position < first - 1
        ? before.filter((mark) => mark.position >= first - 1)
        : before
    const time = Date.now()
    const oldest = marks[0]
    const newest = marks.at(-1)
    const isDue =
      oldest === undefined ||
      newest === undefined ||
      time - newest.time >= Math.max(minSpacing, (time - oldest.time) / maxMarks)
    if (!isDue) return marks
    return thinned([...marks, { position: Math.max(position, first - 1), time, delivered, dead }])
  }
}
