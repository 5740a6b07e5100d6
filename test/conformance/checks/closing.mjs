// The end of sockets, and iterators.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { classNames, nobody, readerNames, texts, transports } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const timedOut = "Operation was not possible or timed out"

for (const name of classNames) {
  add(`${name}: closed is false, and true after close`, (zmq, t) => {
    const socket = t.open(zmq[name])
    assert.equal(socket.closed, false)
    assert.equal(socket.close(), undefined)
    assert.equal(socket.closed, true)
  })
  add(`${name}: readable and writable are false after close`, (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.close()
    assert.deepEqual([socket.readable, socket.writable], [false, false])
  })
  add(`${name}: closing twice does nothing`, (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.close()
    socket.close()
  })
  add(`${name}: close during a bind waits for it`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const running = socket.bind(t.address())
    socket.close()
    assert.equal(socket.closed, false)
    await running
    assert.equal(socket.closed, true)
  })
}
for (const transport of transports) {
  add(`close during a bind over ${transport}`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    const running = socket.bind(t.address(transport))
    socket.close()
    assert.equal(socket.closed, false)
    await running
    assert.equal(socket.closed, true)
  })
  add(`close during an unbind over ${transport} waits for it`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    await socket.bind(t.address(transport))
    const running = socket.unbind(socket.lastEndpoint)
    socket.close()
    assert.equal(socket.closed, false)
    await running
    assert.equal(socket.closed, true)
  })
  add(`messages that are queued at the close still arrive over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    for (let index = 0; index < 100; index += 1) await push.send(index)
    push.close()
    for (let index = 0; index < 100; index += 1) assert.equal(String(await pull.receive()), String(index))
  })
  add(`a receive that waits over ${transport} rejects with EAGAIN at the close`, async (zmq, t) => {
    const [pull] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const receiving = pull.receive()
    pull.close()
    t.isErrno(await t.failure(() => receiving), "EAGAIN", timedOut)
  })
  add(`the close of a peer over ${transport} does not end a receive`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const receiving = pull.receive()
    push.close()
    await t.stillPending(30, receiving)
    const other = t.open(zmq.Push)
    other.connect(pull.lastEndpoint)
    await other.send("x")
    assert.deepEqual(texts(await receiving), ["x"])
  })
}
add("close during a bind that fails closes all the same", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const running = socket.bind("foo://x")
  socket.close()
  await t.failure(() => running)
  assert.equal(socket.closed, true)
})
add("a send and a receive that wait both reject at the close", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const operations = [socket.send("x"), socket.receive()]
  socket.close()
  for (const operation of operations) t.isErrno(await t.failure(() => operation), "EAGAIN", timedOut)
})
add("a linger of 0 drops what is queued", async (zmq, t) => {
  const push = t.open(zmq.Push, { linger: 0, context: new zmq.Context() })
  push.connect(nobody)
  await push.send("x")
  push.close()
})
add("close does not wait for what lingers", async (zmq, t) => {
  const push = t.open(zmq.Push, { linger: 300 })
  push.connect(nobody)
  await push.send("x")
  const started = performance.now()
  push.close()
  assert.ok(performance.now() - started < 250)
})
add("a socket can be closed in the continuation of its own receive", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push)
  await push.send("x")
  await pull.receive().then(() => pull.close())
  assert.equal(pull.closed, true)
})
add("a socket's events are closed with it", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const { events } = socket
  socket.close()
  await t.eventually(() => assert.equal(events.closed, true))
})
for (const property of ["readable", "writable", "closed", "context"]) {
  add(`${property} can be read after close`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    socket.close()
    void socket[property]
  })
}

add("events that were read before the close are there after it", (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const { events } = socket
  socket.close()
  assert.equal(socket.events, events)
})
add("events that are first read after the close throw", (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  socket.close()
  const { code } = t.thrown(() => socket.events)
  assert.ok(code === "EBADF" || code === "ENOTSOCK", code)
})

// --- Iterators

for (const name of readerNames) {
  add(`${name} has an async iterator`, (zmq, t) => {
    const iterator = t.open(zmq[name])[Symbol.asyncIterator]()
    assert.equal(typeof iterator.next, "function")
  })
  add(`${name}: an iterator is done at once on a closed socket`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    socket.close()
    for await (const _ of socket) assert.fail("a message came")
  })
}
for (const name of readerNames.filter((one) => one !== "Request")) {
  add(`${name}: an iterator that waits ends when the socket is closed`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const step = socket[Symbol.asyncIterator]().next()
    await t.stillPending(10, step)
    socket.close()
    assert.deepEqual({ ...(await step) }, { ...(await step), done: true })
  })
  add(`${name}: an iterator passes on the EAGAIN of a timeout`, async (zmq, t) => {
    const socket = t.open(zmq[name], { receiveTimeout: 10 })
    t.isErrno(
      await t.failure(async () => {
        for await (const _ of socket);
      }),
      "EAGAIN",
      timedOut,
    )
  })
}
for (const transport of transports) {
  add(`for await receives all messages in order over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const sending = (async () => {
      for (let index = 0; index < 500; index += 1) await push.send([index, "x"])
    })()
    let next = 0
    for await (const [index, x] of pull) {
      assert.deepEqual([String(index), String(x)], [String(next), "x"])
      next += 1
      if (next === 500) break
    }
    await sending
  })
  add(`for await can be left by break and begun again over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    for (const text of ["a", "b", "c"]) await push.send(text)
    const seen = []
    for (let round = 0; round < 3; round += 1) {
      for await (const message of pull) {
        seen.push(...texts(message))
        break
      }
    }
    assert.deepEqual(seen, ["a", "b", "c"])
    assert.equal(pull.closed, false)
  })
  add(`receive gets what a loop left over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    for (let index = 0; index < 20; index += 1) await push.send(index)
    for await (const [index] of pull) if (String(index) === "9") break
    assert.deepEqual(texts(await pull.receive()), ["10"])
  })
}
add("for await ends when the socket is closed within it, whatever is still there", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
  for (let index = 0; index < 10; index += 1) await push.send(index)
  let count = 0
  for await (const _ of pull) {
    count += 1
    if (count === 3) pull.close()
  }
  assert.equal(count, 3)
})
add("an error within for await leaves the socket open, and the next message there", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
  await push.send("bad")
  await push.send("good")
  const error = await t.failure(async () => {
    for await (const message of pull) throw new Error(String(message))
  })
  assert.equal(error.message, "bad")
  assert.equal(pull.closed, false)
  assert.deepEqual(texts(await pull.receive()), ["good"])
})
add("an iterator does not hide EFSM", async (zmq, t) => {
  const socket = t.open(zmq.Request, { receiveTimeout: 0 })
  await socket.bind(t.address("inproc"))
  const error = await t.failure(async () => {
    for await (const _ of socket);
  })
  t.isErrno(error, "EFSM", "Operation cannot be accomplished in current state")
})
add("an iterator throws EBUSY while a receive waits", async (zmq, t) => {
  const socket = t.open(zmq.Pull)
  socket.receive().catch(() => {})
  const error = await t.failure(() => socket[Symbol.asyncIterator]().next())
  assert.equal(error.code, "EBUSY")
})
add("two iterators of one socket share its messages", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
  for (const text of ["a", "b"]) await push.send(text)
  const [one, two] = [pull[Symbol.asyncIterator](), pull[Symbol.asyncIterator]()]
  assert.deepEqual([texts((await one.next()).value), texts((await two.next()).value)], [["a"], ["b"]])
})
