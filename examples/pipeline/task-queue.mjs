// The task queue hands files to the workers, and drops a task only when analytics has its result. Until then it
// can hand the task out again: a worker may be killed at any point, even after it reported that it had finished.

import * as zmq from "ohmq"

import { ask } from "./child.mjs"
import { bind, connect } from "./links.mjs"

/** How often to ask the orchestrator whether workers were lost, and look for overdue tasks. */
const LOOK = 250
/** A task without a result for OVERDUE goes to another worker; a scan without any result for HOPELESS fails. */
const OVERDUE = 60_000
const HOPELESS = 180_000

const [notices, link] = await bind(zmq.Pull)
const files = await ask("files", { links: { notices: link } })

/** Tasks without a result, and those among them to hand out, in this order. */
const open = new Map(files.map((file, id) => [`${id}`, { file }]))
const waiting = new Set(open.keys())
/**
 * One Push per worker: a single one would hand out tasks in turn, however busy each worker is, and would not
 * know which task a lost worker had.
 */
const workers = new Map()
let lastLook = performance.now()
let lastResult = lastLook
let messages = 0

async function handOut(name, worker) {
  for (const id of waiting) {
    waiting.delete(id)
    const task = open.get(id)
    if (!task) continue
    worker.task = id
    Object.assign(task, { worker: name, sent: performance.now() })
    messages += 1
    return worker.push.send([id, task.file])
  }
}

const on = {
  ready: (name, body) => workers.set(name, { push: connect(zmq.Push, JSON.parse(body)) }),
  finished: (name) => workers.has(name) && delete workers.get(name).task,
  counted: (_, id) => {
    open.delete(id)
    lastResult = performance.now()
  },
}

async function lookAround() {
  lastLook = performance.now()
  const { lost } = await ask("state", { open: open.size, messages })
  for (const [id, { worker, sent }] of open) {
    if (lost.includes(worker) || lastLook - sent > OVERDUE) waiting.add(id)
  }
  if (lastLook - lastResult > HOPELESS) {
    const [{ file }] = open.values()
    await ask("state", { failure: `No result for three minutes; unfinished is ${JSON.stringify(file)}` })
  }
  for (const name of lost) {
    workers.get(name)?.push.close()
    workers.delete(name)
  }
}

while (open.size > 0) {
  for (const [name, worker] of workers) if (!worker.task) await handOut(name, worker)
  const notice = await notices.receive({ timeout: LOOK }).catch((error) => {
    if (error.code !== "EAGAIN") throw error
  })
  if (notice) {
    const [what, from, about] = notice.map(String)
    on[what](from, about)
    messages += 1
  }
  if (performance.now() - lastLook >= LOOK) await lookAround()
}
await ask("state", { open: 0, messages })
