// Leases as workers get them.

import type { Task } from "../queue/index.js"
import type { Granted } from "./engine.js"

/** Leases of one turn, for each connection those that go in one message. */
export function byConnection(granted: readonly Granted[]): Map<string, Granted[]> {
  const groups = new Map<string, Granted[]>()
  for (const one of granted) {
    const { connection } = one.seat
    const mine = groups.get(connection)
    if (mine) mine.push(one)
    else groups.set(connection, [one])
  }
  return groups
}

/** The body of a message with leases of one connection. */
export const leaseBody = (mine: readonly Granted[]): string =>
  `{"session":${mine[0]?.seat.session},"leases":[${mine.map(({ task }) => leaseText(task)).join(",")}]}`

/** The JSON of a lease. The input is JSON already. */
function leaseText({ id, lease, attempt, options, queue, key, batch, input }: Task): string {
  const { attempts, timeout } = options
  const head = JSON.stringify({ id, lease, attempt, attempts, timeout, queue, key, batch })
  return `${head.slice(0, -1)},"input":${input}}`
}
