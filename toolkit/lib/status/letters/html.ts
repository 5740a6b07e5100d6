// The dead letters of a sink: a list by pages, a search, and what can be done with them.

import { type Html, html } from "../pages/html.js"
import { type Frame, hidden, layout } from "../pages/layout.js"
import { count, plural, time } from "../values/format.js"
import type { LetterView, SinkView } from "../view/relay.js"
import { isEverything, type LetterPage, type LetterQuery } from "./search.js"

/** What the list is made of. */
export interface LettersContent {
  readonly sink: SinkView
  readonly query: LetterQuery
  readonly page: LetterPage
  readonly formToken: string
  /** What was done before, and what is still under way. */
  readonly notices: readonly string[]
}

const periods: readonly [text: string, milliseconds: number | undefined][] = [
  ["any time", undefined],
  ["the last 15 minutes", 15 * 60_000],
  ["the last hour", 3_600_000],
  ["the last day", 86_400_000],
]

/** The address of a list. */
export function lettersUrl(sink: string, { after, text, within }: LetterQuery): string {
  const parameters = new URLSearchParams()
  if (text !== "") parameters.set("text", text)
  if (within !== undefined) parameters.set("within", String(within))
  if (after > 0) parameters.set("after", String(after))
  return `/status/dead/${sink}${parameters.size > 0 ? `?${parameters}` : ""}`
}

const searchForm = (
  sink: string,
  { text, within }: LetterQuery,
): Html => html`<form class="search" role="search" action="/status/dead/${sink}">
<label for="text">Text in reason, type, subject, id, source or sender</label>
<input id="text" name="text" type="search" value="${text}">
<label for="within">Given up within</label>
<select id="within" name="within">${periods.map(
  ([name, value]) => html`<option value="${value ?? ""}"${value === within && html` selected`}>${name}</option>`,
)}</select>
<button>Search</button>
</form>`

/** What says which letters an action is for. */
const queryFields = ({ text, within }: LetterQuery): Html =>
  html`${hidden("text", text)}${within !== undefined && hidden("within", within)}`

function letterRow({ id, reason, since, from, sender, event }: LetterView): Html {
  const what = `dead letter ${id}`
  return html`<tr>
<td><input type="checkbox" name="id" value="${id}" aria-label="Select ${what}" form="letters"></td>
<td class="number">${id}</td>
<td class="when">${time(since)}</td>
<td class="reason">${reason}</td>
<td class="event">${
    event === undefined
      ? html`<em>Not shown: a route has to change it first, or it cannot be read</em>`
      : html`<strong>${event.type}</strong>${event.subject !== "" && html` ${event.subject}`}<br><small>${event.id} from ${event.source}</small>`
  }</td>
<td>${from}${sender !== undefined && html`<br><small>sent by ${sender}</small>`}</td>
<td class="actions"><button name="replay" value="${id}" aria-label="Replay ${what}" form="letters">Replay</button>
<button name="discard" value="${id}" aria-label="Discard ${what}" form="letters">Discard</button></td>
</tr>
`
}

/** What applies to several at once. */
function actionBar({ sink, query, page }: LettersContent): Html {
  const all = isEverything(query) ? `all ${count(sink.dead)}` : "all that match"
  if (page.letters.length === 0 && query.after === 0 && !page.isCut) return html``
  return html`<p class="bar" role="group" aria-label="Several dead letters">
<button name="replay" value="selected" form="letters">Replay selected</button>
<button name="discard" value="selected" form="letters">Discard selected</button>
<button name="replay" value="all" form="letters">Replay ${all}</button>
<button name="discard" value="all" form="letters">Discard ${all}</button></p>`
}

function letterTable({ query, page, sink }: LettersContent): Html {
  const { letters, next, isCut } = page
  const nothing = isEverything(query) && query.after === 0 ? `${sink.name} has no dead letters.` : "No more match."
  return html`${
    letters.length === 0 && !isCut
      ? html`<p>${nothing}</p>`
      : html`<div class="scroll" role="group" aria-label="Dead letters" tabindex="0"><table class="letters">
<thead><tr><th scope="col"><span class="hidden">Select</span></th><th scope="col" class="number">Number</th><th scope="col">Given up</th><th scope="col">Reason</th>
<th scope="col">Event</th><th scope="col">From</th><th scope="col"><span class="hidden">Actions</span></th></tr></thead>
<tbody>
${letters.map(letterRow)}</tbody>
</table></div>`
  }
${isCut && html`<p class="notice">This search takes long. It has come to dead letter ${next}; go on for what comes after.</p>`}
<nav class="pages" aria-label="Pages">${query.after > 0 && html`<a href="${lettersUrl(sink.name, { ...query, after: 0 })}">Oldest</a>`}
${next !== undefined && html`<a rel="next" href="${lettersUrl(sink.name, { ...query, after: next })}">Next</a>`}</nav>`
}

/** The list. */
export function lettersPage(frame: Frame, content: LettersContent): string {
  const { sink, query, formToken, notices } = content
  return layout(frame, {
    title: `Dead letters of ${sink.name}`,
    content: html`<h1>Dead letters of ${sink.name}</h1>
<p class="summary"><span>${plural(sink.dead, "dead letter")}</span><span>Oldest first</span><a href="/">To the status page</a></p>
${notices.map((notice) => html`<p class="notice" role="status">${notice}</p>`)}
${searchForm(sink.name, query)}
<form id="letters" method="post" action="/status/dead/${sink.name}">${hidden("form", formToken)}${queryFields(query)}${hidden("after", query.after)}</form>
${actionBar(content)}
${letterTable(content)}`,
  })
}

/** What a discard is for. */
export interface Confirmation {
  readonly sink: string
  readonly query: LetterQuery
  /** `selected` with ids, or `all`. */
  readonly ids: readonly number[] | undefined
  readonly total: number
  readonly formToken: string
}

/** The page that asks before anything is deleted. */
export function confirmPage(frame: Frame, { sink, query, ids, total, formToken }: Confirmation): string {
  const what = plural(ids?.length ?? total, "dead letter")
  return layout(frame, {
    title: "Discard?",
    content: html`<h1>Discard ${what}?</h1>
<p>${sink} will never get ${(ids?.length ?? total) === 1 ? "this event" : "these events"}. This cannot be undone.</p>
<form method="post" action="/status/dead/${sink}">${hidden("form", formToken)}${queryFields(query)}${hidden("after", query.after)}
${(ids ?? []).map((id) => hidden("id", id))}${hidden("confirmed", "yes")}
<p class="bar"><button class="danger" name="discard" value="${ids === undefined ? "all" : "selected"}">Discard ${what}</button>
<a href="${lettersUrl(sink, query)}">Keep ${ids?.length === 1 ? "it" : "them"}</a></p></form>`,
  })
}
