// Worker threads, garbage collection.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"

export const checks = new Checks(3)
const { add } = checks

/** A program whose workers run `worker`, in which `ready()` tells the main thread that they are under way. */
const withWorkers = (packageName, worker, main) => `
  const source = ${JSON.stringify(`
    const zmq = require("${packageName}")
    const { parentPort, workerData } = require("node:worker_threads")
    const ready = () => parentPort.postMessage("ready")
    ;(async () => { ${worker} })()
  `)}
  const start = (workerData) => new threads.Worker(source, { eval: true, execArgv: [], workerData })
  const event = (worker, name) => new Promise((resolve, reject) => { worker.once(name, resolve); worker.once("error", reject) });
  (async () => { ${main}; console.log("done") })()`

const works = async (t, worker, main) => {
  const { status, stdout, stderr } = await t.program(withWorkers(t.packageName, worker, main))
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "done\n", stderr: "" })
}

add("inproc goes from thread to thread, by the default context", (_, t) =>
  works(
    t,
    `const s = new zmq.Request(); s.connect("inproc://main"); await s.send("question"); await s.receive(); s.close()`,
    `const s = new zmq.Reply(); await s.bind("inproc://main"); const worker = start()
     const ended = event(worker, "exit")
     if (String(await s.receive()) !== "question") throw new Error("wrong")
     await s.send("answer"); await ended; s.close()`,
  ),
)
add("a worker has all exports", (_, t) =>
  works(
    t,
    `parentPort.postMessage(Object.keys(zmq).length)`,
    `const [count] = [await event(start(), "message")]; if (count !== Object.keys(zmq).length) throw new Error(String(count))`,
  ),
)
add("a worker ends by itself when its sockets are closed", (_, t) =>
  works(t, `const s = new zmq.Pull(); await s.bind("tcp://127.0.0.1:*"); s.close()`, `await event(start(), "exit")`),
)
add("a worker ends by itself with sockets left open", (_, t) =>
  works(t, `const s = new zmq.Pull(); await s.bind("tcp://127.0.0.1:*")`, `await event(start(), "exit")`),
)
add("a worker stays alive while it receives", (_, t) =>
  works(
    t,
    `const s = new zmq.Pull(); s.connect("inproc://main"); await s.receive(); ready(); s.close()`,
    `const s = new zmq.Push(); await s.bind("inproc://main"); const worker = start(); await sleep(100)
     const told = event(worker, "message"); await s.send("x"); await told; s.close()`,
  ),
)
add("three workers, one after the other, use the same inproc address", (_, t) =>
  works(
    t,
    `const s = new zmq.Pull(); await s.bind("inproc://again"); s.close()`,
    `for (let i = 0; i < 3; i++) await event(start(i), "exit")`,
  ),
)
add("workers may be the only ones to use the package", async (_, t) => {
  const { status, stdout } = await t.program(
    `const { Worker } = require("node:worker_threads")
     const worker = new Worker('const zmq = require("${t.packageName}"); new zmq.Dealer().bindSync("tcp://127.0.0.1:*")', { eval: true, execArgv: [] })
     worker.on("exit", (code) => console.log("ended", code))`,
    { bare: true },
  )
  assert.deepEqual({ status, stdout }, { status: 0, stdout: "ended 0\n" })
})

// --- What must not happen when a worker is ended in the middle of something

