// The Proxy.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { texts, transports } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

for (const [what, first, second, message] of [
  ["nothing", undefined, undefined, "Front-end must be a socket object"],
  ["a string", "x", undefined, "Front-end must be a socket object"],
  ["one socket", "socket", undefined, "Back-end must be a socket object"],
  ["one socket and a number", "socket", 7, "Back-end must be a socket object"],
]) {
  add(`new Proxy of ${what} throws "${message}"`, (zmq, t) => {
    const argument = (value) => (value === "socket" ? t.open(zmq.Pull) : value)
    t.isTypeError(
      t.thrown(() => new zmq.Proxy(argument(first), argument(second))),
      message,
    )
  })
}
for (const [what, sockets] of [
  ["two objects", () => [{}, {}]],
  ["a socket and an object", (socket) => [socket, {}]],
  ["an object and a socket", (socket) => [{}, socket]],
  ["an array and a socket", (socket) => [[], socket]],
  ["a function and a socket", (socket) => [() => {}, socket]],
]) {
  add(`new Proxy of ${what} throws "Invalid argument"`, (zmq, t) => {
    const error = t.thrown(() => new zmq.Proxy(...sockets(t.open(zmq.Pull))))
    assert.ok(error instanceof Error && !(error instanceof TypeError))
    assert.equal(error.message, "Invalid argument")
  })
}
for (const [what, more] of [
  ["a number", [1]],
  ["null", [null]],
  ["a socket", ["socket"]],
  ["two objects", [{}, {}]],
]) {
  add(`new Proxy of two sockets and ${what} has too many arguments`, (zmq, t) => {
    const rest = more.map((value) => (value === "socket" ? t.open(zmq.Push) : value))
    t.isTypeError(
      t.thrown(() => new zmq.Proxy(t.open(zmq.Pull), t.open(zmq.Push), ...rest)),
      `Expected 2 arguments but received ${2 + rest.length}`,
    )
  })
}
for (const method of ["pause", "resume", "terminate"]) {
  add(`${method} before run gives EBADF`, (zmq, t) => {
    const proxy = new zmq.Proxy(t.open(zmq.Pull), t.open(zmq.Push))
    assert.equal(t.thrown(() => proxy[method]()).code, "EBADF")
  })
  add(`${method} before run has the number and message of EBADF`, (zmq, t) => {
    const proxy = new zmq.Proxy(t.open(zmq.Pull), t.open(zmq.Push))
    t.isErrno(
      t.thrown(() => proxy[method]()),
      "EBADF",
      "Socket is closed",
    )
  })
}
for (const [end, bind] of [
  ["Front-end", 1],
  ["Back-end", 0],
]) {
  add(`run with an unbound ${end} gives EINVAL`, async (zmq, t) => {
    const sockets = [t.open(zmq.Pull), t.open(zmq.Push)]
    await sockets[bind].bind(t.address("inproc"))
    const error = await t.failure(() => new zmq.Proxy(...sockets).run())
    t.isErrno(error, "EINVAL", `${end} socket must be bound or connected`)
  })
  add(`run with an unbound ${end} throws at once`, async (zmq, t) => {
    const sockets = [t.open(zmq.Pull), t.open(zmq.Push)]
    await sockets[bind].bind(t.address("inproc"))
    assert.equal(t.thrown(() => new zmq.Proxy(...sockets).run()).code, "EINVAL")
  })
}
for (const [end, closed] of [
  ["Front-end", [0]],
  ["Back-end", [1]],
  ["Front-end", [0, 1]],
]) {
  add(`run with ${closed.length === 1 ? "a closed" : "both ends closed, the"} ${end} gives EINVAL`, async (zmq, t) => {
    const sockets = [t.open(zmq.Pull), t.open(zmq.Push)]
    for (const socket of sockets) await socket.bind(t.address("inproc"))
    for (const index of closed) sockets[index].close()
    const error = t.thrown(() => new zmq.Proxy(...sockets).run())
    t.isErrno(error, "EINVAL", `${end} socket must be bound or connected`)
  })
}

