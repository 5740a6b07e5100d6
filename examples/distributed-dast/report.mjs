// What the scan has found, for people; and whether that is what the application has.

/** How many lines a text has. */
export const countOf = (text) => text.split("\n").filter((line) => line !== "").length

/** What identifies a finding, as the probe wrote it. */
const weaknessOf = ({ partialFingerprints }) => partialFingerprints["weakness/v1"]

/** How many tasks found each weakness. */
function pagesOf(results) {
  const pages = new Map()
  for (const result of results) pages.set(weaknessOf(result), (pages.get(weaknessOf(result)) ?? 0) + 1)
  return pages
}

const resultsOf = (log) => log.runs.flatMap(({ results }) => results)

/**
 * A table of the findings.
 *
 * @param log The merged log.
 * @param before The results of all tasks.
 */
export function asText(log, before) {
  const pages = pagesOf(before)
  const lines = resultsOf(log).map((result) => {
    const [rule, path, parameter = ""] = weaknessOf(result).split(" ")
    const count = pages.get(weaknessOf(result))
    const seen = count === 1 ? "1 page" : `${count} pages`
    return `  ${result.level.padEnd(8)}${rule.padEnd(22)}${path.padEnd(11)}${parameter.padEnd(9)}on ${seen}`
  })
  return [...lines, `  ${lines.length} findings, of ${before.length} that the tasks have reported`].join("\n")
}

/** How the findings differ from the weaknesses that are there: one line each. */
export function whatDiffers(log, before, expected) {
  const wanted = new Map(
    expected.map(({ rule, path, parameter, pages }) => [[rule, path, parameter].filter(Boolean).join(" "), pages]),
  )
  const seen = pagesOf(before)
  const found = pagesOf(resultsOf(log))
  return [
    ...[...wanted.keys()].filter((one) => !found.has(one)).map((one) => `Not found: ${one}`),
    ...[...found.keys()].filter((one) => !wanted.has(one)).map((one) => `Not there: ${one}`),
    ...[...found].filter(([, count]) => count > 1).map(([one]) => `More than once: ${one}`),
    ...[...wanted]
      .filter(([one, pages]) => found.has(one) && seen.get(one) !== pages)
      .map(([one, pages]) => `On ${seen.get(one)} pages instead of ${pages}: ${one}`),
  ]
}
