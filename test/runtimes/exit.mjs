// Programs that end, each in a process of its own: with which status, and what they print. `exit.mjs NAME` runs one.

import { tmpdir } from "node:os"
import path from "node:path"
import { pathToFileURL } from "node:url"

const zmq = await import("ohmq")

const nobody = "tcp://127.0.0.1:9"

/** Tells that it still runs after a while, and ends. */
const tellAlive = () =>
  setTimeout(() => {
    console.log("alive")
    process.exit(0)
  }, 300).unref()

/** @type {Record<string, { run(): Promise<void>, status?: number, stdout?: string, stderr?: RegExp, atLeast?: number, gone?: boolean }>} */
export const exits = {
  "sockets are closed": {
    async run() {
      const push = new zmq.Push()
      await push.bind("tcp://127.0.0.1:*")
      push.close()
    },
  },
  "sockets are left open": {
    async run() {
      await new zmq.Push().bind("tcp://127.0.0.1:*")
      new zmq.Pair({ context: new zmq.Context() })
    },
  },
  "a waiting receive is unref'd": {
    async run() {
      const pull = new zmq.Pull()
      pull.bindSync("inproc://x")
      pull.unref().receive()
      pull.unref()
    },
  },
  "a waiting receive is closed": {
    async run() {
      const pull = new zmq.Pull()
      pull.receive().catch(() => {})
      pull.close()
    },
  },
  "a waiting receive has timed out": {
    async run() {
      await new zmq.Pull({ receiveTimeout: 20 }).receive().catch(({ code }) => console.log(code))
    },
    stdout: "EAGAIN\n",
  },
  // Marking memory of an addon as untransferable makes Node.js 26.9 crash here (v8::FromJust in RunCleanup).
  "a large message was sent on": {
    async run() {
      const [push, pull] = [new zmq.Push({ linger: 0 }), new zmq.Pull()]
      await pull.bind("inproc://x")
      push.connect("inproc://x")
      await push.send(Buffer.alloc(5000))
      globalThis.kept = await pull.receive()
      await push.send(globalThis.kept)
    },
  },
  "it runs on while a receive waits": {
    async run() {
      const pull = new zmq.Pull()
      pull.bindSync("inproc://x")
      pull.receive()
      tellAlive()
    },
    stdout: "alive\n",
  },
  "it runs on while a send waits": {
    async run() {
      new zmq.Push().send("x")
      tellAlive()
    },
    stdout: "alive\n",
  },
  "it runs on after ref()": {
    async run() {
      const pull = new zmq.Pull().unref()
      pull.receive()
      pull.ref()
      tellAlive()
    },
    stdout: "alive\n",
  },
  "it runs on while a proxy runs": {
    async run() {
      const proxy = new zmq.Proxy(new zmq.Pull(), new zmq.Push())
      await proxy.frontEnd.bind("tcp://127.0.0.1:*")
      await proxy.backEnd.bind("tcp://127.0.0.1:*")
      proxy.run()
      tellAlive()
    },
    stdout: "alive\n",
  },
  "process.exit() while operations wait": {
    async run() {
      new zmq.Pull().receive()
      new zmq.Push().send("x")
      new zmq.Pull().bind("tcp://127.0.0.1:*")
      process.exit(3)
    },
    status: 3,
  },
  "process.exit() from a message": {
    async run() {
      const [push, pull] = [new zmq.Push({ linger: 0 }), new zmq.Pull()]
      await pull.bind("tcp://127.0.0.1:*")
      push.connect(pull.lastEndpoint)
      const received = pull.receive().then(() => process.exit(4))
      await push.send("x")
      await received
    },
    status: 4,
  },
  "process.exit() with an ipc endpoint, whose file goes": {
    async run() {
      const file = path.join(tmpdir(), `ohmq-exit-${process.pid}`)
      await new zmq.Pull().bind(`ipc://${file}`)
      console.log(file)
      process.exit(0)
    },
    gone: true,
  },
  "process.exit() while a proxy runs": {
    async run() {
      const proxy = new zmq.Proxy(new zmq.Pull(), new zmq.Push())
      await proxy.frontEnd.bind("tcp://127.0.0.1:*")
      await proxy.backEnd.bind("tcp://127.0.0.1:*")
      proxy.run()
      setTimeout(() => process.exit(5), 50)
    },
    status: 5,
  },
  "an error is thrown while operations wait": {
    async run() {
      new zmq.Pull().receive()
      throw new Error("thrown")
    },
    status: 1,
    stderr: /thrown/,
  },
  "queued messages are dropped after a linger": {
    async run() {
      const push = new zmq.Push({ linger: 50 })
      push.connect(nobody)
      await push.send("x")
    },
  },
  "queued messages are waited for": {
    async run() {
      const push = new zmq.Push({ linger: 1000 })
      push.connect(nobody)
      await push.send("x")
    },
    stderr: /Waiting for queued ZeroMQ messages/,
    atLeast: 1000,
  },
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await exits[process.argv[2]].run()
}
