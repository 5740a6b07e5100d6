// A process of a contender: the consumer, the producers, or both. The parent says what to do, with messages; see measure.mjs.

import process from "node:process"

import { events } from "./event.mjs"

const { consumes, peer, producers, size, backlog, ...values } = JSON.parse(process.argv[2])
const { consumer, producer } = await import(`./peers/${peer}.mjs`)

const say = (message) => process.send(message)
const closing = []
let consumed = 0

/** The consumer counts events that it has acknowledged, and says so every few milliseconds. */
async function consume() {
  const opened = await consumer(values, (count) => {
    consumed += count
  })
  let said = 0
  const timer = setInterval(() => {
    if (consumed > said) say({ consumed })
    said = consumed
  }, 5)
  closing.push(async () => {
    clearInterval(timer)
    await opened.close()
  })
  return opened.values
}

/** Each producer waits for the acknowledgement of its event before it sends the next one. */
async function produce(given) {
  const { publish, close } = await producer({ producers, ...values, ...given })
  closing.unshift(close)
  const next = events(size)
  let acknowledged = 0
  let known = 0
  let times
  let stopped = false
  let room = []
  const hasRoom = () => acknowledged - known < backlog

  async function run() {
    while (!stopped) {
      if (!hasRoom()) {
        await new Promise((resolve) => room.push(resolve))
        continue
      }
      const event = next()
      const since = performance.now()
      await publish(event)
      times?.push(performance.now() - since)
      acknowledged += 1
    }
  }

  const wake = () => {
    if (!stopped && !hasRoom()) return
    const woken = room
    room = []
    for (const resolve of woken) resolve()
  }
  let running
  return {
    heard(count) {
      known = count
      wake()
    },
    start() {
      running = Promise.all(Array.from({ length: producers }, run))
      running.catch((error) => {
        throw error
      })
    },
    measure() {
      times = []
    },
    async stop() {
      stopped = true
      wake()
      const measured = times.sort((a, b) => a - b)
      times = undefined
      await running
      const percentile = (p) => measured[Math.floor((measured.length - 1) * p)]
      return { acknowledged, p50: percentile(0.5), p99: percentile(0.99) }
    },
  }
}

let load
const actions = {
  heard: ({ count }) => load.heard(count),
  start: () => load.start(),
  // The rate is counted on the side of the consumer.
  mark: () => say({ mark: { consumed, at: performance.now() } }),
  measure: () => load.measure(),
  stop: async () => say({ stopped: await load.stop() }),
  async close() {
    for (const close of closing) await close()
    process.disconnect()
  },
  async produce({ given }) {
    load = await produce(given)
    say({ ready: {} })
  },
}

process.on("message", ({ action, ...rest }) => actions[action](rest))
// Do not outlive the parent.
process.on("disconnect", () => process.exit())
if (consumes) say({ ready: (await consume()) ?? {} })
else say({ ready: {} })
