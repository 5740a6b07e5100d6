// The audit log, for people, and counted.

/** The entries of responses, of what `ohmq audit export` has printed. */
export const entriesOf = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).entry)
    .filter((entry) => entry?.type?.startsWith("response."))

const ended = (run) => (entry) => entry.type === "response.finished" && entry.run === run && entry.outcome === "done"

/** What has been done, how often. */
export const countsOf = (entries) => ({
  blocked: entries.filter(ended("action")).length,
  undone: entries.filter(ended("undo")).length,
  refused: entries
    .filter(({ type, reason }) => type === "response.suppressed" && reason === "refused")
    .reduce((sum, { count }) => sum + count, 0),
})

/** A line for each entry. */
export function asText(entries) {
  const lines = entries.map(({ time, type, rule, run, parameters, outcome, reason, command, example }) => {
    const what = [rule, run, parameters && JSON.stringify(parameters), outcome, reason, command?.join(" ")]
    const detail = example && JSON.stringify(example)
    return `  ${time.slice(11, 19)} ${type.padEnd(20)} ${[...what, detail].filter(Boolean).join(", ")}`
  })
  return lines.join("\n")
}
