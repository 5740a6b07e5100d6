// A queue, a worker or both of them, as processes that can be killed.
// end.mjs serve STORE ENDPOINT | end.mjs work ENDPOINT,... NAME LOG

import { appendFileSync } from "node:fs"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { openStore } from "ohmq-toolkit/store"
import { serveTasks, Worker } from "ohmq-toolkit/tasks"

const [role, ...args] = process.argv.slice(2)
const say = (text) => process.stdout.write(`${text}\n`)

if (role === "serve") {
  const [folder, bind] = args
  const store = await openStore(folder, { segmentBytes: 1 << 20 })
  const server = await serveTasks(store, { bind, lease: 700 })
  server.on("failed", (error) => say(`failed ${error.message}`))
  say(`serves ${server.endpoint}`)
} else {
  const [connect, name, file] = args
  // Each start and end of an attempt, in one write each, so that a kill tears none.
  const log = (what, job) =>
    appendFileSync(file, `${JSON.stringify({ what, id: job.id, lease: job.lease, key: job.key, at: Date.now() })}\n`)
  const worker = new Worker({
    connect: connect.split(","),
    name,
    concurrency: 4,
    handler: async (job) => {
      log("start", job)
      try {
        await wait(job.input.time, undefined, { signal: job.signal })
      } catch {
        log("abort", job)
        throw job.signal.reason
      }
      if (job.input.fails >= job.attempt) {
        log("fail", job)
        throw new Error(`attempt ${job.attempt} fails`)
      }
      log("end", job)
      return { lease: job.lease }
    },
  })
  worker.on("connected", () => say("connected"))
}
