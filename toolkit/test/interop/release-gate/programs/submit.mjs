// Submits a scan for each push that it reads: submit.mjs QUEUE CERT SERVER_CERT. The id of the push is that of the task, so that a push is scanned once.

import process from "node:process"
import { createInterface } from "node:readline"
import { Certificate } from "ohmq/security"
import { TaskClient } from "ohmq-toolkit/tasks"

const [connect, cert, serverCert] = process.argv.slice(2)
const client = await Certificate.load(cert)
const { publicKey: serverKey } = await Certificate.load(serverCert)

const tasks = []
for await (const line of createInterface({ input: process.stdin })) {
  const { id, data } = JSON.parse(line)
  tasks.push({ id, input: { path: `checkouts/${data.after}/main.c` }, attempts: 1000, backoff: 100 })
}
const queue = new TaskClient({ connect, security: { client, serverKey }, timeout: 10_000 })
try {
  await queue.submit(tasks)
} catch ({ message }) {
  // The relay tries again.
  process.stderr.write(`${message}\n`)
  process.exitCode = 1
} finally {
  queue.close()
}
