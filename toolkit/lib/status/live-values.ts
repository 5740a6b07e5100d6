// The texts on the page that change while it is open, by key. The page is made of them, and the same are sent to a page that is open.

import type { History } from "./history.js"
import { auditShape, auditValues } from "./values/audit.js"
import { duration, time } from "./values/format.js"
import { relayShape, relayValues } from "./values/relay.js"
import type { Tone } from "./values/tone.js"
import { workShape, workValues } from "./values/work.js"
import type { Snapshot } from "./view/subject.js"

function stateOf({ state, relay }: Snapshot): [text: string, tone: Tone] {
  if (state === "starting") return ["Starting", "warn"]
  if (state === "draining") return ["Stopping", "bad"]
  if (relay === undefined) return ["Works", "good"]
  if (relay.store.waitingForRoom > 0) return ["The store is full: sources wait", "bad"]
  return ["Takes events", "good"]
}

/** All of them. */
export function liveValues(snapshot: Snapshot, history: History): Record<string, string> {
  const { time: now, started, relay, work, audit = [] } = snapshot
  const [state, tone] = stateOf(snapshot)
  return {
    state,
    "state/tone": tone,
    updated: time(now),
    uptime: duration(now - started),
    ...(relay && relayValues(relay, now, history)),
    ...(work && workValues(work, now)),
    ...auditValues(audit),
  }
}

/** What the page is made of. If this changes, a page that is open has to be loaded again. */
export const shapeOf = ({ started, relay, work, approvals = [], audit = [] }: Snapshot): string =>
  JSON.stringify([
    started,
    relay && relayShape(relay),
    work && workShape(work),
    approvals.map(({ id, approvedBy }) => [id, approvedBy]),
    auditShape(audit),
  ])
