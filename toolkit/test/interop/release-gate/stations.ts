// Whether a station of the way has what it must have.

/** How many ids a problem names. */
const named = 10

const list = (ids: readonly string[]): string =>
  `${ids.slice(0, named).join(", ")}${ids.length > named ? ` and ${ids.length - named} more` : ""}`

export interface Station {
  name: string
  /** What it must have. */
  expected: ReadonlySet<string>
  /** What it has, each as often as it is there. */
  found: readonly string[]
  /** Whether it has each once, or at least once. */
  isOnce: boolean
}

export interface Tally {
  name: string
  expected: number
  found: number
  more: number
  isOnce: boolean
}

/** Counts a station. */
export const tallyOf = ({ name, expected, found, isOnce }: Station): Tally => ({
  name,
  expected: expected.size,
  found: new Set(found).size,
  more: found.length - new Set(found).size,
  isOnce,
})

/** What is wrong with a station, with the ids. */
export function problemsOf({ name, expected, found, isOnce }: Station): string[] {
  const seen = new Map<string, number>()
  for (const id of found) seen.set(id, (seen.get(id) ?? 0) + 1)
  const missing = [...expected].filter((id) => !seen.has(id))
  const unknown = [...seen.keys()].filter((id) => !expected.has(id))
  const twice = isOnce ? [...seen].filter(([, count]) => count > 1).map(([id]) => id) : []
  return [
    [missing, "lacks"],
    [unknown, "has what was never sent:"],
    [twice, "has more than once:"],
  ].flatMap(([ids, what]) => (ids?.length ? [`${name} ${what} ${list(ids as string[])}`] : []))
}
