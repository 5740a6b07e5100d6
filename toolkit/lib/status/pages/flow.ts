// The picture of the flow: sources, routes and sinks, with what goes between them. It is SVG, so it needs no program.

import type { RelayView } from "../view/relay.js"
import { type Html, html } from "./html.js"
import type { Live } from "./live.js"

const box = { width: 260, height: 46, gap: 14 }
const column = { sources: 0, routes: 450, sinks: 900 }
const width = column.sinks + box.width

/** Names are at most 64 characters; a box has room for about 30. */
const short = (text: string): string => (text.length > 30 ? `${text.slice(0, 29)}…` : text)

const heightOf = (boxes: number): number => boxes * (box.height + box.gap) - box.gap

/** Where the boxes of a column begin, so that columns are centred. */
const topOf = (boxes: number, height: number): number => (height - heightOf(boxes)) / 2 + 1

interface Point {
  x: number
  y: number
}

function line(from: Point, to: Point, level: Html): Html {
  const middle = (from.x + to.x) / 2
  return html`<path class="line"${level} d="M${from.x} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}"/>`
}

/** The picture. */
export function flowPicture({ sources, routes, sinks }: RelayView, live: Live): Html {
  const height = heightOf(Math.max(sources.length, routes.length, sinks.length, 1))
  const place = (x: number, boxes: number, index: number): Point => ({
    x,
    y: Math.round(topOf(boxes, height) + index * (box.height + box.gap)),
  })
  const middle = ({ x, y }: Point, side: 0 | 1): Point => ({ x: x + side * box.width, y: y + box.height / 2 })
  const sourceAt = new Map(sources.map(({ name }, i) => [name, place(column.sources, sources.length, i)]))
  const sinkAt = new Map(sinks.map(({ name }, i) => [name, place(column.sinks, sinks.length, i)]))
  const lines: Html[] = []
  const boxes: Html[] = []
  const draw = (at: Point | undefined, name: string, below: Html, tone?: Html) => {
    if (at === undefined) return
    boxes.push(html`<g${tone}><title>${name}</title>
<rect class="box" x="${at.x + 1}" y="${at.y}" width="${box.width - 2}" height="${box.height}" rx="6"/>
<text class="name" x="${at.x + 12}" y="${at.y + 19}">${short(name)}</text>
<text class="figure" x="${at.x + 12}" y="${at.y + 36}">${below}</text></g>
`)
  }
  for (const { name } of sources) draw(sourceAt.get(name), name, live.svg(`source/${name}/rate`))
  for (const [index, { name, from, to }] of routes.entries()) {
    const at = place(column.routes, routes.length, index)
    draw(at, name, live.svg(`route/${name}/rate`))
    for (const source of from) {
      const start = sourceAt.get(source)
      const level = live.attribute("data-level", `route/${name}/level/${source}`)
      if (start) lines.push(line(middle(start, 1), middle(at, 0), level))
    }
    for (const sink of to) {
      const end = sinkAt.get(sink)
      if (end) lines.push(line(middle(at, 1), middle(end, 0), live.attribute("data-level", `route/${name}/level`)))
    }
  }
  for (const { name } of sinks) {
    const below = html`${live.svg(`sink/${name}/rate`)} · ${live.svg(`sink/${name}/queue`)}`
    draw(sinkAt.get(name), name, below, live.tone(`sink/${name}/tone`))
  }
  return html`<svg class="flow" viewBox="0 -24 ${width} ${height + 27}" role="img" aria-labelledby="flow-title flow-text">
<title id="flow-title">The flow of events</title>
<desc id="flow-text">Sources on the left, routes in the middle, sinks on the right. Lines are thicker where more events flow. The tables below have the same figures.</desc>
<text class="column" x="${column.sources}" y="-10">Sources</text><text class="column" x="${column.routes}" y="-10">Routes</text><text class="column" x="${column.sinks}" y="-10">Sinks</text>
${lines}
${boxes}</svg>`
}
