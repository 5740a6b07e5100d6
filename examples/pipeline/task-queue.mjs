// The task queue hands files to the workers, and crosses a task off only when analytics has its result. Until then it
// can hand the task out again: a worker may be killed at any point, also after it said that it had finished.

import * as zmq from "ohmq"

import { ask, settings } from "./child.mjs"
import { bind } from "./links.mjs"

/** How often to ask the orchestrator whether workers were lost, and look for overdue tasks. */
const LOOK = 250
/** After so long without a result a task is given to another worker, and after so many times it is given up. */
const OVERDUE = 15_000
const TRIES = 3
/** Tasks with the workers at one time: enough that they need not wait for more, few enough to share out fairly. */
const WINDOW = 3 * settings.workers

// A worker that stands still is disconnected, so that no task goes there.
const [tasks, tasksLink] = await bind(zmq.Push, { heartbeatInterval: 1000, heartbeatTimeout: 5000 })
const [notices, noticesLink] = await bind(zmq.Pull)
const files = await ask("files", { links: { tasks: tasksLink, finished: noticesLink } })

/** Tasks without a result; those that must be handed out, in this order; and those that workers have. */
const open = new Map(files.map((file, id) => [`${id}`, { file, tries: 0, sent: 0 }]))
const waiting = new Set(open.keys())
const running = new Set()
let lostBefore = 0
let lastLook = Date.now()
let messages = 0

async function handOut() {
  for (const id of waiting) {
    if (running.size >= WINDOW) return
    waiting.delete(id)
    const task = open.get(id)
    if (!task) continue
    running.add(id)
    task.sent = Date.now()
    // Push chooses among the workers that are connected, and waits while there is none.
    await tasks.send([id, task.file])
    messages += 1
  }
}

async function lookAround() {
  lastLook = Date.now()
  const { lost } = await ask("state", { open: open.size, messages })
  const overdue = ([id, task]) => !waiting.has(id) && lastLook - task.sent > OVERDUE
  for (const [id, task] of [...open].filter(overdue)) {
    task.tries += 1
    if (task.tries >= TRIES) await ask("state", { failure: `No worker has scanned ${JSON.stringify(task.file)}` })
    running.delete(id)
    waiting.add(id)
  }
  if (lost === lostBefore) return
  // Nobody can tell which tasks were with the lost worker, so all that have no result are done again, those that have
  // not been handed out yet first. Analytics counts only the first result of each.
  lostBefore = lost
  running.clear()
  for (const id of open.keys()) waiting.add(id)
}

while (open.size > 0) {
  await handOut()
  const notice = await notices.receive({ timeout: LOOK }).catch((error) => {
    if (error.code !== "EAGAIN") throw error
  })
  if (notice) {
    const [what, id] = notice.map(String)
    if (what === "counted") open.delete(id)
    running.delete(id)
    messages += 1
  }
  if (Date.now() - lastLook >= LOOK) await lookAround()
}
await ask("state", { open: 0, messages })
