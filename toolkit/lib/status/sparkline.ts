// A small picture of the last hour of a level, as the path of an SVG.

import { maxSamples } from "./history.js"

export const sparkSize = { width: 120, height: 26 }
const bars = 60

/** The highest level of each minute. `null` where nothing is known. */
function highest(levels: readonly (number | null)[]): (number | null)[] {
  const part = maxSamples / bars
  const before = maxSamples - levels.length
  return Array.from({ length: bars }, (_, index) => {
    const from = Math.max(0, index * part - before)
    const known = levels.slice(from, Math.max(0, (index + 1) * part - before)).filter((level) => level !== null)
    return known.length === 0 ? null : Math.max(...known)
  })
}

/** The picture, and its highest level. */
export function sparkline(levels: readonly (number | null)[]): { path: string; peak: number } {
  const parts = highest(levels)
  const peak = Math.max(0, ...parts.map((level) => level ?? 0))
  const { width, height } = sparkSize
  const path = parts.map((level, index) => {
    if (level === null) return ""
    const up = peak === 0 ? 1 : Math.max(1, Math.round((level / peak) * height))
    return `M${(index * width) / bars} ${height}v-${up}h${width / bars}v${up}z`
  })
  return { path: path.join(""), peak }
}
