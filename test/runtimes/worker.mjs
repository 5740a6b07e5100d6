// The threads of checks/workers.mjs.

import { parentPort, workerData } from "node:worker_threads"
import * as zmq from "ohmq"

const roles = {
  async echo(endpoint) {
    const pair = new zmq.Pair()
    pair.connect(endpoint)
    for await (const message of pair) {
      if (String(message) === "end") break
      await pair.send(message)
    }
    pair.close()
  },
  async send(endpoint) {
    const push = new zmq.Push()
    push.connect(endpoint)
    for (let index = 0; index < 100; index += 1) await push.send(Buffer.alloc(5000, index))
    push.close()
  },
  async wait() {
    const [pull, push, bound] = [new zmq.Pull(), new zmq.Push(), new zmq.Reply()]
    await bound.bind("tcp://127.0.0.1:*")
    bound.events.on("accept", () => {})
    pull.receive()
    push.send("x")
    bound.receive()
    parentPort.postMessage("waits")
  },
  async flood(endpoint) {
    const push = new zmq.Push({ linger: 0 })
    push.connect(endpoint)
    for (;;) await push.send("flood")
  },
  async exit() {
    new zmq.Pull().receive()
    process.exit(7)
  },
  async idle() {
    const pull = new zmq.Pull()
    await pull.bind("tcp://127.0.0.1:*")
  },
}

await roles[workerData.role](workerData.endpoint)
