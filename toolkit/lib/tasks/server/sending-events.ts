// The events of a queue, over a link: docs/tasks.md#events.

import { type LinkSender, type SenderOptions, startSender } from "../../link/index.js"
import type { Entry, Store } from "../../store/index.js"

/** What only the queue itself needs: to be opened again, and to free older entries. */
const own = new Set(["task.opened", "task.alive", "task.kept", "task.state"])

const select = ({ frames }: Entry) => (own.has(String(frames[0])) ? undefined : frames)

/** The cursor of the store that says what was sent. Remove it to give up what was not: `store.removeCursor(eventsCursor)`. */
export const eventsCursor = "relay"

/** Options of {@link sendEvents}: those of a sender of a link. */
export type SendEventsOptions = Omit<SenderOptions, "select" | "cursor">

/**
 * Sends the events of a queue, such as how tasks ended and their findings, to a receiver of a link, such as the source `link` of a relay. Each is stored there
 * once, whatever is killed. What was not sent yet stays in the store of the queue.
 *
 * ```typescript
 * const store = await openStore("./tasks")
 * const server = await serveTasks(store, { bind: "tcp://127.0.0.1:5580" })
 * const sender = await sendEvents(store, { connect: "tcp://127.0.0.1:5570", insecure: true })
 * ```
 */
export function sendEvents(store: Store, options: SendEventsOptions): Promise<LinkSender> {
  return startSender(store, { ...options, cursor: eventsCursor, select })
}
