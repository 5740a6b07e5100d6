// A client of a contender, in a process of its own: submits tasks, or works on them.

import process from "node:process"
import { setTimeout as sleep } from "node:timers/promises"

const now = () => performance.timeOrigin + performance.now()
let one
let count = 0
let times = []
let heard = () => {}

/** What a worker does with a task: almost nothing. */
function handler(input) {
  count++
  if (input?.at) times.push(now() - input.at)
  heard()
}

const until = (to) =>
  new Promise((resolve) => {
    heard = () => {
      if (count < to) return
      heard = () => {}
      resolve()
    }
    heard()
  })

const actions = {
  async open({ peer, given, role, concurrency, workers }) {
    const module = await import(`./peers/${peer}.mjs`)
    if (role === "submit") one = await module.submitter(given)
    else
      for (let worker = 0; worker < workers; worker++)
        await module.worker(given, Math.max(Math.floor(concurrency / workers), 1), handler)
  },
  async submit({ count }) {
    const inputs = Array.from({ length: 500 }, (_, n) => ({ n }))
    // As many batches under way as pay.
    let left = count
    const run = async () => {
      while (left > 0) {
        const some = Math.min(left, inputs.length)
        left -= some
        await one(inputs.slice(0, some))
      }
    }
    await Promise.all([run(), run(), run(), run()])
  },
  async time({ count, every }) {
    for (let n = 0; n < count; n++) {
      const next = sleep(every)
      await Promise.all([one([{ at: now() }]), next])
    }
  },
  async count({ to }) {
    await until(to)
  },
  async cpu() {
    const { user, system } = process.cpuUsage()
    return { cpu: (user + system) / 1e6 }
  },
  async times({ to }) {
    times = []
    await until(to)
    return { times }
  },
}

process.on("message", ({ action, ...rest }) => {
  actions[action](rest).then(
    (answer) => process.send(answer ?? {}),
    (error) => process.send({ error: error.stack ?? String(error) }),
  )
})
process.on("disconnect", () => process.exit())
