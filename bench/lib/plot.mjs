// Plots throughput by message size, both logarithmic, with a line per contender, as SVG for light and dark backgrounds.

import { median } from "./statistics.mjs"

const width = 860
const height = 520
const frame = { left: 80, right: 640, top: 56, bottom: 450 }
/** The minimum distance between labels. */
const LINE = 22

const palette = [
  { light: "#57606a", dark: "#9aa4af" },
  { light: "#cf222e", dark: "#ff7b72" },
  { light: "#bc4c00", dark: "#ffa657" },
  { light: "#0969da", dark: "#79c0ff" },
  { light: "#1a7f37", dark: "#56d364" },
  { light: "#8250df", dark: "#d2a8ff" },
  { light: "#bf3989", dark: "#ff9bce" },
  { light: "#7d4e00", dark: "#e3b341" },
  { light: "#0a7b83", dark: "#39d0d8" },
]

/** Shapes of about 5 pixels around the middle, for readers who cannot tell the colours apart. */
const markers = [
  '<circle r="4.5"/>',
  '<rect x="-4.5" y="-4.5" width="9" height="9"/>',
  '<path d="M0-6 5.5 4h-11z"/>',
  '<path d="M0-6 6 0 0 6-6 0z"/>',
  '<path d="M0 6-5.5-4h11z"/>',
  '<circle r="4" fill="none" stroke-width="2"/>',
  '<rect x="-4" y="-4" width="8" height="8" fill="none" stroke-width="2"/>',
  '<path d="M-4.5-4.5l9 9m0-9l-9 9" stroke-width="2"/>',
  '<path d="M-5.5 0h11M0-5.5v11" stroke-width="2"/>',
]

const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 }
.back { fill: #ffffff }
.grid { stroke: #d1d9e0; stroke-width: 1 }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round }
.mark { fill: currentColor; stroke: currentColor }
${palette.map(({ light }, index) => `.c${index} { color: ${light} }`).join("\n")}
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.back { fill: #0d1117 }
.grid { stroke: #30363d }
${palette.map(({ dark }, index) => `.c${index} { color: ${dark} }`).join("\n")}
}`

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
const short = (number) => (number >= 1e6 ? `${number / 1e6} M` : number >= 1000 ? `${number / 1000} k` : String(number))

/** Maps one range to another, logarithmically. */
const scale =
  ([low, high], [from, to]) =>
  (value) =>
    from + ((Math.log(value) - Math.log(low)) / (Math.log(high) - Math.log(low))) * (to - from)

/** The powers of ten that enclose `low` and `high`. */
const powers = (low, high) => {
  const first = Math.floor(Math.log10(low))
  return Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, index) => 10 ** (first + index))
}

/** Moves labels apart that are closer than LINE, and keeps their order. */
function spread(labels) {
  const sorted = labels.toSorted((a, b) => a.y - b.y)
  for (const [index, label] of sorted.entries()) {
    if (index > 0) label.y = Math.max(label.y, sorted[index - 1].y + LINE)
  }
  let limit = frame.bottom + 20
  for (const label of sorted.toReversed()) {
    label.y = Math.min(label.y, limit)
    limit = label.y - LINE
  }
  return sorted
}

/** The median rates by contender: [size, rate] each. */
function seriesOf(workloads, figures) {
  const series = new Map()
  for (const workload of workloads.filter(({ plot: transport }) => transport === "tcp")) {
    for (const [name, rounds] of Object.entries(figures[workload.name])) {
      const rate = median(rounds.map(({ messages, seconds }) => messages / seconds))
      series.set(name, [...(series.get(name) ?? []), [workload.values.size, rate]])
    }
  }
  return [...series].map(([name, points], index) => ({
    name,
    points: points.toSorted(([a], [b]) => a - b),
    color: `c${index % palette.length}`,
    marker: markers[index % markers.length],
  }))
}

export function plot(workloads, figures) {
  const series = seriesOf(workloads, figures)
  const sizes = series.flatMap(({ points }) => points.map(([size]) => size))
  const rates = series.flatMap(({ points }) => points.map(([, rate]) => rate))
  if (sizes.length === 0) throw new Error("Nothing to plot: every contender failed")
  const smallest = Math.min(...sizes)
  const largest = Math.max(...sizes, 10 * smallest)
  const sizeTicks = powers(smallest, largest).filter((size) => size >= smallest && size <= largest)
  const rateTicks = powers(Math.min(...rates), Math.max(...rates))
  const x = scale([smallest, largest], [frame.left, frame.right])
  const y = scale([rateTicks[0], rateTicks.at(-1)], [frame.bottom, frame.top])
  const at = (number) => number.toFixed(1)

  const grid = [
    ...sizeTicks.map(
      (size) =>
        `<path class="grid" d="M${at(x(size))} ${frame.top}V${frame.bottom}"/>` +
        `<text x="${at(x(size))}" y="${frame.bottom + 20}" text-anchor="middle">${short(size)}</text>`,
    ),
    ...rateTicks.map(
      (rate) =>
        `<path class="grid" d="M${frame.left} ${at(y(rate))}H${frame.right}"/>` +
        `<text x="${frame.left - 10}" y="${at(y(rate) + 4)}" text-anchor="end">${short(rate)}</text>`,
    ),
  ]
  const lines = series.map(({ points, color, marker }) => {
    const line = points.map(([size, rate], index) => `${index === 0 ? "M" : "L"}${at(x(size))} ${at(y(rate))}`).join("")
    const marks = points.map(([size, rate]) => `<g transform="translate(${at(x(size))} ${at(y(rate))})">${marker}</g>`)
    return `<g class="${color}"><path class="line" d="${line}"/><g class="mark">${marks.join("")}</g></g>`
  })
  // In the order of the lines at the left edge.
  const places = spread(series.map((one) => ({ ...one, y: y(one.points[0][1]) })))
  const legend = places.map(
    ({ name, color, marker, y: middle }) =>
      `<g transform="translate(${frame.right + 40} ${at(middle)})"><g class="${color}"><path class="line" d="M-16 0h32"/>` +
      `<g class="mark">${marker}</g></g><text x="26" y="4">${escaped(name)}</text></g>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>Throughput by message size, one way over TCP</title>
<style>${style}
</style>
<rect class="back" width="${width}" height="${height}"/>
<text class="title" x="${frame.left}" y="32">Throughput by message size, one way over TCP</text>
${grid.join("\n")}
<text x="${(frame.left + frame.right) / 2}" y="${frame.bottom + 46}" text-anchor="middle">message size, bytes</text>
<text transform="translate(22 ${(frame.top + frame.bottom) / 2}) rotate(-90)" text-anchor="middle">msgs/s</text>
${lines.join("\n")}
${legend.join("\n")}
</svg>
`
}
