// Submits a scan for each push that it reads: submit.mjs QUEUE. The id of the push is that of the task, so that a push is scanned once.

import process from "node:process"
import { createInterface } from "node:readline"
import { TaskClient } from "ohmq-toolkit/tasks"

const tasks = []
for await (const line of createInterface({ input: process.stdin })) {
  const { id, data } = JSON.parse(line)
  tasks.push({ id, input: { path: `checkouts/${data.after}/main.c` }, attempts: 1000, backoff: 100 })
}
const client = new TaskClient({ connect: process.argv[2], timeout: 10_000 })
try {
  await client.submit(tasks)
} catch ({ message }) {
  // The relay tries again.
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
} finally {
  client.close()
}