for (const [what, worker] of [
  ["a receive", `const s = new zmq.Pull(); s.bindSync("tcp://127.0.0.1:*"); s.receive(); ready()`],
  ["a send", `const s = new zmq.Push(); s.bindSync("tcp://127.0.0.1:*"); s.send("x"); ready()`],
  ["an iterator", `const s = new zmq.Pull(); s.bindSync("tcp://127.0.0.1:*"); ready(); for await (const _ of s);`],
  ["events", `const s = new zmq.Pull(); s.events.receive(); ready()`],
]) {
  add(`terminate() of a worker with ${what} pending does not harm the process`, (_, t) =>
    works(
      t,
      worker,
      `for (let i = 0; i < 5; i++) { const worker = start(i); await event(worker, "message"); await worker.terminate() }`,
    ),
  )
  add(`process.exit() in a worker with ${what} pending does not harm the process`, (_, t) =>
    works(
      t,
      `setTimeout(() => process.exit(0), 20); ${worker}`,
      `for (let i = 0; i < 5; i++) await event(start(i), "exit")`,
    ),
  )
}
for (const size of [100, 1000, 100_000]) {
  add(`messages of ${size} bytes that are queued when their worker ends arrive intact`, (_, t) =>
    works(
      t,
      `const s = new zmq.Push(); s.connect("inproc://main"); for (let i = 0; i < 50; i++) await s.send(Buffer.alloc(${size}, i + 1))`,
      `const s = new zmq.Pull(); await s.bind("inproc://main")
       for (let round = 0; round < 3; round++) {
         await event(start(), "exit"); gc(); const noise = Array.from({ length: 200 }, () => Buffer.alloc(${size}, 255))
         for (let i = 0; i < 50; i++) {
           const [part] = await s.receive()
           if (!part.equals(Buffer.alloc(${size}, i + 1))) throw new Error("corrupt")
         }
       }
       s.close()`,
    ),
  )
}

// --- Garbage collection

const collects = async (t, program) => {
  const { status, stdout, stderr } = await t.program(`
    const { readdirSync } = require("node:fs")
    const count = () => readdirSync("/proc/self/fd").length + readdirSync("/proc/self/task").length
    const collect = async () => { for (let i = 0; i < 5; i++) { gc(); await sleep(10) } };
    (async () => { ${program}; process.exit(0) })()`)
  assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" })
}
const eventually = (condition) =>
  `for (let i = 0; i < 15 && !(${condition}); i++) await collect(); if (!(${condition})) throw new Error("kept")`

add("a context that nobody holds frees its threads and descriptors", (_, t) =>
  collects(
    t,
    `new zmq.Dealer(); const before = count()
     for (let i = 0; i < 20; i++) { const s = new zmq.Push({ context: new zmq.Context() }); s.bindSync("tcp://127.0.0.1:*"); s.close() }
     ${eventually("count() < before + 15")}`,
  ),
)
add("a socket that nobody holds gives back its descriptors", (_, t) =>
  collects(
    t,
    `new zmq.Dealer(); const before = count(); for (let i = 0; i < 100; i++) new zmq.Dealer()
     ${eventually("count() < before + 20")}`,
  ),
)
for (const [what, make] of [
  ["a socket that was closed", `(() => { const s = new zmq.Dealer(); s.close(); return s })()`],
  ["a socket that was left", `new zmq.Dealer()`],
  ["a context", `new zmq.Context()`],
  ["a socket's events", `new zmq.Dealer().events`],
]) {
  // Made a few at a time: JavaScriptCore keeps whatever looks like a pointer on the stack of the turn.
  add(`${what} is collectable`, (_, t) =>
    collects(
      t,
      `let alive = 20; const r = new FinalizationRegistry(() => { alive -= 1 })
       for (let i = 0; i < 20; i++) { r.register(${make}); if (i % 4 === 0) await sleep(1) }
       ${eventually("alive < 5")}`,
    ),
  )
}
for (const size of [100, 5000]) {
  add(`buffers of ${size} bytes that were sent and received are collectable`, (_, t) =>
    collects(
      t,
      `const a = new zmq.Push(), b = new zmq.Pull(); await a.bind("tcp://127.0.0.1:*"); b.connect(a.lastEndpoint)
       let alive = 0; const r = new FinalizationRegistry(() => { alive -= 1 })
       await (async () => {
         for (let i = 0; i < 50; i++) { const x = Buffer.alloc(${size}, i); r.register(x); alive += 1; await a.send(x); await b.receive() }
       })()
       ${eventually("alive < 10")}`,
    ),
  )
  add(`buffers of ${size} bytes are kept until they are sent`, (_, t) =>
    collects(
      t,
      `const a = new zmq.Push(), b = new zmq.Pull(); await a.bind("inproc://x"); b.connect("inproc://x")
       await (async () => { for (let i = 0; i < 50; i++) await a.send(Buffer.alloc(${size}, i + 1)) })()
       await collect(); const noise = Array.from({ length: 200 }, () => Buffer.alloc(${size}, 255))
       for (let i = 0; i < 50; i++) { const [x] = await b.receive(); if (!x.equals(Buffer.alloc(${size}, i + 1))) throw new Error("corrupt") }`,
    ),
  )
}
