// Suggestions for misspelt names.

/** The number of single-character edits between two words (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same))
    }
    row = next
  }
  return row[b.length] as number
}

/** A sentence that suggests the known name that is spelt most like a name, or "" if none is similar. */
export function suggestion(name: string, known: readonly string[]): string {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of known) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < least) [best, least] = [candidate, edits]
  }
  return best === undefined ? "" : `Did you mean "${best}"?`
}
