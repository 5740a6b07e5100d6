// A relay on the first page: what flows, what waits, and what is wrong.

import { sparkSize } from "../sparkline.js"
import { duration } from "../values/format.js"
import { linkKey } from "../values/relay.js"
import type { LinkView, RelayView, RouteView, SinkView, SourceView, StoreView } from "../view/relay.js"
import { flowPicture } from "./flow.js"
import { type Html, html } from "./html.js"
import type { Live } from "./live.js"
import { peerSections } from "./peers.js"
import { number, table } from "./table.js"

const anchor = (kind: string, name: string): string => `${kind}-${name}`

function sinkRow(sink: SinkView, live: Live): Html {
  const { name, type, failing } = sink
  const key = `sink/${name}`
  return html`<tr id="${anchor("sink", name)}">
<th scope="row">${name} <small>${type ?? ""}</small></th>
<td><span class="state"${live.tone(`${key}/tone`)}>${live.text(`${key}/state`)}</span>
<p class="why" data-live="${key}/problem"${failing === undefined && html` hidden`}>${live.value(`${key}/problem`)}</p></td>
${number(live.text(`${key}/rate`))}${number(live.text(`${key}/delivered`))}
${number(live.text(`${key}/waiting`))}<td><svg class="spark" viewBox="0 0 ${sparkSize.width} ${sparkSize.height}" aria-hidden="true"><path${live.attribute("d", `${key}/spark`)}/></svg>
<small>${live.text(`${key}/peak`)}</small></td>${number(live.text(`${key}/age`))}
${number(live.text(`${key}/lost`))}${number(html`<a href="/status/dead/${name}" data-live="${key}/dead">${live.value(`${key}/dead`)}</a>`)}
</tr>
`
}

const sourceRow = ({ name, type }: SourceView, live: Live): Html => html`<tr id="${anchor("source", name)}">
<th scope="row">${name} <small>${type}</small></th>
${["rate", "stored", "duplicates", "unrouted", "refused"].map((what) => number(live.text(`source/${name}/${what}`)))}
</tr>
`

const routeRow = ({ name, from, to }: RouteView, live: Live): Html => html`<tr>
<th scope="row">${name}</th>
<td>${listOf(from.map((source) => html`<a href="#${anchor("source", source)}">${source}</a> ${live.text(`route/${name}/from/${source}`)}`))}</td>
<td>${to.length === 0 ? "nowhere" : listOf(to.map((sink) => html`<a href="#${anchor("sink", sink)}">${sink}</a>`))}</td>
${number(live.text(`route/${name}/rate`))}${number(live.text(`route/${name}/taken`))}
</tr>
`

const listOf = (parts: readonly Html[]): Html =>
  html`<ul class="inline">${parts.map((part) => html`<li>${part}</li>`)}</ul>`

function linkRow(link: LinkView, live: Live): Html {
  const { name, direction, identity, peer } = link
  const key = linkKey(link)
  return html`<tr>
<th scope="row">${name}</th>
<td>${direction === "out" ? "to" : "from"} ${peer}</td>
<td>${identity === undefined ? html`<span class="state" data-tone="warn">Not verified: no CURVE</span>` : html`<strong>${identity}</strong>`}</td>
<td>${live.text(`${key}/state`)}</td>
${number(live.text(`${key}/acknowledged`))}${number(live.text(`${key}/underway`))}
</tr>
`
}

function storeSection({ retention }: StoreView, live: Live): Html {
  const facts: [string, Html | string][] = [
    ["Size", live.text("store/bytes")],
    ["Dead letters", live.text("store/dead")],
    ["Positions kept", live.text("store/kept")],
    ["Kept after delivery", duration(retention)],
    ["Durable writes", live.text("store/writes")],
    ["Half of them took", live.text("store/median")],
    ["99 % of them took", live.text("store/slow")],
    ["Refused because full", live.text("store/refused")],
    ["Waiting for room", live.text("store/waiting")],
  ]
  return html`<section aria-labelledby="store">
<h2 id="store">Store</h2>
<dl class="facts">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</section>`
}

/** Its part of the page. */
export function relaySections(relay: RelayView, live: Live): Html {
  const { sources, routes, sinks, links, peers, denials, store } = relay
  const sinkHeads = ["Sink", "State", "Out", "Delivered", "Waiting", "Last hour", "Oldest", "Lost", "Dead letters"]
  return html`<section aria-labelledby="flow"><h2 id="flow">Flow</h2>
<div class="scroll" role="group" aria-labelledby="flow" tabindex="0">${flowPicture(relay, live)}</div>
</section>
${table(
  "sinks",
  "Sinks",
  sinkHeads,
  sinks.map((sink) => sinkRow(sink, live)),
  "There are no sinks.",
)}
<section id="charts" aria-labelledby="charts-title" hidden>
<h2 id="charts-title">The last hour</h2>
<div class="charts"><figure><figcaption>Events that wait, by sink</figcaption><div id="lag-chart" class="chart"></div></figure>
<figure><figcaption>Events a second, in by source and out by sink</figcaption><div id="rate-chart" class="chart"></div></figure></div>
</section>
${table(
  "sources",
  "Sources",
  ["Source", "In", "Stored", "Repeated", "No route", "Refused"],
  sources.map((source) => sourceRow(source, live)),
  "There are no sources.",
)}
${table(
  "routes",
  "Routes",
  ["Route", "From", "To", "Flow", "Taken"],
  routes.map((route) => routeRow(route, live)),
  "There are no routes.",
)}
${table(
  "links",
  "Links to other relays",
  ["Link", "Peer", "Verified identity", "State", "Acknowledged", "Under way"],
  links.map((link) => linkRow(link, live)),
  "No link is configured or connected.",
)}
${peerSections(peers, denials, live)}
${storeSection(store, live)}`
}
