// Ends of tasks and findings as events, over a link: docs/tasks.md#results-as-events.

import { Buffer } from "node:buffer"
import { type LinkSender, type SenderOptions, startSender } from "../../link/index.js"
import type { Entry, Store } from "../../store/index.js"

/** The events that are results. Others are matters of the queue. */
const isResult = (type: string) => /^(task\.(finished|failed|expired|cancelled)|finding\.reported)$/.test(type)

const select = ({ frames }: Entry) => {
  const [type] = frames
  return type !== undefined && isResult(Buffer.from(type).toString("latin1")) ? frames : undefined
}

/** Options of {@link sendResults}: those of a sender of a link. */
export type ResultsOptions = Omit<SenderOptions, "select" | "cursor">

/** The sender of results, and its events. */
export type ResultsSender = LinkSender

/**
 * Sends how tasks ended, and their findings, to a receiver of a link, such as the source `link` of a relay. Each end is stored there once, whatever is
 * killed. What was not sent yet stays in the store of the queue.
 *
 * ```typescript
 * const store = await openStore("./tasks")
 * const server = await serveTasks(store, { bind: "tcp://127.0.0.1:5580" })
 * const sender = await sendResults(store, { connect: "tcp://127.0.0.1:5570", insecure: true })
 * ```
 */
export function sendResults(store: Store, options: ResultsOptions): Promise<ResultsSender> {
  return startSender(store, { ...options, cursor: "tasks results", select })
}
