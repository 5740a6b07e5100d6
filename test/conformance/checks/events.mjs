// What a socket's events tell, and how they are read.

import assert from "node:assert/strict"
import { connect as connectTcp } from "node:net"

import { Checks } from "../checks.mjs"
import { classNames, nobody } from "../toolbox.mjs"

export const checks = new Checks(16, true)
const { add } = checks

const emitterMode =
  "Observer is in event emitter mode. After a call to events.on() it is not possible to read events with events.receive()."

for (const name of classNames) {
  add(`events of a ${name} are an Observer, the same each time`, (zmq, t) => {
    const socket = t.open(zmq[name])
    assert.ok(socket.events instanceof zmq.Observer)
    assert.equal(socket.events, socket.events)
    assert.equal(socket.events.closed, false)
  })
  if (name === "Stream") continue
  add(`a ${name} tells its bind`, async (zmq, t) => {
    const socket = t.open(zmq[name])
    const { events } = socket
    await socket.bind(t.address())
    const event = await events.receive()
    assert.deepEqual([event.type, event.address], ["bind", socket.lastEndpoint])
  })
}
for (const transport of ["tcp", "ipc"]) {
  const join = async (zmq, t) => {
    const server = t.open(zmq.Dealer)
    const client = t.open(zmq.Dealer, { reconnectInterval: 20 })
    const events = { server: server.events, client: client.events }
    await t.join(server, client, transport)
    return { server, client, events, address: server.lastEndpoint }
  }
  add(`bind over ${transport} has type and address`, async (zmq, t) => {
    const { events, address } = await join(zmq, t)
    const event = await t.event(events.server, "bind")
    assert.equal(event.address, address)
  })
  add(`accept over ${transport} has the address that was bound`, async (zmq, t) => {
    const { events, address } = await join(zmq, t)
    assert.equal((await t.event(events.server, "accept")).address, address)
  })
  add(`connect over ${transport} has the address that was connected`, async (zmq, t) => {
    const { events, address } = await join(zmq, t)
    assert.equal((await t.event(events.client, "connect")).address, address)
  })
  add(`handshake over ${transport} comes to both sides, with the address`, async (zmq, t) => {
    const { events, address } = await join(zmq, t)
    for (const side of [events.server, events.client]) assert.equal((await t.event(side, "handshake")).address, address)
  })
  add(`bind, accept, handshake come in this order over ${transport}`, async (zmq, t) => {
    const { events } = await join(zmq, t)
    const types = []
    for (let index = 0; index < 3; index += 1) types.push((await events.server.receive()).type)
    assert.deepEqual(types, ["bind", "accept", "handshake"])
  })
  add(
    `${transport === "tcp" ? "connect:delay, connect" : "connect"}, handshake come in this order over ${transport}`,
    async (zmq, t) => {
      const { events } = await join(zmq, t)
      const expected = transport === "tcp" ? ["connect:delay", "connect", "handshake"] : ["connect", "handshake"]
      const types = []
      for (const _ of expected) types.push((await events.client.receive()).type)
      assert.deepEqual(types, expected)
    },
  )
  add(`events over ${transport} equal a type and an address`, async (zmq, t) => {
    const { client, events, address } = await join(zmq, t)
    for (const type of ["connect", "handshake"]) {
      assert.deepEqual(await t.event(events.client, type), { type, address })
    }
    for (const type of ["bind", "accept", "handshake"])
      assert.deepEqual(await events.server.receive(), { type, address })
    client.close()
    assert.deepEqual(await events.server.receive(), { type: "disconnect", address })
    assert.deepEqual(await t.event(events.client, "end"), { type: "end" })
  })
  add(`the text of an event over ${transport} has a type and an address`, async (zmq, t) => {
    const { events, address } = await join(zmq, t)
    const event = await t.event(events.server, "accept")
    assert.deepEqual(Reflect.ownKeys({ ...event }), ["type", "address"])
    assert.equal(JSON.stringify(event), JSON.stringify({ type: "accept", address }))
  })
  add(`disconnect over ${transport} comes when the peer closes`, async (zmq, t) => {
    const { server, events, address } = await join(zmq, t)
    await t.event(events.client, "handshake")
    server.close()
    assert.equal((await t.event(events.client, "disconnect")).address, address)
  })
  add(`disconnect over ${transport} comes to the side that bound, too`, async (zmq, t) => {
    const { client, events, address } = await join(zmq, t)
    await t.event(events.server, "handshake")
    client.close()
    assert.equal((await t.event(events.server, "disconnect")).address, address)
  })
  add(`connect:retry over ${transport} has an interval`, async (zmq, t) => {
    const { server, events } = await join(zmq, t)
    await t.event(events.client, "handshake")
    server.close()
    const { interval } = await t.event(events.client, "connect:retry")
    assert.ok(interval >= 10 && interval < 1000, String(interval))
  })
  add(`close over ${transport} comes at an unbind`, async (zmq, t) => {
    const { server, events, address } = await join(zmq, t)
    await t.event(events.server, "bind")
    await server.unbind(address)
    assert.equal((await t.event(events.server, "close")).address, address)
  })
  add(`end over ${transport} comes last, when the socket is closed`, async (zmq, t) => {
    const { server, events } = await join(zmq, t)
    await t.event(events.server, "handshake")
    server.close()
    const event = await t.event(events.server, "end")
    assert.equal(event.type, "end")
    assert.ok(!("error" in event))
  })
  add(`the observer is closed after the end over ${transport}`, async (zmq, t) => {
    const { server, events } = await join(zmq, t)
    await t.event(events.server, "handshake")
    server.close()
    await t.event(events.server, "end")
    assert.equal(events.server.closed, true)
    t.isErrno(
      t.thrown(() => events.server.receive()),
      "EBADF",
      "Socket is closed",
    )
  })
  add(`for await over events ends after the end over ${transport}`, async (zmq, t) => {
    const { server, events } = await join(zmq, t)
    await t.event(events.server, "handshake")
    const types = []
    const reading = (async () => {
      for await (const { type } of events.server) types.push(type)
    })()
    server.close()
    await reading
    assert.equal(types.at(-1), "end")
  })
}
add("inproc tells the end only", async (zmq, t) => {
  const [one, two] = [t.open(zmq.Pair), t.open(zmq.Pair)]
  const { events } = one
  await t.join(one, two, "inproc")
  await two.send("x")
  await one.receive()
  const receiving = events.receive()
  one.close()
  two.close()
  assert.deepEqual((await receiving).type, "end")
})
add("bind:error over tcp has its address without tcp://, and the error", async (zmq, t) => {
  const taken = t.open(zmq.Dealer)
  await taken.bind(t.address())
  const socket = t.open(zmq.Dealer)
  const { events } = socket
  await t.failure(() => socket.bind(taken.lastEndpoint))
  const event = await t.event(events, "bind:error")
  const { address, error } = event
  assert.deepEqual(event, { type: "bind:error", address, error })
  assert.equal(address, taken.lastEndpoint.slice("tcp://".length))
  t.isErrno(error, "EADDRINUSE", "Address already in use")
})
add("connect:retry follows a refused connection", async (zmq, t) => {
  const socket = t.open(zmq.Dealer, { reconnectInterval: 20 })
  const { events } = socket
  socket.connect(nobody)
  const told = []
  for (let index = 0; index < 3; index += 1) told.push(await events.receive())
  const { interval } = told[2]
  assert.deepEqual(told, [
    { type: "connect:delay", address: nobody },
    { type: "close", address: nobody },
    { type: "connect:retry", address: nobody, interval },
  ])
})
add("a mechanism that does not match: handshake:error:protocol", async (zmq, t) => {
  const server = t.open(zmq.Dealer, { curveServer: true, curveSecretKey: zmq.curveKeyPair().secretKey })
  const client = t.open(zmq.Dealer)
  const { events } = server
  await t.join(server, client)
  const { error, address } = await t.event(events, "handshake:error:protocol")
  assert.deepEqual(
    [error.message, error.code, address],
    ["ZMTP protocol error", "ERR_ZMTP_MECHANISM_MISMATCH", server.lastEndpoint],
  )
  assert.ok(error instanceof Error)
})
/** The events of a server, whose first peer has come and left without a word. */
const leftInHandshake = async (zmq, t) => {
  const server = t.open(zmq.Dealer)
  const { events } = server
  await server.bind(t.address())
  const client = connectTcp(Number(server.lastEndpoint.split(":").at(-1)), "127.0.0.1")
  client.on("error", () => {})
  await t.event(events, "accept")
  client.destroy()
  return events
}
add("a peer that leaves in the handshake: handshake:error:other or disconnect", async (zmq, t) => {
  const events = await leftInHandshake(zmq, t)
  const event = await events.receive()
  assert.ok(["handshake:error:other", "disconnect"].includes(event.type), event.type)
})
add("handshake:error:other has an error with a number", async (zmq, t) => {
  const events = await leftInHandshake(zmq, t)
  const { error } = await t.event(events, "handshake:error:other")
  assert.equal(typeof error.errno, "number")
})
/** A server with PLAIN whose ZAP handler answers as `answer` says. */
const guarded = async (zmq, t, answer) => {
  const context = new zmq.Context()
  const handler = t.open(zmq.Reply, { context })
  await handler.bind("inproc://zeromq.zap.01")
  const server = t.open(zmq.Dealer, { context, plainServer: true, zapDomain: "test" })
  const client = t.open(zmq.Dealer, { plainUsername: "user", plainPassword: "pass" })
  const events = { server: server.events, client: client.events }
  await t.join(server, client)
  const request = await handler.receive()
  await handler.send(answer(request))
  return events
}
for (const [status, message] of [
  [400, "Authentication failure"],
  [500, "Internal error"],
]) {
  for (const side of ["server", "client"]) {
    add(`a refusal with ${status}: handshake:error:auth on the ${side}`, async (zmq, t) => {
      const events = await guarded(zmq, t, ([version, id]) => [version, id, String(status), "no", "", ""])
      const { error } = await t.event(events[side], "handshake:error:auth")
      assert.deepEqual([error.message, error.status], [message, status])
      assert.ok(error instanceof Error)
    })
  }
}
for (const [what, answer, code] of [
  ["of another version", ([, id]) => ["0.9", id, "200", "OK", "", ""], "ERR_ZAP_BAD_VERSION"],
  ["with another id", ([version]) => [version, "other", "200", "OK", "", ""], "ERR_ZAP_BAD_REQUEST_ID"],
  [
    "with a status that there is not",
    ([version, id]) => [version, id, "123", "", "", ""],
    "ERR_ZAP_INVALID_STATUS_CODE",
  ],
  ["with too few parts", ([version, id]) => [version, id, "200"], "ERR_ZAP_MALFORMED_REPLY"],
  ["with bad metadata", ([version, id]) => [version, id, "200", "OK", "user", "x"], "ERR_ZAP_INVALID_METADATA"],
]) {
  add(`a ZAP reply ${what}: handshake:error:protocol`, async (zmq, t) => {
    const events = await guarded(zmq, t, answer)
    const { error } = await t.event(events.server, "handshake:error:protocol")
    assert.deepEqual([error.message, error.code], ["ZAP protocol error", code])
  })
}

