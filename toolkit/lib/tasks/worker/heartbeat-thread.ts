// The thread that sends heartbeats. It has connections of its own, so that leases are kept while a worker computes.

import { parentPort } from "node:worker_threads"
import { Beats } from "./beats.js"
import type { FromHeartbeats, ToHeartbeats } from "./heartbeat-messages.js"

const port = parentPort
if (port === null) throw new Error("This file is the program of a thread")

const say = (message: FromHeartbeats) => port.postMessage(message)
const workers = new Map<number, Beats>()

port.on("message", (message: ToHeartbeats) => {
  if (message.do === "change") {
    for (const { worker, added, removed } of message.changes) workers.get(worker)?.change(added, removed)
    return
  }
  const { worker } = message
  const beats = workers.get(worker)
  switch (message.do) {
    case "open":
      workers.set(
        worker,
        new Beats(message.target, message.instance, {
          lost: (lost, reason) => say({ worker, lost, reason }),
          ready: () => say({ worker, ready: true }),
        }),
      )
      break
    case "lease":
      beats?.setTime(message.time)
      break
    case "close":
      beats?.close()
      workers.delete(worker)
  }
})
