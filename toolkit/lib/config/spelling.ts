// Suggestions for misspelt names.

/** The number of edits between two words: a character more, less or another, or two swapped (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] as number) + 1)
      next.push(least)
    }
    before = row
    row = next
  }
  return row[b.length] as number
}

/** A sentence, after a space, with the known name that is spelt most like this one; or the names, if none is similar. */
export function suggestion(name: string, known: readonly string[]): string {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 4)) + 1
  for (const candidate of known) {
    const edits = distance(name.slice(0, 100).toLowerCase(), candidate.toLowerCase())
    if (edits < least && edits < name.length) [best, least] = [candidate, edits]
  }
  if (best !== undefined) return ` Did you mean "${best}"?`
  return known.length === 0 ? "" : ` Expected ${known.length === 1 ? "" : "one of "}${known.join(", ")}`
}
