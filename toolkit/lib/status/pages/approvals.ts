// Responses that wait for people: on the first page, and each on a page of its own, where it is approved or refused.

import { plural, time } from "../values/format.js"
import type { ApprovalView } from "../view/approvals.js"
import { type Html, html } from "./html.js"
import { type Frame, hidden, layout } from "./layout.js"
import { table } from "./table.js"

/** The address of one. */
export const approvalUrl = (id: string): string => `/status/approvals/${id}`

const people = ({ needed, approvedBy }: ApprovalView): string =>
  `${approvedBy.length} of ${plural(needed, "person", "people")}${approvedBy.length > 0 ? `: ${approvedBy.join(", ")}` : ""}`

const row = (approval: ApprovalView): Html => html`<tr>
<th scope="row"><a href="${approvalUrl(approval.id)}">${approval.action}</a></th>
<td>${approval.subject}</td><td>${approval.rule}</td><td class="when">${time(approval.since)}</td><td class="when">${time(approval.until)}</td>
<td>${people(approval)}</td>
</tr>
`

/** Their part of the first page. */
export const approvalSection = (approvals: readonly ApprovalView[]): Html =>
  table(
    "approvals",
    "Waiting for approval",
    ["Action", "Subject", "Rule", "Asked for", "Refused after", "Approved by"],
    approvals.map(row),
    "No response waits for approval.",
  )

const facts = (approval: ApprovalView): [string, string][] => [
  ["Subject", approval.subject],
  ["Rule", approval.rule],
  ["Asked for", time(approval.since)],
  ["Refused after", time(approval.until)],
  ["Approved by", people(approval)],
]

const form = ({ id }: ApprovalView, formToken: string): Html => html`<form method="post" action="${approvalUrl(id)}">
${hidden("form", formToken)}
<p><label for="why">Reason for a refusal</label> <input id="why" name="why" maxlength="500"></p>
<p class="bar"><button class="main" name="decision" value="approve">Approve</button>
<button class="danger" name="decision" value="refuse">Refuse</button></p></form>`

/** The page of one. */
export function approvalPage(
  frame: Frame,
  approval: ApprovalView,
  { formToken, person }: { formToken: string; person: string | undefined },
): string {
  const parameters = Object.entries(approval.parameters)
  return layout(frame, {
    title: `Approve ${approval.action}?`,
    content: html`<h1>Approve ${approval.action}?</h1>
<dl class="facts">${facts(approval).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${table(
  "parameters",
  "What it would be run with",
  ["Parameter", "Value"],
  parameters.map(([name, value]) => html`<tr><th scope="row">${name}</th><td><code>${value}</code></td></tr>\n`),
  "It has no parameters.",
)}
${
  person === undefined
    ? html`<p class="notice">To approve or refuse it here, log in with a token of your own: the audit log says who it was. <code>http.people</code> in the configuration gives people tokens.</p>`
    : form(approval, formToken)
}
<p><a href="/">To the status page</a></p>`,
  })
}
