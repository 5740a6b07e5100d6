// A small picture of the last hour of a level.

import { maxSamples } from "../history.js"
import { count } from "./format.js"
import { type Html, html } from "./html.js"

const size = { width: 120, height: 26 }
const points = 60

/** The highest level of each part of the hour. `null` where nothing is known. */
function highest(levels: readonly (number | null)[]): (number | null)[] {
  const part = maxSamples / points
  const before = maxSamples - levels.length
  return Array.from({ length: points }, (_, index) => {
    const from = Math.max(0, index * part - before)
    const known = levels.slice(from, Math.max(0, (index + 1) * part - before)).filter((level) => level !== null)
    return known.length === 0 ? null : Math.max(...known)
  })
}

/** The picture, with its peak in words. */
export function sparkline(levels: readonly (number | null)[]): Html {
  const parts = highest(levels)
  const peak = Math.max(0, ...parts.map((level) => level ?? 0))
  const width = size.width / points
  const bars = parts.flatMap((level, index) => {
    if (level === null) return []
    const height = peak === 0 ? 1 : Math.max(1, Math.round((level / peak) * size.height))
    return html`<rect x="${index * width}" y="${size.height - height}" width="${width}" height="${height}"/>`
  })
  return html`<svg class="spark" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="At most ${count(peak)} waited in the last hour">${bars}</svg>
<small>peak ${count(peak)}</small>`
}
