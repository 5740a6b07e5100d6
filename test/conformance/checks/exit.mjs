// How a process that uses the package ends, and what keeps it alive.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { nobody } from "../toolbox.mjs"

export const checks = new Checks(3)
const { add } = checks

const waits = "WARNING: Waiting for queued ZeroMQ messages to be delivered."

for (const [what, program] of [
  ["when it only loads the package", ""],
  ["when sockets are closed", `const s = new zmq.Push(); s.bindSync("tcp://127.0.0.1:*"); s.close()`],
  ["when sockets are left open", `new zmq.Push().bindSync("tcp://127.0.0.1:*")`],
  [
    "when a socket of each class is left open",
    `for (const name of ["Pair", "Publisher", "Subscriber", "Request", "Reply", "Dealer", "Router", "Pull", "Push", "XPublisher", "XSubscriber", "Stream"]) new zmq[name]()`,
  ],
  ["when sockets were collected", `for (let i = 0; i < 50; i++) new zmq.Dealer(); gc(); setTimeout(gc, 10)`],
  ["when a context is left", `new zmq.Pair({ context: new zmq.Context() })`],
  ["when a context was collected", `new zmq.Context(); gc(); setTimeout(gc, 10)`],
  ["after a publisher sent without being bound", `new zmq.Publisher().send("x")`],
  ["after a bind", `new zmq.Pull().bind("tcp://127.0.0.1:*")`],
  ["after a bind that failed and was caught", `new zmq.Pull().bind("foo://x").catch(() => {})`],
  [
    "after a send and a receive",
    `(async () => { const a = new zmq.Push(), b = new zmq.Pull(); await a.bind("inproc://x"); b.connect("inproc://x"); await a.send("x"); await b.receive() })()`,
  ],
  ["when a waiting receive is closed", `const s = new zmq.Pull(); s.receive().catch(() => {}); s.close()`],
  ["when a waiting send is closed", `const s = new zmq.Push(); s.send("x").catch(() => {}); s.close()`],
  [
    "when a waiting loop is closed",
    `const s = new zmq.Pull(); (async () => { for await (const _ of s); })(); setTimeout(() => s.close(), 10)`,
  ],
  [
    "when a socket is closed during a bind",
    `const s = new zmq.Pull(); s.bind("tcp://127.0.0.1:*").catch(() => {}); s.close()`,
  ],
  ["when a receive times out", `new zmq.Pull({ receiveTimeout: 20 }).receive().catch(() => {})`],
  ["when events were looked at only", `new zmq.Pull().events`],
  [
    "when a socket is closed while its events are read",
    `const s = new zmq.Pull(); (async () => { for await (const _ of s.events); })(); s.bind("tcp://127.0.0.1:*").then(() => s.close())`,
  ],
  [
    "when a socket is closed whose events have a listener",
    `const s = new zmq.Pull(); s.events.on("bind", () => {}); s.bind("tcp://127.0.0.1:*").then(() => s.close())`,
  ],
  ["when a proxy was not run", `new zmq.Proxy(new zmq.Pull(), new zmq.Push())`],
  [
    "when a proxy was terminated",
    `const f = new zmq.Pull(), b = new zmq.Push(); f.bindSync("inproc://f"); b.bindSync("inproc://b"); const p = new zmq.Proxy(f, b); p.run(); setTimeout(() => p.terminate(), 20)`,
  ],
  ["by process.exit() while operations wait", `new zmq.Pull().receive(); new zmq.Push().send("x"); process.exit(0)`],
  ["by process.exit() during a bind", `new zmq.Pull().bind("tcp://127.0.0.1:*"); process.exit(0)`],
  ["by process.exit() while events are read", `new zmq.Pull().events.receive(); process.exit(0)`],
  [
    "when an exit handler uses sockets",
    `const s = new zmq.Push({ linger: 0 }); process.on("exit", () => { s.connect("${nobody}"); s.close() })`,
  ],
]) {
  add(`the process ends with status 0 and says nothing ${what}`, async (_, t) => {
    const { status, stdout, stderr } = await t.program(program)
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "", stderr: "" })
  })
}

