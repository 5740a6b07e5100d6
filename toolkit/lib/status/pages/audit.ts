// Audit logs on the first page: how far the last checkpoint goes, and the last entries.

import { shownEntries } from "../values/audit.js"
import type { AuditView } from "../view/audit.js"
import { type Html, html } from "./html.js"
import type { Live } from "./live.js"
import { number, table } from "./table.js"

function entryRow(key: string, live: Live): Html {
  return html`<tr>
${number(live.text(`${key}/index`))}<td class="when">${live.text(`${key}/time`)}</td><td>${live.text(`${key}/type`)}</td>
<td class="reason">${live.text(`${key}/text`)}</td><td><a${live.attribute("href", `${key}/proof`)}>${live.text(`${key}/proof/text`)}</a></td>
</tr>
`
}

function logSection({ name, origin, recent }: AuditView, live: Live): Html {
  const key = `audit/${name}`
  const rows = recent.slice(0, shownEntries).map((_, row) => entryRow(`${key}/${row}`, live))
  return html`${table(
    `audit-${name}`,
    `Audit log ${name}`,
    ["Entry", "Time", "Type", "Content", "Proof"],
    rows,
    "It has no entries.",
  )}
<dl class="facts"><div><dt>Name in checkpoints</dt><dd>${origin}</dd></div><div><dt>Entries</dt><dd>${live.text(`${key}/size`)}</dd></div>
<div><dt>Last checkpoint</dt><dd>${live.text(`${key}/checkpoint`)}</dd></div><div><dt>Its root</dt><dd><code>${live.text(`${key}/root`)}</code></dd></div></dl>`
}

/** Their part of the page. */
export const auditSections = (logs: readonly AuditView[], live: Live): Html =>
  html`${logs.map((log) => logSection(log, live))}`
