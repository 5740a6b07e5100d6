import { describe, expect, it } from "vitest"

import { root, runProgram } from "../support/process.js"

/** A program whose workers run `worker`, in which `ready()` tells the main thread that it is under way. */
const withWorkers = (worker: string, main: string) => `
  const source = ${JSON.stringify(`
    const zmq = require("ohmq")
    const { parentPort, workerData } = require("node:worker_threads")
    const ready = () => parentPort.postMessage("ready")
    ;(async () => { ${worker} })()
  `)}
  const start = (workerData) => new threads.Worker(source, { eval: true, execArgv: [], workerData })
  const event = (worker, name) => new Promise((resolve, reject) => { worker.once(name, resolve); worker.once("error", reject) })
  ${main}
  console.log("done")`

const done = { status: 0, stdout: "done\n", stderr: "" }

async function outcome(program: string, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = await runProgram(program, { timeout: 18_000, env })
  return { status, stdout, stderr }
}

describe("worker.terminate() leaves the process sound", () => {
  it.each([
    ["both", `const s = new zmq.Dealer(); s.bindSync("inproc://b" + workerData); s.send("x"); s.receive(); ready()`],
    ["bind after bind", `const s = new zmq.Pull(); ready(); for (;;) await s.bind("tcp://127.0.0.1:*")`],
    ["a timeout", `const s = new zmq.Pull(); s.receive({ timeout: 60000 }).catch(() => {}); ready()`],
    ["thirty sockets", `for (let i = 0; i < 30; i++) new zmq.Dealer().receive(); ready()`],
    [
      "a saturated pair",
      `const a = new zmq.Push(), b = new zmq.Pull(), name = "inproc://s" + workerData
       a.bindSync(name); b.connect(name); ready()
       ;(async () => { for (;;) await a.send("x") })()
       for (;;) await b.receive()`,
    ],
    ["a context of its own", `const s = new zmq.Pull({ context: new zmq.Context() }); s.receive(); ready()`],
  ])("with %s under way", async (_, worker) => {
    const main = `
      for (let i = 0; i < 12; i++) { const worker = start(i); await event(worker, "message"); await worker.terminate() }
      const a = new zmq.Push(), b = new zmq.Pull()
      a.bindSync("inproc://after"); b.connect("inproc://after")
      await a.send("x"); await b.receive()`
    expect(await outcome(withWorkers(worker, main))).toEqual(done)
  })

  it("in the middle of a call that makes a promise", async () => {
    // Converting so long an address takes a while, and then no promise can be made any more.
    const worker = `
      const s = new zmq.Pull(), address = "inproc://" + "\u00e9".repeat(2 ** 25)
      address.charCodeAt(0); ready(); s.unbind(address); for (;;);`
    const main = `for (let i = 0; i < 4; i++) { const worker = start(i); await event(worker, "message"); await worker.terminate() }`
    // Memory that was not written yet is to be garbage; glibc only.
    expect(await outcome(withWorkers(worker, main), { MALLOC_PERTURB_: "65" })).toEqual(done)
  })

  // The addon itself is called: JavaScript in between would notice the end, except in a moment that no test can hit.
  it.each([
    ["the end of a connection", "addon.endOf(1, true)"],
    ["a new context", "new addon.NativeContext(false)"],
    ["a context's sockets", "context.sockets(true)"],
    ["metadata", `addon.receiveWithMetadata(native.slot, ["X-A"])`],
  ])("in the middle of a call for %s", async (_, call) => {
    const worker = `
      const { addon } = require(${JSON.stringify(`${root}/dist/native/addon.js`)})
      const context = new addon.NativeContext(true), native = new addon.NativeSocket(context, addon.constants.ZMQ_PULL)
      const address = "inproc://" + "\u00e9".repeat(2 ** 25)
      address.charCodeAt(0); ready()
      try { native.disconnect(address) } catch {}
      ${call}
      for (;;);`
    const main = `for (let i = 0; i < 3; i++) { const worker = start(i); await event(worker, "message"); await worker.terminate() }`
    expect(await outcome(withWorkers(worker, main))).toEqual(done)
  })
})

describe("process.exit() in a worker", () => {
  it("ends only that worker, with operations in progress", async () => {
    const worker = `new zmq.Pull().receive(); new zmq.Push().send("x"); setImmediate(() => process.exit(0))`
    const main = `for (let i = 0; i < 12; i++) await event(start(i), "exit")`
    expect(await outcome(withWorkers(worker, main))).toEqual(done)
  })
})

describe("process.exit() of the main thread", () => {
  it("ends workers with operations in progress", async () => {
    const worker = `new zmq.Pull().receive(); ready()`
    const main = `
      const workers = [1, 2, 3].map(start)
      await Promise.all(workers.map((worker) => event(worker, "message")))
      console.log("done"); process.exit(0)`
    expect(await outcome(withWorkers(worker, main))).toEqual(done)
  })
})

describe("workers", () => {
  it("share the default context, so that inproc goes from thread to thread", async () => {
    const worker = `
      const pull = new zmq.Pull(), push = new zmq.Push()
      pull.connect("inproc://tasks"); push.connect("inproc://results"); ready()
      for await (const [task] of pull) { if (String(task) === "end") break; await push.send(String(task * task)) }
      pull.close(); push.close()`
    const main = `
      const tasks = new zmq.Push(), results = new zmq.Pull()
      tasks.bindSync("inproc://tasks"); results.bindSync("inproc://results")
      const workers = [1, 2, 3].map(start)
      await Promise.all(workers.map((worker) => event(worker, "message")))
      const send = (async () => { for (let i = 0; i < 3000; i++) await tasks.send(String(i)) })()
      let sum = 0
      for (let i = 0; i < 3000; i++) sum += Number((await results.receive())[0])
      await send
      if (sum !== 8995500500) throw new Error("wrong sum " + sum)
      // A task goes to one worker; each of them ends with one of these.
      for (const _ of workers) await tasks.send("end")
      await Promise.all(workers.map((worker) => event(worker, "exit")))`
    expect(await outcome(withWorkers(worker, main))).toEqual(done)
  })

  it("can be many, one after the other, without leaving threads or descriptors behind", async () => {
    const worker = `
      const s = new zmq.Pull({ context: new zmq.Context() })
      s.bindSync("tcp://127.0.0.1:*"); s.receive().catch(() => {}); new zmq.Dealer().bindSync("tcp://127.0.0.1:*"); ready()`
    const main = `
      import { readdirSync } from "node:fs"
      const open = () => readdirSync("/proc/self/fd").length + readdirSync("/proc/self/task").length
      const run = async (i) => { const worker = start(i); await event(worker, "message"); await worker.terminate() }
      for (let i = 0; i < 3; i++) await run(i)
      await sleep(300)
      const before = open()
      for (let i = 0; i < 15; i++) await run(i)
      for (let i = 0; i < 50 && open() > before + 3; i++) await sleep(100)
      if (open() > before + 3) throw new Error(\`\${open() - before} threads and descriptors are left\`)`
    expect(await outcome(withWorkers(worker, main))).toEqual(done)
  })
})
