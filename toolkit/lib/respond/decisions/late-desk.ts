// The sink of the relay that is inside a responder: a desk that may come later, once the audit log can be opened. Until then, alerts wait.

import type { Outcome, Outgoing, Sink } from "../../relay/components.js"
import type { Desk } from "./desk.js"

export class LateDesk implements Sink {
  /** Who decides, once there is an audit log for the decisions. */
  desk: Desk | undefined
  /** Why there is none yet. */
  problem = ""

  async start(): Promise<void> {}

  async deliver(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome[]> {
    const { desk, problem } = this
    return desk === undefined ? batch.map(() => ({ retry: problem })) : desk.deliver(batch, signal)
  }

  async stop(): Promise<void> {}
}
