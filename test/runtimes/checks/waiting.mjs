// Operations that wait: what wakes them, and what ends them.

import assert from "node:assert/strict"
import { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"

import { failure, sleep, texts } from "../../support/basics.mjs"

const pushAndPull = async (zmq, tools, transport) => {
  const [push, pull] = [tools.open(zmq.Push, { linger: 0 }), tools.open(zmq.Pull)]
  await tools.join(pull, push, transport)
  return { push, pull }
}

export const checks = {
  async "a receive waits for a message"(zmq, tools) {
    for (const transport of ["tcp", "ipc", "inproc"]) {
      const { push, pull } = await pushAndPull(zmq, tools, transport)
      const received = pull.receive()
      await sleep(20)
      await push.send("late")
      assert.deepEqual(texts(await received), ["late"])
    }
  },

  async "a send waits for room, and then goes"(zmq, tools) {
    const push = tools.open(zmq.Push, { sendHighWaterMark: 1 })
    const pull = tools.open(zmq.Pull, { receiveHighWaterMark: 1 })
    await tools.join(pull, push, "inproc")
    let sent = 0
    const sending = (async () => {
      for (; sent < 100; sent += 1) await push.send(String(sent))
    })()
    await sleep(20)
    assert.ok(sent < 10, `${sent} sent without a receiver`)
    for (let index = 0; index < 100; index += 1) assert.deepEqual(texts(await pull.receive()), [String(index)])
    await sending
  },

  async "a send waits for a peer"(zmq, tools) {
    const [push, pull] = [tools.open(zmq.Push), tools.open(zmq.Pull)]
    await push.bind(tools.address("tcp"))
    const sent = push.send("x")
    pull.connect(push.lastEndpoint)
    await sent
    assert.deepEqual(texts(await pull.receive()), ["x"])
  },

  async "timeouts of an operation and of a socket"(zmq, tools) {
    const { push, pull } = await pushAndPull(zmq, tools)
    const started = performance.now()
    assert.equal((await failure(() => pull.receive({ timeout: 50 }))).code, "EAGAIN")
    pull.receiveTimeout = 50
    assert.equal((await failure(() => pull.receive())).code, "EAGAIN")
    assert.ok(performance.now() - started > 90)
    pull.receiveTimeout = 0
    assert.equal((await failure(() => pull.receive())).code, "EAGAIN")
    await push.send("x")
    assert.deepEqual(texts(await pull.receive({ timeout: 5000 })), ["x"])
    const alone = tools.open(zmq.Push, { sendTimeout: 20 })
    assert.equal((await failure(() => alone.send("x"))).code, "EAGAIN")
  },

  async "a signal ends a wait, and nothing is lost"(zmq, tools) {
    const { push, pull } = await pushAndPull(zmq, tools)
    const stop = new AbortController()
    const received = failure(() => pull.receive({ signal: stop.signal }))
    await sleep(10)
    stop.abort()
    assert.equal((await received).name, "AbortError")
    await push.send("x")
    assert.deepEqual(texts(await pull.receive()), ["x"])
    assert.equal((await failure(() => pull.receive({ signal: AbortSignal.timeout(20) }))).name, "TimeoutError")
  },

  async "close() ends a wait"(zmq, tools) {
    const { pull } = await pushAndPull(zmq, tools)
    const received = failure(() => pull.receive())
    await sleep(10)
    pull.close()
    assert.equal((await received).code, "EAGAIN")
    assert.equal((await failure(() => pull.receive())).code, "EBADF")
  },

  async "iterators, their break and their end"(zmq, tools) {
    const { push, pull } = await pushAndPull(zmq, tools)
    const send = (async () => {
      for (let index = 0; index < 5000; index += 1) await push.send(String(index))
    })()
    let next = 0
    for await (const [part] of pull) {
      assert.equal(String(part), String(next))
      next += 1
      if (next === 2500) break
    }
    for await (const [part] of pull) {
      assert.equal(String(part), String(next))
      next += 1
      if (next === 5000) setTimeout(() => pull.close(), 10)
    }
    assert.equal(next, 5000)
    await send
  },

  async "iterators that have returned, and streams over them that were left"(zmq, tools) {
    class Own extends zmq.Pull {
      async receive(...args) {
        return [...(await super.receive(...args))]
      }
    }
    const end = { done: true, value: undefined }
    const turn = () => new Promise(setImmediate)
    const leave = {
      async return(iterable) {
        const iterator = iterable[Symbol.asyncIterator]()
        const steps = [iterator.next(), iterator.next()]
        assert.deepEqual(await iterator.return(), end)
        assert.deepEqual(await Promise.all([...steps, iterator.next()]), [end, end, end])
      },
      async throw(iterable) {
        const iterator = iterable[Symbol.asyncIterator]()
        const step = iterator.next()
        await assert.rejects(iterator.throw(new Error("stop")), { message: "stop" })
        assert.deepEqual(await step, end)
      },
      async destroy(iterable) {
        const readable = Readable.from(iterable).on("data", () => {})
        await turn()
        readable.destroy()
      },
      async abort(iterable) {
        const controller = new AbortController()
        const sink = new Writable({ objectMode: true, write() {} })
        const going = pipeline(Readable.from(iterable), sink, { signal: controller.signal })
        await turn()
        controller.abort()
        await assert.rejects(going, { name: "AbortError" })
      },
    }
    for (const [name, go] of Object.entries(leave)) {
      for (const Pull of [zmq.Pull, Own]) {
        for (const iterate of [(pull) => pull, (pull) => pull.batches(), (pull) => pull.withMetadata()]) {
          const [push, pull] = [tools.open(zmq.Push, { linger: 0 }), tools.open(Pull)]
          await tools.join(pull, push, "inproc")
          await go(iterate(pull))
          await push.send(name)
          assert.deepEqual(texts(await pull.receive({ timeout: 1000 })), [name])
        }
      }
      const pull = tools.open(zmq.Pull)
      await go(pull.events)
      await tools.join(pull, tools.open(zmq.Push))
      assert.equal((await pull.events.receive({ timeout: 1000 })).type, "bind")
    }
  },

  async batches(zmq, tools) {
    const { push, pull } = await pushAndPull(zmq, tools)
    const messages = Array.from({ length: 20_000 }, (_, index) => [String(index), "x".repeat(index % 200)])
    const sent = push.sendMany(messages)
    let next = 0
    for await (const batch of pull.batches({ max: 100 })) {
      for (const message of batch) {
        assert.deepEqual(texts(message), messages[next])
        next += 1
      }
      if (next === messages.length) break
    }
    await sent
    assert.equal(pull.tryReceive(), undefined)
    assert.equal(push.trySend("x"), true)
    assert.deepEqual((await pull.receiveMany({ max: 10 })).map(texts), [["x"]])
  },

  async "no wakeup is lost when options are read meanwhile"(zmq, tools) {
    const [a, b] = [tools.open(zmq.Dealer), tools.open(zmq.Dealer)]
    await tools.join(a, b)
    for (let index = 0; index < 500; index += 1) {
      const received = a.receive()
      await b.send(String(index))
      for (let look = 0; look < index % 5; look += 1) assert.equal(typeof a.writable, "boolean")
      assert.deepEqual(texts(await received), [String(index)])
    }
  },

  async "a hundred sockets at once"(zmq, tools) {
    const pairs = await Promise.all(Array.from({ length: 50 }, () => pushAndPull(zmq, tools)))
    const counts = await Promise.all(
      pairs.map(async ({ push, pull }) => {
        const received = (async () => {
          let count = 0
          for await (const _ of pull) {
            count += 1
            if (count === 100) return count
          }
          return count
        })()
        for (let index = 0; index < 100; index += 1) {
          await push.send("x")
          if (index % 10 === 0) await sleep(1)
        }
        return received
      }),
    )
    assert.deepEqual(counts, Array(50).fill(100))
  },

  async "sockets that are closed by one another's messages"(zmq, tools) {
    for (let round = 0; round < 20; round += 1) {
      const pairs = await Promise.all(Array.from({ length: 5 }, () => pushAndPull(zmq, tools, "inproc")))
      const ends = pairs.map(({ pull }) =>
        pull.receive().then(
          () => {
            for (const pair of pairs) pair.pull.close()
            return "message"
          },
          (error) => error.code,
        ),
      )
      await Promise.all(pairs.map(({ push }) => push.send("x")))
      const told = await Promise.all(ends)
      assert.ok(told.includes("message"))
      assert.ok(told.every((outcome) => outcome === "message" || outcome === "EAGAIN"))
    }
  },

  async "timers run while messages flow"(zmq, tools) {
    const { push, pull } = await pushAndPull(zmq, tools, "inproc")
    let running = true
    const echo = (async () => {
      for await (const [part] of pull) if (String(part) === "end") break
    })()
    const flow = (async () => {
      while (running) await push.send("x")
    })()
    let longest = 0
    let last = performance.now()
    for (let tick = 0; tick < 50; tick += 1) {
      await sleep(1)
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }
    running = false
    await flow
    await push.send("end")
    await echo
    // Generous, for machines that are busy otherwise: without a budget they would not run at all.
    assert.ok(longest < 1000, `a timer was ${longest} ms late`)
  },

  async "waiting costs no time"(zmq, tools) {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => pushAndPull(zmq, tools)))
    for (const { push, pull } of sockets) {
      await push.send("first")
      await pull.receive()
      pull.receive().catch(() => {})
    }
    await sleep(300)
    const before = process.cpuUsage()
    await sleep(1000)
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 200_000, `${(user + system) / 1000} ms of a second`)
  },
}
