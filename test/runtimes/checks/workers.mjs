// Sockets in worker threads.

import assert from "node:assert/strict"
import { once } from "node:events"
import { Worker } from "node:worker_threads"

import { texts } from "../../support/basics.mjs"

const start = (role, workerData = {}) =>
  new Worker(new URL("../worker.mjs", import.meta.url), { workerData: { ...workerData, role } })

export const checks = {
  async "inproc between threads"(zmq, tools) {
    const pair = tools.open(zmq.Pair)
    await pair.bind(tools.address("inproc"))
    const worker = start("echo", { endpoint: pair.lastEndpoint })
    const ended = once(worker, "exit")
    for (let index = 0; index < 200; index += 1) {
      await pair.send([String(index), Buffer.alloc(5000, index)])
      const [number, bytes] = await pair.receive()
      assert.equal(String(number), String(index))
      assert.ok(bytes.equals(Buffer.alloc(5000, index)))
    }
    await pair.send("end")
    assert.equal((await ended)[0], 0)
  },

  async "tcp between threads, and messages that outlive their worker"(zmq, tools) {
    const pull = tools.open(zmq.Pull)
    await pull.bind(tools.address("tcp"))
    const worker = start("send", { endpoint: pull.lastEndpoint })
    await once(worker, "exit")
    for (let index = 0; index < 100; index += 1) {
      const [part] = await pull.receive()
      assert.ok(part.equals(Buffer.alloc(5000, index)))
    }
  },

  async "worker.terminate() while operations wait"() {
    for (let round = 0; round < 5; round += 1) {
      const worker = start("wait")
      await once(worker, "message")
      await worker.terminate()
    }
  },

  async "worker.terminate() while messages flow"(zmq, tools) {
    for (let round = 0; round < 5; round += 1) {
      const pull = tools.open(zmq.Pull)
      await pull.bind(tools.address("tcp"))
      const worker = start("flood", { endpoint: pull.lastEndpoint })
      for (let index = 0; index < 100; index += 1) assert.deepEqual(texts(await pull.receive()), ["flood"])
      await worker.terminate()
      pull.close()
    }
  },

  async "process.exit() in a worker while operations wait"() {
    const worker = start("exit")
    const [status] = await once(worker, "exit")
    assert.equal(status, 7)
  },

  async "a worker ends when nothing waits"() {
    const [status] = await once(start("idle"), "exit")
    assert.equal(status, 0)
  },
}
