// Dead letters by the page. There may be any number, so they are never all in memory, and a search ends after some time and says where.

import { performance } from "node:perf_hooks"
import type { LetterSubject, LetterView } from "../view/relay.js"

/** Which dead letters are looked for. */
export interface LetterQuery {
  /** Only those with a greater id. */
  readonly after: number
  /** Only those in which this text appears, in upper or lower case. Empty: all. */
  readonly text: string
  /** Only those that were given up in the last so many milliseconds. */
  readonly within: number | undefined
}

/** A page of dead letters. */
export interface LetterPage {
  readonly letters: readonly LetterView[]
  /** The query's `after` for what comes next, if there is more. */
  readonly next: number | undefined
  /** Whether the search took too long, so that there may be fewer on this page than would fit. */
  readonly isCut: boolean
}

export const pageSize = 50
const budgetMs = 1000

const lower = (text: string): string => text.toLowerCase()

function isMatch({ reason, from, sender, event }: LetterView, text: string): boolean {
  const shown = [reason, from, sender, event?.id, event?.type, event?.source, event?.subject]
  return shown.some((part) => part !== undefined && lower(part).includes(text))
}

/** Whether a query has all of the sink's dead letters. */
export const isEverything = ({ text, within }: LetterQuery): boolean => text === "" && within === undefined

/** Looks through dead letters, oldest first. */
async function* examine(subject: LetterSubject, sink: string, { after, text, within }: LetterQuery) {
  const wanted = lower(text)
  const since = within === undefined ? undefined : Date.now() - within
  for await (const letter of subject.list(sink, { after, since })) {
    const view = subject.describe(letter)
    yield { view, isMatch: wanted === "" || isMatch(view, wanted) }
  }
}

/** Reads a page. */
export async function readPage(subject: LetterSubject, sink: string, query: LetterQuery): Promise<LetterPage> {
  const letters: LetterView[] = []
  // From the first one on, which may be far into a file. Only a search passes over many.
  let end: number | undefined
  let examined = query.after
  for await (const { view, isMatch } of examine(subject, sink, query)) {
    if (letters.length === pageSize) return { letters, next: examined, isCut: false }
    if (isMatch) letters.push(view)
    examined = view.id
    end ??= performance.now() + budgetMs
    if (query.text !== "" && performance.now() > end) return { letters, next: examined, isCut: true }
  }
  return { letters, next: undefined, isCut: false }
}

/** The ids of all that a query finds, from its beginning. */
export async function findAll(subject: LetterSubject, sink: string, query: LetterQuery): Promise<number[]> {
  const ids: number[] = []
  for await (const { view, isMatch } of examine(subject, sink, { ...query, after: 0 })) if (isMatch) ids.push(view.id)
  return ids
}
