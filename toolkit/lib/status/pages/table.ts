// A table below a heading.

import { type Html, html } from "./html.js"

/** Columns of numbers are aligned to the right. */
const numeric = new Set([
  ...["In", "Out", "Stored", "Repeated", "No route", "Refused", "Delivered", "Waiting", "Oldest", "Lost", "Taken"],
  ...["Flow", "Acknowledged", "Under way", "Dead letters", "Running", "Free", "Entry", "Ended", "Finished", "Attempts"],
  "Messages",
])

/** The heads of columns. */
export const heads = (names: readonly string[]): Html =>
  html`<tr>${names.map((name) => html`<th scope="col"${numeric.has(name) && html` class="number"`}>${name}</th>`)}</tr>`

/** A section with a table, or with a sentence if there are no rows. */
export const table = (
  id: string,
  title: string,
  columns: readonly string[],
  rows: readonly Html[],
  empty: string,
): Html => html`
<section aria-labelledby="${id}">
<h2 id="${id}">${title}</h2>
${
  rows.length === 0
    ? html`<p>${empty}</p>`
    : html`<div class="scroll" role="group" aria-labelledby="${id}" tabindex="0"><table>
<thead>${heads(columns)}</thead>
<tbody>
${rows}</tbody>
</table></div>`
}
</section>
`

/** A cell with a number. */
export const number = (content: Html | string | number): Html => html`<td class="number">${content}</td>`
