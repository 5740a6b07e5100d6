// The first page.

import type { History } from "../history.js"
import { liveValues, shapeOf } from "../live-values.js"
import { count, time } from "../values/format.js"
import type { Snapshot } from "../view/subject.js"
import { approvalSection } from "./approvals.js"
import { auditSections } from "./audit.js"
import { type Html, html } from "./html.js"
import { layout, type Visitor } from "./layout.js"
import { Live } from "./live.js"
import { relaySections } from "./relay.js"
import { workSections } from "./work.js"

const summary = ({ relay, started, version }: Snapshot, live: Live): Html => html`<h1>Status</h1>
<p class="summary"><span class="state"${live.tone("state/tone")}>${live.text("state")}</span>
<span>Version ${version}</span>
<span>Runs since ${time(started)} (${live.text("uptime")})</span>
<span>As of ${live.text("updated")}</span>
${relay && html`<span>${count(relay.sinks.length)} ${relay.sinks.length === 1 ? "sink" : "sinks"}</span>`}</p>
<p id="live" class="notice" role="status"></p>
<p id="still" class="note">Live updates and charts need JavaScript. Everything else works without it: load the page again for newer figures.</p>`

/** The page. */
export function overviewPage(snapshot: Snapshot, history: History, visitor: Visitor): string {
  const live = new Live(liveValues(snapshot, history))
  const { relay, work, approvals, audit } = snapshot
  return layout(visitor.frame, {
    title: "Status",
    isLive: true,
    shape: shapeOf(snapshot),
    content: html`${summary(snapshot, live)}
${approvals && approvalSection(approvals)}
${relay && relaySections(relay, live)}
${work && workSections(work, live, visitor.formToken)}
${audit && auditSections(audit, live)}`,
  })
}