for (const [what, program] of [
  ["a receive waits", `const s = new zmq.Pull(); s.bindSync("inproc://x"); s.receive()`],
  ["a receive waits on a socket that nobody holds", `(() => { new zmq.Pull().receive() })()`],
  ["a send waits", `const s = new zmq.Push(); s.bindSync("inproc://x"); s.send("x")`],
  ["a send waits on a socket that nobody holds", `(() => { new zmq.Push().send("x") })()`],
  ["a loop waits", `const s = new zmq.Pull(); (async () => { for await (const _ of s); })()`],
  ["events are received", `new zmq.Pull().events.receive()`],
  ["a loop reads events", `const s = new zmq.Pull(); (async () => { for await (const _ of s.events); })()`],
  ["events have a listener", `new zmq.Pull().events.on("bind", () => {})`],
  [
    "a proxy runs",
    `const f = new zmq.Pull(), b = new zmq.Push(); f.bindSync("inproc://f"); b.bindSync("inproc://b"); globalThis.p = new zmq.Proxy(f, b); p.run()`,
  ],
]) {
  add(`the process stays alive while ${what}`, async (_, t) => {
    const { status, stdout } = await t.program(
      `${program}
      setTimeout(() => { gc(); setTimeout(() => { console.log("alive"); process.exit(0) }, 100).unref() }, 100).unref()`,
    )
    assert.deepEqual({ status, stdout }, { status: 0, stdout: "alive\n" })
  })
}

for (const status of [0, 3]) {
  add(`process.exit(${status}) with a socket open ends with ${status}`, async (_, t) => {
    assert.equal(
      (await t.program(`new zmq.Dealer().bindSync("tcp://127.0.0.1:*"); process.exit(${status})`)).status,
      status,
    )
  })
}
add("process.exitCode is the status", async (_, t) => {
  assert.equal((await t.program(`new zmq.Dealer().bindSync("tcp://127.0.0.1:*"); process.exitCode = 4`)).status, 4)
})
add("an error that nobody catches is the status 1", async (_, t) => {
  const { status, stderr } = await t.program(`new zmq.Dealer().connect(7)`)
  assert.equal(status, 1)
  assert.match(stderr, /Address must be a string/)
})
add("a rejection that nobody catches is the status 1", async (_, t) => {
  const { status, stderr } = await t.program(`new zmq.Dealer({ receiveTimeout: 0 }).receive()`)
  assert.equal(status, 1)
  assert.match(stderr, /Operation was not possible or timed out/)
})
const queued = (options, before = "") =>
  `${before}; const s = new zmq.Push(${options}); s.connect("${nobody}"); s.send("x")`
add("messages that are queued at the end are waited for, which stderr tells", async (_, t) => {
  const { status, stderr, duration } = await t.program(queued("{ linger: 1200 }"))
  assert.equal(status, 0)
  assert.match(stderr, /^\(node:\d+\) /)
  assert.ok(stderr.includes(waits))
  assert.ok(duration > 1200)
})
add("where the context is blocky, stderr tells how to change it", async (_, t) => {
  const { stderr } = await t.program(queued("{ linger: 1200 }"))
  assert.ok(stderr.includes(" Set 'context.blocky = false' to change this behaviour."), stderr)
})
add("messages of a socket that was closed are waited for too", async (_, t) => {
  const { stderr } = await t.program(`${queued("{ linger: 1200 }")}.then(() => s.close())`)
  assert.ok(stderr.includes(waits))
})
add("a linger of 50 ms says nothing", async (_, t) => {
  const { status, stderr } = await t.program(queued("{ linger: 50 }"))
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" })
})
add("a linger of 0 drops them at once", async (_, t) => {
  const { status, stderr } = await t.program(queued("{ linger: 0 }"))
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" })
})
add("a context that is not blocky drops them at once", async (_, t) => {
  const { status, stderr } = await t.program(queued("", "zmq.context.blocky = false"))
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" })
})
add("messages that are queued at the end arrive", async (zmq, t) => {
  const pull = t.open(zmq.Pull)
  await pull.bind(t.address())
  const program = t.program(
    `const s = new zmq.Push(); s.connect("${pull.lastEndpoint}");
     (async () => { for (let i = 0; i < 1000; i++) await s.send(Buffer.alloc(2000, i)) })()`,
  )
  for (let index = 0; index < 1000; index += 1) assert.ok((await pull.receive())[0].equals(Buffer.alloc(2000, index)))
  assert.equal((await program).status, 0)
})
for (const transport of ["tcp", "ipc"]) {
  add(`two processes talk over ${transport}`, async (zmq, t) => {
    const reply = t.open(zmq.Reply)
    await reply.bind(t.address(transport))
    const program = t.program(
      `(async () => { const s = new zmq.Request(); s.connect("${reply.lastEndpoint}"); await s.send("question"); console.log(String(await s.receive())) })()`,
    )
    assert.equal(String(await reply.receive()), "question")
    await reply.send("answer")
    const { status, stdout } = await program
    assert.deepEqual({ status, stdout }, { status: 0, stdout: "answer\n" })
  })
}
