// The task queue of the toolkit.

import { context } from "ohmq"
import { TaskClient, Worker } from "ohmq-toolkit/tasks"

// A worker has two sockets and their monitors, and some measurements have a thousand workers in one process.
context.maxSockets = 10_000

export async function submitter({ endpoint }) {
  const client = new TaskClient({ connect: endpoint })
  return (inputs) => client.submit(inputs.map((input) => ({ input })))
}

export function worker({ endpoint }, concurrency, handler) {
  const worker = new Worker({ connect: endpoint, concurrency, handler: ({ input }) => handler(input) })
  return new Promise((resolve) => worker.once("connected", resolve))
}