// --- Ways to read

const bound = async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const { events } = socket
  await socket.bind(t.address())
  return { socket, events }
}
add("receive gives a promise, and events that came before it", async (zmq, t) => {
  const { events } = await bound(zmq, t)
  const receiving = events.receive()
  assert.ok(receiving instanceof Promise)
  assert.equal((await receiving).type, "bind")
})
add("receive waits for an event", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const receiving = socket.events.receive()
  await t.stillPending(20, receiving)
  await socket.bind(t.address())
  assert.equal((await receiving).type, "bind")
})
add("a second receive throws EBUSY at once", async (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  events.receive().catch(() => {})
  assert.equal(t.thrown(() => events.receive()).code, "EBUSY")
})
add("for await reads events", async (zmq, t) => {
  const { events } = await bound(zmq, t)
  for await (const { type } of events) {
    assert.equal(type, "bind")
    break
  }
})
add("on calls a listener with the event", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const told = new Promise((resolve) => socket.events.on("bind", resolve))
  await socket.bind(t.address())
  const event = await told
  assert.deepEqual([event.type, event.address], ["bind", socket.lastEndpoint])
})
add("on calls all listeners of a type", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const told = Promise.all([1, 2].map(() => new Promise((resolve) => socket.events.on("bind", resolve))))
  await socket.bind(t.address())
  await told
})
add("on calls no listener of another type", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  socket.events.on("accept", () => assert.fail("accept"))
  const told = new Promise((resolve) => socket.events.on("bind", resolve))
  await socket.bind(t.address())
  await told
})
add("off takes a listener away", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  let calls = 0
  const listener = () => {
    calls += 1
  }
  socket.events.on("bind", listener)
  await socket.bind(t.address())
  await t.eventually(() => assert.equal(calls, 1))
  socket.events.off("bind", listener)
  const told = new Promise((resolve) => socket.events.on("bind", resolve))
  await socket.bind(t.address())
  await told
  assert.equal(calls, 1)
})
for (const method of ["on", "off"]) {
  add(`${method} can be chained`, (zmq, t) => {
    const { events } = t.open(zmq.Dealer)
    const result = events[method]("bind", () => {})
    assert.equal(typeof result.on, "function")
    assert.equal(typeof result.off, "function")
  })
}
add("after on, receive throws", (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  events.on("bind", () => {})
  assert.equal(t.thrown(() => events.receive()).message, emitterMode)
})
add("after on, for await throws", async (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  events.on("bind", () => {})
  const error = await t.failure(async () => {
    for await (const _ of events);
  })
  assert.equal(error.message, emitterMode)
})
add("listeners get the end event", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const told = new Promise((resolve) => socket.events.on("end", resolve))
  await socket.bind(t.address())
  socket.close()
  assert.equal((await t.within(3000, told, "the wait")).type, "end")
})
add("close closes, and twice does nothing", async (zmq, t) => {
  const { events } = await bound(zmq, t)
  assert.equal(events.close(), undefined)
  assert.equal(events.closed, true)
  events.close()
})
add("receive after close throws EBADF", async (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  events.close()
  t.isErrno(
    t.thrown(() => events.receive()),
    "EBADF",
    "Socket is closed",
  )
})
add("for await after close ends at once", async (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  events.close()
  for await (const _ of events) assert.fail("an event")
})
add("the socket keeps working after its events are closed", async (zmq, t) => {
  const [pull, push] = [t.open(zmq.Pull), t.open(zmq.Push)]
  pull.events.close()
  await t.within(3000, t.join(pull, push), "the bind")
  push.send("x").catch(() => {})
  assert.equal(String(await t.within(3000, pull.receive(), "the receive")), "x")
})
add("events of two sockets do not mix", async (zmq, t) => {
  const [one, two] = [t.open(zmq.Dealer), t.open(zmq.Dealer)]
  const events = [one.events, two.events]
  await one.bind(t.address())
  await two.bind(t.address())
  assert.equal((await events[1].receive()).address, two.lastEndpoint)
  assert.equal((await events[0].receive()).address, one.lastEndpoint)
})
