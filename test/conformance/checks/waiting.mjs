// Operations that wait: timeouts, one send and one receive at a time, full queues, `readable` and `writable`.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { nobody, readerNames, texts, transports, writerNames } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const timedOut = "Operation was not possible or timed out"
const busyReading = "Socket is busy reading; only one receive operation may be in progress at any time"
const busyWriting = "Socket is busy writing; only one send operation may be in progress at any time"
const blocked = "Socket is blocked by a bind or unbind operation"

/** Those whose send waits while there is no peer, and those that can receive at first. */
const waiters = ["Pair", "Dealer", "Push", "Request"]
const receivers = readerNames.filter((name) => name !== "Request")

for (const name of receivers) {
  add(`${name}: a receiveTimeout of 0 rejects at once with EAGAIN`, async (zmq, t) => {
    const socket = t.open(zmq[name], { receiveTimeout: 0 })
    t.isErrno(await t.rejection(() => socket.receive()), "EAGAIN", timedOut)
  })
  add(`${name}: a receiveTimeout of 200 ms rejects with EAGAIN then`, async (zmq, t) => {
    const socket = t.open(zmq[name], { receiveTimeout: 200 })
    const started = performance.now()
    t.isErrno(await t.rejection(() => socket.receive()), "EAGAIN", timedOut)
    assert.ok(performance.now() - started > 100)
  })
  add(`${name}: a receive without timeout waits until the close`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const receiving = socket.receive()
    await t.stillPending(30, receiving)
    socket.close()
    t.isErrno(await t.failure(() => receiving), "EAGAIN", timedOut)
  })
  add(`${name}: a second receive throws EBUSY at once`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.receive().catch(() => {})
    t.isErrno(
      t.thrown(() => socket.receive()),
      "EBUSY",
      busyReading,
    )
  })
}
for (const name of readerNames) {
  add(`${name}: a receive on a closed socket throws EBADF at once`, (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.close()
    t.isErrno(
      t.thrown(() => socket.receive()),
      "EBADF",
      "Socket is closed",
    )
  })
  add(`${name}: a receive during a bind throws EBUSY at once`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const running = socket.bind(t.address())
    t.isErrno(
      t.thrown(() => socket.receive()),
      "EBUSY",
      blocked,
    )
    await running
  })
  add(`${name} is not readable at first`, (zmq, t) => assert.equal(t.open(zmq[name]).readable, false))
}
for (const name of waiters) {
  add(`${name}: a sendTimeout of 0 rejects at once with EAGAIN`, async (zmq, t) => {
    const socket = t.open(zmq[name], { sendTimeout: 0 })
    t.isErrno(await t.rejection(() => socket.send("x")), "EAGAIN", timedOut)
  })
  add(`${name}: a sendTimeout of 200 ms rejects with EAGAIN then`, async (zmq, t) => {
    const socket = t.open(zmq[name], { sendTimeout: 200 })
    const started = performance.now()
    t.isErrno(await t.rejection(() => socket.send("x")), "EAGAIN", timedOut)
    assert.ok(performance.now() - started > 100)
  })
  add(`${name}: a send without timeout waits until the close`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const sending = socket.send("x")
    await t.stillPending(30, sending)
    socket.close()
    t.isErrno(await t.failure(() => sending), "EAGAIN", timedOut)
  })
  add(`${name}: a second send throws EBUSY at once`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.send("x").catch(() => {})
    t.isErrno(
      t.thrown(() => socket.send("y")),
      "EBUSY",
      busyWriting,
    )
  })
  add(`${name} is not writable at first`, (zmq, t) => assert.equal(t.open(zmq[name]).writable, false))
}
for (const name of writerNames) {
  add(`${name}: a send on a closed socket throws EBADF at once`, (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.close()
    t.isErrno(
      t.thrown(() => socket.send(["x", "y"])),
      "EBADF",
      "Socket is closed",
    )
  })
  add(`${name}: a send during a bind throws EBUSY at once`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const running = socket.bind(t.address())
    t.isErrno(
      t.thrown(() => socket.send(["x", "y"])),
      "EBUSY",
      blocked,
    )
    await running
  })
}
for (const name of ["Publisher", "XPublisher", "XSubscriber", "Router"]) {
  add(`${name}: a send without a peer resolves, and drops the message`, async (zmq, t) => {
    assert.equal(await t.open(zmq[name]).send(["x", "y"]), undefined)
  })
  add(`${name} is writable at first`, (zmq, t) => assert.equal(t.open(zmq[name]).writable, true))
}
for (const [name, states] of [
  ["Publisher", [false, true]],
  ["Subscriber", [false, false]],
  ["Push", [false, false]],
  ["Pull", [false, false]],
]) {
  add(`${name} is [readable, writable]: [${states}] while nobody is connected`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    await socket.bind(t.address("inproc"))
    assert.deepEqual([socket.readable, socket.writable], states)
  })
}
for (const transport of transports) {
  add(`a waiting send over ${transport} resolves when a peer comes`, async (zmq, t) => {
    const [push, pull] = [t.open(zmq.Push), t.open(zmq.Pull)]
    await push.bind(t.address(transport))
    const sending = push.send("x")
    await t.stillPending(10, sending)
    pull.connect(push.lastEndpoint)
    await sending
    assert.deepEqual(texts(await pull.receive()), ["x"])
  })
  add(`a waiting receive over ${transport} resolves when a message comes`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const receiving = pull.receive()
    await t.stillPending(10, receiving)
    await push.send("x")
    assert.deepEqual(texts(await receiving), ["x"])
  })
  add(`a send and a receive wait together over ${transport}`, async (zmq, t) => {
    const [one, two] = [t.open(zmq.Dealer), t.open(zmq.Dealer)]
    await one.bind(t.address(transport))
    const sending = one.send("to two")
    const receiving = one.receive()
    two.connect(one.lastEndpoint)
    await two.send("to one")
    await sending
    assert.deepEqual(texts(await receiving), ["to one"])
    assert.deepEqual(texts(await two.receive()), ["to two"])
  })
  add(`readable turns true when a message came over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    await push.send("x")
    await t.eventually(() => assert.equal(pull.readable, true))
    await pull.receive()
    assert.equal(pull.readable, false)
  })
  add(`writable turns true when a peer came over ${transport}`, async (zmq, t) => {
    const [, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    await t.eventually(() => assert.equal(push.writable, true))
  })
  add(`a full queue over ${transport} makes sends wait`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, {
      transport,
      bound: { receiveHighWaterMark: 1, receiveBufferSize: 4096 },
      connected: { sendHighWaterMark: 1, sendTimeout: 100, sendBufferSize: 4096 },
    })
    const message = Buffer.alloc(100_000, 7)
    let sent = 0
    const error = await t.failure(async () => {
      for (; sent < 1000; sent += 1) await push.send(message)
    })
    t.isErrno(error, "EAGAIN", timedOut)
    assert.ok(sent > 0)
    for (let index = 0; index < sent; index += 1) assert.deepEqual(await pull.receive(), [message])
    await push.send("after")
    assert.deepEqual(texts(await pull.receive()), ["after"])
  })
  add(`a waiting send over ${transport} resolves when there is room again`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, {
      transport,
      bound: { receiveHighWaterMark: 1, receiveBufferSize: 4096 },
      connected: { sendHighWaterMark: 1, sendTimeout: 100, sendBufferSize: 4096 },
    })
    const message = Buffer.alloc(100_000, 7)
    let sent = 0
    await t.failure(async () => {
      for (; sent < 1000; sent += 1) await push.send(message)
    })
    push.sendTimeout = -1
    const sending = push.send("last")
    for (let index = 0; index < sent; index += 1) await pull.receive()
    await sending
    assert.deepEqual(texts(await pull.receive()), ["last"])
  })
  add(`a publisher with a full queue over ${transport} drops and does not wait`, async (zmq, t) => {
    const [publisher, subscriber] = await t.subscribed(zmq.Publisher, zmq.Subscriber, {
      transport,
      bound: { sendHighWaterMark: 2 },
      connected: { receiveHighWaterMark: 2 },
    })
    for (let index = 0; index < 500; index += 1) await t.within(2000, publisher.send(Buffer.alloc(50_000)))
    await subscriber.receive()
  })
}
for (const transport of transports) {
  add(`a high-water mark of 0 is none over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, {
      transport,
      bound: { receiveHighWaterMark: 0 },
      connected: { sendHighWaterMark: 0, sendTimeout: 0 },
    })
    for (let index = 0; index < 5000; index += 1) await push.send(index)
    for (let index = 0; index < 5000; index += 1) assert.equal(String(await pull.receive()), String(index))
  })
}
add("inproc holds as many messages as both high-water marks together", async (zmq, t) => {
  const [, push] = await t.pair(zmq.Pull, zmq.Push, {
    transport: "inproc",
    bound: { receiveHighWaterMark: 5 },
    connected: { sendHighWaterMark: 3, sendTimeout: 0 },
  })
  let sent = 0
  await t.failure(async () => {
    for (; sent < 100; sent += 1) await push.send("x")
  })
  assert.equal(sent, 8)
})
add("noDrop makes a publisher's sends wait", async (zmq, t) => {
  const [publisher] = await t.subscribed(zmq.Publisher, zmq.Subscriber, {
    bound: { sendHighWaterMark: 1, sendTimeout: 0, noDrop: true },
    connected: { receiveHighWaterMark: 1 },
  })
  const error = await t.failure(async () => {
    for (let index = 0; index < 1000; index += 1) await publisher.send("x")
  })
  t.isErrno(error, "EAGAIN", timedOut)
})
add("immediate: sends wait for a connection", async (zmq, t) => {
  const push = t.open(zmq.Push, { immediate: true, sendTimeout: 20 })
  push.connect(nobody)
  t.isErrno(await t.failure(() => push.send("x")), "EAGAIN", timedOut)
})
add("not immediate: sends to nobody are queued", async (zmq, t) => {
  const push = t.open(zmq.Push, { sendTimeout: 0 })
  push.connect(nobody)
  await push.send("x")
})
add("a receive works again after a timeout", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { bound: { receiveTimeout: 10 } })
  await t.failure(() => pull.receive())
  pull.receiveTimeout = -1
  await push.send("x")
  assert.deepEqual(texts(await pull.receive()), ["x"])
})
add("a send works again after a timeout", async (zmq, t) => {
  const push = t.open(zmq.Push, { sendTimeout: 10 })
  await push.bind(t.address())
  await t.failure(() => push.send("lost"))
  const pull = t.open(zmq.Pull)
  pull.connect(push.lastEndpoint)
  push.sendTimeout = -1
  await push.send("x")
  assert.deepEqual(texts(await pull.receive()), ["x"])
})
add("a timeout that changes while a receive waits does not change that receive", async (zmq, t) => {
  const socket = t.open(zmq.Pull)
  const receiving = socket.receive()
  socket.receiveTimeout = 0
  await t.stillPending(30, receiving)
  socket.close()
  await t.failure(() => receiving)
})
add("a receive resolves with what came before it", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
  for (const text of ["a", "b", "c"]) await push.send(text)
  for (const text of ["a", "b", "c"]) assert.deepEqual(texts(await pull.receive()), [text])
})
add("a receive without timeout does not wait where a message is there", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc", bound: { receiveTimeout: 0 } })
  await push.send("x")
  assert.deepEqual(texts(await pull.receive()), ["x"])
})
add("an error of a send tells no address", async (zmq, t) => {
  const error = await t.failure(() => t.open(zmq.Push, { sendTimeout: 0 }).send("x"))
  assert.ok(!("address" in error))
})
add("errors have a stack that names the caller", async (zmq, t) => {
  const socket = t.open(zmq.Push)
  socket.close()
  function caller() {
    socket.send("x")
    // The call is not the last thing it does: JavaScriptCore leaves such callers out.
    assert.fail("it did not throw")
  }
  assert.match(t.thrown(caller).stack, /caller/)
})

/** A program in which nothing that a test's clock has in hand ever comes, neither by the globals nor by modules. */
const withFakeClock = (t, program) =>
  t.program(
    `const modules = [globalThis, require("timers"), require("timers/promises")]
     for (const name of ["setTimeout", "setInterval", "setImmediate"]) for (const one of modules) one[name] = () => ({})
     globalThis.queueMicrotask = () => {}
     ;(async () => {
       const pull = new zmq.Pull({ receiveTimeout: 50 })
       ${program}
       pull.close()
     })()`,
  )
add("a fake clock does not keep events from their listeners", async (_, t) => {
  const { stdout } = await withFakeClock(
    t,
    `const bound = new Promise((resolve) => pull.events.on("bind", resolve))
     await pull.bind("tcp://127.0.0.1:*")
     console.log((await bound).type)`,
  )
  assert.equal(stdout, "bind\n")
})
add("receiveTimeout is real time whatever a test's clock is", async (_, t) => {
  const { stdout } = await withFakeClock(
    t,
    `const began = process.uptime()
     await pull.receive().catch(({ code }) => console.log(code, process.uptime() - began > 0.04))`,
  )
  assert.equal(stdout, "EAGAIN true\n")
})
