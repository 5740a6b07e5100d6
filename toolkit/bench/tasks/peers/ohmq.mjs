// The task queue of the toolkit.

import { TaskClient, Worker } from "ohmq-toolkit/tasks"

export async function submitter({ endpoint }) {
  const client = new TaskClient({ connect: endpoint })
  return (inputs) => client.submit(inputs.map((input) => ({ input })))
}

export function worker({ endpoint }, concurrency, handler) {
  const worker = new Worker({ connect: endpoint, concurrency, handler: ({ input }) => handler(input) })
  return new Promise((resolve) => worker.once("connected", resolve))
}
