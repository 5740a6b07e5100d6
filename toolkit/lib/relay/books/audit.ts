// The audit of the books: compares what is in the store with what was counted as delivered. It reads the files, whether the relay runs or not.

import {
  type FactEntry,
  type FactOptions,
  type Gap,
  type OnProgress,
  type Position,
  readFacts,
  type StoreFacts,
} from "../../store/index.js"
import { decodeTag } from "../intake/tags.js"
import { type Mark, readBooks } from "./ledger.js"

/** Events that are missing from the store. */
export interface Loss {
  /** Why they are lost. */
  reason: Gap["reason"]
  /** The first position. */
  from: Position
  /** The last position. */
  to: Position
  /** How many positions the sink lost. Not all of them need have been events for it. */
  count: number
  /** When it was noted, in milliseconds since 1970. */
  time: number
}

/** The books of a sink. They balance if `received + replayed = delivered + dead + waiting`. */
export interface SinkBooks {
  /** The name of the sink. */
  sink: string
  /** The period that the other figures are about: what came in behind this position. */
  since: { position: Position; time: number }
  /** Events for this sink in the store. */
  received: number
  /** Dead letters that were given to it again. */
  replayed: number
  /** Counted when they were delivered. If `isCounted` is false: what is neither dead nor waiting. */
  delivered: number
  /** Events that became dead letters, replayed and discarded ones included. */
  dead: number
  /** Events that are still to be delivered. */
  waiting: number
  /** Positions in the period that cannot be read after a repair. */
  unreadable: number
  /** What was lost in the period. */
  lost: Loss[]
  /** The dead letters that wait now. */
  deadLetters: number
  /** Those of them that a route holds back: they never were events for this sink. */
  held: number
  /** Whether its deliveries are counted. A `link` keeps no count: what it has delivered is worked out. */
  isCounted: boolean
  /** Empty if the books balance. */
  problems: string[]
}

/** What an audit found. */
export interface Audit {
  /** The oldest position in the store. */
  first: Position
  /** The last position in the store. */
  last: Position
  /** The books of each sink. */
  sinks: SinkBooks[]
}

/** What is counted of a sink while the store is read. */
class Tally {
  readonly books: SinkBooks
  readonly #cursor: Position
  readonly #mark: Mark
  readonly #since: number
  #passed = 0

  constructor(sink: string, mark: Mark, cursor: Position, isCounted: boolean, since: number) {
    this.#cursor = cursor
    this.#mark = mark
    this.#since = since
    const { position, time } = mark
    const none = { received: 0, replayed: 0, delivered: 0, dead: 0, waiting: 0, unreadable: 0, deadLetters: 0, held: 0 }
    this.books = { sink, since: { position, time }, ...none, lost: [], isCounted, problems: [] }
  }

  get from(): Position {
    return this.#mark.position + 1
  }

  /** Whether an entry, or the position of a dead letter, is of this period. */
  #isInPeriod({ position, time }: { position: Position; time: number }): boolean {
    return position >= this.from && (this.books.isCounted || time >= this.#since)
  }

  take(entry: FactEntry, sinks: readonly string[]): void {
    const { position, time, gap, only } = entry
    const { books } = this
    if (!this.#isInPeriod(entry)) return
    // Without a mark, the period begins with the first event of it.
    if (!books.isCounted && books.received + books.replayed === 0) books.since.time = time
    if (gap !== undefined) {
      const count = gap.cursors?.[books.sink] ?? 0
      if (count > 0) books.lost.push({ reason: gap.reason, from: gap.from, to: gap.to, count, time })
      if (gap.reason === "damaged") books.unreadable += Math.max(0, gap.to - Math.max(gap.from, this.from) + 1)
      return
    }
    if (only === undefined ? !sinks.includes(books.sink) : only !== books.sink) return
    if (only === undefined) books.received++
    else books.replayed++
    if (position > this.#cursor) books.waiting++
    else this.#passed++
  }

  /** Compares. */
  finish({ cursors, dead }: StoreFacts): SinkBooks {
    const { books } = this
    const letters = dead.filter(({ cursor, isGone }) => cursor === books.sink && !isGone)
    books.deadLetters = letters.length
    books.held = letters.filter(({ position }) => position === 0).length
    // After a kill, an event can be a dead letter twice.
    const buried = new Set(
      letters.filter((one) => this.#isInPeriod(one) && one.position <= this.#cursor).map(({ position }) => position),
    ).size
    const counts = readBooks(cursors[books.sink]?.note)
    if (books.isCounted) {
      books.delivered = (counts?.delivered ?? 0) - this.#mark.delivered
      books.dead = (counts?.dead ?? 0) - this.#mark.dead
    } else {
      books.dead = buried
      books.delivered = Math.max(this.#passed - buried, 0)
    }
    const missing = this.#passed - books.delivered - books.dead
    if (missing > 0) books.problems.push(`${missing} events are neither delivered nor dead, and do not wait`)
    // What is unreadable now may have been delivered before.
    if (-missing > books.unreadable)
      books.problems.push(`${-missing} more events were counted as delivered or dead than are in the store`)
    if (buried > books.dead)
      books.problems.push(`${buried} events are dead letters, but only ${books.dead} were counted as dead`)
    return books
  }
}

/** Where the audit of a sink begins: the last mark before a time of which all that follows is still in the store, or the first such mark. */
function beginOf(
  note: string | undefined,
  cursor: Position,
  first: Position,
  since: number,
): Mark & { isCounted: boolean } {
  const books = readBooks(note)
  const now = { position: Math.max(cursor, first - 1), time: Date.now(), delivered: 0, dead: 0 }
  // A note of another kind: the sink has a protocol of its own. What it has passed was acknowledged.
  if (books === undefined && note !== undefined) return { ...now, position: first - 1, time: since, isCounted: false }
  if (books === undefined) return { ...now, isCounted: true }
  const usable = books.marks.filter(({ position }) => position >= first - 1)
  const mark = usable.findLast(({ time }) => time <= since) ?? usable[0]
  return { ...(mark ?? { ...now, delivered: books.delivered, dead: books.dead }), isCounted: true }
}

/**
 * Audits the books of all sinks that the store of a relay knows.
 *
 * @param since In milliseconds since 1970. As far back as can be proved, by default.
 */
export function auditBooks(folder: string, since = 0, onProgress?: OnProgress): Audit {
  let tallies: Tally[] = []
  const options: FactOptions = {
    from: ({ first, cursors }) => {
      tallies = Object.entries(cursors)
        // The relay itself reads at its start.
        .filter(([name]) => !name.startsWith("relay."))
        .map(([name, { position, note }]) => {
          const { isCounted, ...mark } = beginOf(note, position, first, since)
          return new Tally(name, mark, position, isCounted, since)
        })
      return Math.min(...tallies.map(({ from }) => from))
    },
    onEntry: (entry) => {
      const sinks = entry.gap ? [] : decodeTag(entry.frames[0]).sinks
      for (const tally of tallies) tally.take(entry, sinks)
    },
    ...(onProgress && { onProgress }),
  }
  const facts = readFacts(folder, options)
  return { first: facts.first, last: facts.last, sinks: tallies.map((tally) => tally.finish(facts)) }
}