const running = async (zmq, t, front, back, transport = "tcp") => {
  const [frontEnd, backEnd] = [new zmq[front]({ linger: 0 }), new zmq[back]({ linger: 0 })]
  await frontEnd.bind(t.address(transport))
  await backEnd.bind(t.address(transport))
  const endpoints = [frontEnd.lastEndpoint, backEnd.lastEndpoint]
  const proxy = new zmq.Proxy(frontEnd, backEnd)
  const done = proxy.run()
  return { proxy, done, endpoints }
}
const pipeline = async (zmq, t, transport) => {
  const started = await running(zmq, t, "Pull", "Push", transport)
  const [push, pull] = [t.open(zmq.Push), t.open(zmq.Pull)]
  push.connect(started.endpoints[0])
  pull.connect(started.endpoints[1])
  return { ...started, push, pull }
}
for (const transport of transports) {
  add(`carries requests and replies over ${transport}`, async (zmq, t) => {
    const { proxy, done, endpoints } = await running(zmq, t, "Router", "Dealer", transport)
    const [request, reply] = [t.open(zmq.Request), t.open(zmq.Reply)]
    request.connect(endpoints[0])
    reply.connect(endpoints[1])
    await request.send(["question", "x"])
    assert.deepEqual(texts(await reply.receive()), ["question", "x"])
    await reply.send("answer")
    assert.deepEqual(texts(await request.receive()), ["answer"])
    proxy.terminate()
    await done
  })
  add(`carries a pipeline in order over ${transport}`, async (zmq, t) => {
    const { proxy, done, push, pull } = await pipeline(zmq, t, transport)
    for (let index = 0; index < 200; index += 1) await push.send([index, "x"])
    for (let index = 0; index < 200; index += 1) assert.deepEqual(texts(await pull.receive()), [String(index), "x"])
    proxy.terminate()
    await done
  })
  add(`carries subscriptions and messages over ${transport}`, async (zmq, t) => {
    const { proxy, done, endpoints } = await running(zmq, t, "XSubscriber", "XPublisher", transport)
    const [publisher, subscriber] = [t.open(zmq.XPublisher), t.open(zmq.Subscriber)]
    publisher.connect(endpoints[0])
    subscriber.connect(endpoints[1])
    subscriber.subscribe("a")
    assert.deepEqual(texts(await publisher.receive()), ["\x01a"])
    await publisher.send("ab")
    assert.deepEqual(texts(await subscriber.receive()), ["ab"])
    proxy.terminate()
    await done
  })
}
add("run gives a promise that resolves with undefined", async (zmq, t) => {
  const { proxy, done } = await running(zmq, t, "Pull", "Push")
  assert.ok(done instanceof Promise)
  proxy.terminate()
  assert.equal(await done, undefined)
})
add("both sockets are closed after run", async (zmq, t) => {
  const { proxy, done } = await running(zmq, t, "Pull", "Push")
  proxy.terminate()
  await done
  assert.deepEqual([proxy.frontEnd.closed, proxy.backEnd.closed], [true, true])
})
for (const method of ["pause", "resume", "terminate"]) {
  add(`${method} after running gives EBADF`, async (zmq, t) => {
    const { proxy, done } = await running(zmq, t, "Pull", "Push")
    proxy.terminate()
    await done
    t.isErrno(
      t.thrown(() => proxy[method]()),
      "EBADF",
      "Socket is closed",
    )
  })
}
add("nothing comes through while it is paused, and all after resume", async (zmq, t) => {
  const { proxy, done, push, pull } = await pipeline(zmq, t)
  await push.send("one")
  await pull.receive()
  proxy.pause()
  await t.sleep(50)
  await push.send("two")
  const receiving = pull.receive()
  await t.stillPending(100, receiving, "the receive")
  proxy.resume()
  assert.deepEqual(texts(await receiving), ["two"])
  proxy.terminate()
  await done
})
add("it can be terminated while it is paused", async (zmq, t) => {
  const { proxy, done } = await running(zmq, t, "Pull", "Push")
  proxy.pause()
  await t.sleep(20)
  proxy.terminate()
  await t.within(3000, done)
})
