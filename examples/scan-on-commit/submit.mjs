// From the relay to the task queue: the sink `exec` gives it events as lines of JSON. A push becomes a task for each scanner, and a request to the
// gate becomes a task that decides. The ids follow from the commit, so an event that comes again after a crash adds nothing.

import { text } from "node:stream/consumers"

import { TaskClient } from "ohmq-toolkit/tasks"

import { keys } from "./keys.mjs"
import { scannerNames, taskId } from "./scanners.mjs"

/** The exit code that says: the event is wrong. The relay keeps it as a dead letter. */
const dataError = 65

function tasksOf({ type, id, subject, data }) {
  if (type === "gate.requested")
    return [{ id: `verdict-${id}`, queue: "verdicts", input: { request: id, commit: subject } }]
  const { after: commit, repository } = data
  return scannerNames.map((scanner) => ({
    id: taskId(scanner, commit),
    queue: scanner,
    input: { repository: repository.full_name, commit },
  }))
}

let tasks
try {
  const lines = (await text(process.stdin)).trimEnd().split("\n")
  tasks = lines.flatMap((line) => tasksOf(JSON.parse(line)))
} catch (error) {
  console.error(`Not an event that can become a task: ${error.message}`)
  process.exit(dataError)
}
const client = new TaskClient({ connect: process.env.QUEUE, security: await keys("relay", "queue") })
try {
  await client.submit(tasks)
} finally {
  client.close()
}
