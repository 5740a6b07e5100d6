// What each type of socket does with messages.

import assert from "node:assert/strict"
import { connect } from "node:net"

import { Checks } from "../checks.mjs"
import { texts, transports } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

/** What messages may look like: each goes there and back. */
const shapes = [["one"], ["one", "two", "three"], ["", "two", ""], [""]]

const wrongState = "Operation cannot be accomplished in current state"
const timedOut = "Operation was not possible or timed out"

for (const transport of transports) {
  // --- Request and Reply
  add(`a Request gets its Reply over ${transport}`, async (zmq, t) => {
    const [reply, request] = await t.pair(zmq.Reply, zmq.Request, { transport })
    for (const parts of shapes) {
      await request.send(parts)
      assert.deepEqual(texts(await reply.receive()), parts)
      await reply.send([...parts, "too"])
      assert.deepEqual(texts(await request.receive()), [...parts, "too"])
    }
  })
  add(`a Request that sends twice rejects with EFSM over ${transport}`, async (zmq, t) => {
    const [, request] = await t.pair(zmq.Reply, zmq.Request, { transport })
    await request.send("one")
    request.sendTimeout = 0
    t.isErrno(await t.rejection(() => request.send("two")), "EFSM", wrongState)
  })
  add(`a Reply serves two Requests over ${transport}`, async (zmq, t) => {
    const [reply, one] = await t.pair(zmq.Reply, zmq.Request, { transport })
    const two = t.open(zmq.Request)
    two.connect(reply.lastEndpoint)
    await one.send("one")
    await two.send("two")
    for (let round = 0; round < 2; round += 1) await reply.send(["to", ...(await reply.receive())])
    assert.deepEqual(texts(await one.receive()), ["to", "one"])
    assert.deepEqual(texts(await two.receive()), ["to", "two"])
  })
  add(`relaxed: a Request may send again without a reply over ${transport}`, async (zmq, t) => {
    const [reply, request] = await t.pair(zmq.Reply, zmq.Request, {
      transport,
      connected: { relaxed: true, correlate: true },
    })
    await request.send("one")
    assert.deepEqual(texts(await reply.receive()), ["one"])
    await t.eventually(() => request.send("two"))
    await reply.send("late")
    assert.deepEqual(texts(await reply.receive()), ["two"])
    await reply.send("right")
    assert.deepEqual(texts(await request.receive()), ["right"])
  })
  // --- Router and Dealer
  add(`a Router tells the routing id of a Dealer over ${transport}`, async (zmq, t) => {
    const [router, dealer] = await t.pair(zmq.Router, zmq.Dealer, { transport, connected: { routingId: "me" } })
    for (const parts of shapes) {
      await dealer.send(parts)
      assert.deepEqual(texts(await router.receive()), ["me", ...parts])
      await router.send(["me", ...parts, "too"])
      assert.deepEqual(texts(await dealer.receive()), [...parts, "too"])
    }
  })
  add(`a Router makes an id of 5 bytes for a peer without one over ${transport}`, async (zmq, t) => {
    const [router, dealer] = await t.pair(zmq.Router, zmq.Dealer, { transport })
    await dealer.send("x")
    const [id] = await router.receive()
    assert.equal(id.length, 5)
    assert.equal(id[0], 0)
    await router.send([id, "answer"])
    assert.deepEqual(texts(await dealer.receive()), ["answer"])
  })
  add(`a Router drops messages to nobody over ${transport}`, async (zmq, t) => {
    const [router, dealer] = await t.pair(zmq.Router, zmq.Dealer, { transport, connected: { routingId: "me" } })
    await dealer.send("x")
    await router.receive()
    assert.equal(await router.send(["nobody", "x"]), undefined)
    await router.send(["me", "after"])
    assert.deepEqual(texts(await dealer.receive()), ["after"])
  })
  add(`a mandatory Router rejects messages to nobody with EHOSTUNREACH over ${transport}`, async (zmq, t) => {
    const [router, dealer] = await t.pair(zmq.Router, zmq.Dealer, {
      transport,
      bound: { mandatory: true, sendTimeout: 0 },
      connected: { routingId: "me" },
    })
    await dealer.send("x")
    await router.receive()
    t.isErrno(await t.rejection(() => router.send(["nobody", "x", "y"])), "EHOSTUNREACH", "Host unreachable")
    await router.send(["me", "after"])
    assert.deepEqual(texts(await dealer.receive()), ["after"])
  })
  add(`mandatory can be set on a bound Router over ${transport}`, async (zmq, t) => {
    const router = t.open(zmq.Router)
    await router.bind(t.address(transport))
    await router.send(["nobody", "x"])
    router.mandatory = true
    router.sendTimeout = 0
    assert.equal((await t.failure(() => router.send(["nobody", "x"]))).code, "EHOSTUNREACH")
  })
  add(`a Router reaches the right one of three Dealers over ${transport}`, async (zmq, t) => {
    const router = t.open(zmq.Router)
    await router.bind(t.address(transport))
    const dealers = ["a", "b", "c"].map((routingId) => t.open(zmq.Dealer, { routingId }))
    for (const dealer of dealers) {
      dealer.connect(router.lastEndpoint)
      await dealer.send("here")
    }
    for (const _ of dealers) await router.receive()
    for (const { routingId } of dealers) await router.send([routingId, `to ${routingId}`])
    for (const dealer of dealers) assert.deepEqual(texts(await dealer.receive()), [`to ${dealer.routingId}`])
  })
  add(`connect with a routing id names the peer over ${transport}`, async (zmq, t) => {
    const dealer = t.open(zmq.Dealer)
    await dealer.bind(t.address(transport))
    const router = t.open(zmq.Router, { mandatory: true })
    router.connect(dealer.lastEndpoint, { routingId: "peer" })
    await router.send(["peer", "x"])
    assert.deepEqual(texts(await dealer.receive()), ["x"])
  })
  add(`a Dealer shares out to Replies in turn over ${transport}`, async (zmq, t) => {
    const dealer = t.open(zmq.Dealer)
    const replies = [t.open(zmq.Reply), t.open(zmq.Reply)]
    for (const reply of replies) await t.join(reply, dealer, transport)
    const serving = replies.map(async (reply, index) => {
      await reply.receive()
      await reply.send(`from ${index}`)
    })
    for (let index = 0; index < 2; index += 1) await dealer.send(["", "x"])
    const answers = [await dealer.receive(), await dealer.receive()].map((message) => String(message[1]))
    assert.deepEqual(answers.sort(), ["from 0", "from 1"])
    await Promise.all(serving)
  })
  add(`probeRouter sends an empty message over ${transport}`, async (zmq, t) => {
    const [router] = await t.pair(zmq.Router, zmq.Dealer, {
      transport,
      connected: { routingId: "me", probeRouter: true },
    })
    assert.deepEqual(texts(await router.receive()), ["me", ""])
  })
  add(`a second Dealer of the same routing id is ignored over ${transport}`, async (zmq, t) => {
    const [router, one] = await t.pair(zmq.Router, zmq.Dealer, { transport, connected: { routingId: "same" } })
    await one.send("one")
    await router.receive()
    const two = t.open(zmq.Dealer, { routingId: "same" })
    two.connect(router.lastEndpoint)
    await two.send("two")
    await one.send("three")
    assert.deepEqual(texts(await router.receive()), ["same", "three"])
    await router.send(["same", "x"])
    assert.deepEqual(texts(await one.receive()), ["x"])
  })
  add(`handover gives a routing id to the second Dealer over ${transport}`, async (zmq, t) => {
    const [router, one] = await t.pair(zmq.Router, zmq.Dealer, {
      transport,
      bound: { handover: true },
      connected: { routingId: "same" },
    })
    await one.send("one")
    await router.receive()
    const two = t.open(zmq.Dealer, { routingId: "same" })
    two.connect(router.lastEndpoint)
    await two.send("two")
    assert.deepEqual(texts(await router.receive()), ["same", "two"])
    await router.send(["same", "x"])
    assert.deepEqual(texts(await two.receive()), ["x"])
  })
  // --- Push and Pull, Pair
  add(`a Pull takes in turn from two Pushes over ${transport}`, async (zmq, t) => {
    const [pull, one] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const two = t.open(zmq.Push)
    two.connect(pull.lastEndpoint)
    await one.send("1")
    await two.send("2")
    assert.deepEqual([...texts(await pull.receive()), ...texts(await pull.receive())].sort(), ["1", "2"])
  })
  add(`Pairs talk both ways over ${transport}`, async (zmq, t) => {
    const [one, two] = await t.pair(zmq.Pair, zmq.Pair, { transport })
    for (const parts of shapes) {
      await two.send(parts)
      assert.deepEqual(texts(await one.receive()), parts)
      await one.send([...parts, "too"])
      assert.deepEqual(texts(await two.receive()), [...parts, "too"])
    }
  })
  add(`a third Pair neither gets nor sends anything over ${transport}`, async (zmq, t) => {
    const [one, two] = await t.pair(zmq.Pair, zmq.Pair, { transport })
    await two.send("first")
    await one.receive()
    const three = t.open(zmq.Pair, { sendTimeout: 50, receiveTimeout: 5 })
    three.connect(one.lastEndpoint)
    await three.send("from the third").catch(() => {})
    await one.send("to the peer")
    assert.deepEqual(texts(await two.receive()), ["to the peer"])
    await two.send("from the peer")
    assert.deepEqual(texts(await one.receive()), ["from the peer"])
    t.isErrno(await t.failure(() => three.receive()), "EAGAIN", timedOut)
  })
  // --- Publisher and Subscriber
  add(`a Subscriber may subscribe before it connects over ${transport}`, async (zmq, t) => {
    const publisher = t.open(zmq.XPublisher)
    await publisher.bind(t.address(transport))
    const subscriber = t.open(zmq.Subscriber)
    subscriber.subscribe("early")
    subscriber.connect(publisher.lastEndpoint)
    assert.deepEqual(texts(await publisher.receive()), ["\x01early"])
  })
  add(`a Subscriber may bind, and a Publisher connect over ${transport}`, async (zmq, t) => {
    const [subscriber, publisher] = await t.pair(zmq.Subscriber, zmq.XPublisher, { transport })
    subscriber.subscribe("a")
    // libzmq takes in new peers in the calls of a socket's owner.
    const receiving = subscriber.receive()
    await publisher.receive()
    await publisher.send("b")
    await publisher.send("a")
    assert.deepEqual(texts(await receiving), ["a"])
  })
  add(`a Subscriber gets what begins with its subscription over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.subscribed(zmq.Publisher, zmq.Subscriber, { transport, topics: ["news"] })
    await publisher.send(["sports", "no"])
    await publisher.send(["newspaper", "yes"])
    await publisher.send(["news", "yes"])
    assert.deepEqual(texts(await subscriber.receive()), ["newspaper", "yes"])
    assert.deepEqual(texts(await subscriber.receive()), ["news", "yes"])
  })
  add(`a Subscriber without subscriptions gets nothing over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.subscribed(zmq.Publisher, zmq.Subscriber, { transport, topics: [] })
    subscriber.receiveTimeout = 30
    await publisher.send("x")
    t.isErrno(await t.failure(() => subscriber.receive()), "EAGAIN", timedOut)
  })
  add(`a message that matches two subscriptions comes once over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.subscribed(zmq.Publisher, zmq.Subscriber, {
      transport,
      topics: ["a", "ab"],
    })
    await publisher.send("abc")
    await publisher.send("a after")
    assert.deepEqual(texts(await subscriber.receive()), ["abc"])
    assert.deepEqual(texts(await subscriber.receive()), ["a after"])
  })
  add(`every Subscriber gets every message over ${transport}`, async (zmq, t) => {
    const [publisher, one] = await t.subscribed(zmq.XPublisher, zmq.Subscriber, { transport })
    while (publisher.readable) await publisher.receive()
    const two = t.open(zmq.Subscriber)
    two.connect(publisher.lastEndpoint)
    publisher.verbosity = "allSubs"
    two.subscribe("")
    await t.eventually(async () => {
      while (publisher.readable) await publisher.receive()
      await publisher.send("x")
      two.receiveTimeout = 10
      await two.receive()
    })
    await publisher.send("last")
    two.receiveTimeout = 5000
    for (const socket of [one, two]) while (texts(await socket.receive())[0] !== "last");
  })
  add(`unsubscribe ends a subscription over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.subscribed(zmq.Publisher, zmq.Subscriber, { transport, topics: ["a", "b"] })
    subscriber.unsubscribe("a")
    subscriber.receiveTimeout = 30
    await t.eventually(async () => {
      await publisher.send("a")
      assert.equal((await t.failure(() => subscriber.receive())).code, "EAGAIN")
    })
    await publisher.send("b")
    assert.deepEqual(texts(await subscriber.receive()), ["b"])
  })
  add(`an XPublisher receives subscriptions over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { transport })
    subscriber.subscribe("a")
    assert.deepEqual(await publisher.receive(), [Buffer.from("\x01a")])
    subscriber.unsubscribe("a")
    assert.deepEqual(await publisher.receive(), [Buffer.from("\0a")])
  })
  add(`an XPublisher receives the subscription to all over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { transport })
    subscriber.subscribe()
    assert.deepEqual(await publisher.receive(), [Buffer.from([1])])
  })
  add(`an XSubscriber subscribes by messages over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.subscribed(zmq.XPublisher, zmq.XSubscriber, { transport, topics: ["a"] })
    await publisher.send("b")
    await publisher.send("ab")
    assert.deepEqual(texts(await subscriber.receive()), ["ab"])
  })
  add(`other messages of an XSubscriber reach the XPublisher over ${transport}`, async (zmq, t) => {
    const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.XSubscriber, { transport })
    await t.eventually(async () => {
      await subscriber.send("hello")
      publisher.receiveTimeout = 20
      assert.deepEqual(texts(await publisher.receive()), ["hello"])
    })
  })
  add(`the close of a Subscriber over ${transport} takes back its subscriptions`, async (zmq, t) => {
    const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { transport })
    subscriber.subscribe("a")
    await publisher.receive()
    subscriber.close()
    assert.deepEqual(await publisher.receive(), [Buffer.from("\0a")])
  })
}

// With a timeout of 0 both packages tell at once that the state is wrong.
for (const [timeouts, options] of [
  ["with timeouts of 0", { sendTimeout: 0, receiveTimeout: 0 }],
  ["without timeouts", {}],
]) {
  add(`a Request that receives first rejects with EFSM at once, ${timeouts}`, async (zmq, t) => {
    const request = t.open(zmq.Request, options)
    t.isErrno(
      await t.within(
        1000,
        t.rejection(() => request.receive()),
      ),
      "EFSM",
      wrongState,
    )
  })
  add(`a Reply that sends first rejects with EFSM at once, ${timeouts}`, async (zmq, t) => {
    const reply = t.open(zmq.Reply, options)
    t.isErrno(
      await t.within(
        1000,
        t.rejection(() => reply.send("x")),
      ),
      "EFSM",
      wrongState,
    )
  })
  add(`a Reply that receives twice rejects with EFSM at once, ${timeouts}`, async (zmq, t) => {
    const [reply, request] = await t.pair(zmq.Reply, zmq.Request)
    await request.send("x")
    await reply.receive()
    Object.assign(reply, options)
    t.isErrno(
      await t.within(
        1000,
        t.rejection(() => reply.receive()),
      ),
      "EFSM",
      wrongState,
    )
  })
  add(`a Request that sends twice rejects with EFSM at once, ${timeouts}`, async (zmq, t) => {
    const [, request] = await t.pair(zmq.Reply, zmq.Request)
    await request.send("x")
    Object.assign(request, options)
    t.isErrno(
      await t.within(
        1000,
        t.rejection(() => request.send("y")),
      ),
      "EFSM",
      wrongState,
    )
  })
  add(`a mandatory Router rejects a message to nobody at once, ${timeouts}`, async (zmq, t) => {
    const router = t.open(zmq.Router, { mandatory: true, ...options })
    const error = await t.within(
      1000,
      t.rejection(() => router.send(["nobody", "x"])),
    )
    t.isErrno(error, "EHOSTUNREACH", "Host unreachable")
  })
  add(`an iterator of a Request that has sent nothing throws EFSM at once, ${timeouts}`, async (zmq, t) => {
    const iterator = t.open(zmq.Request, options)[Symbol.asyncIterator]()
    t.isErrno(
      await t.within(
        1000,
        t.rejection(() => iterator.next()),
      ),
      "EFSM",
      wrongState,
    )
  })
}
add("a Request goes on after EFSM", async (zmq, t) => {
  const [reply, request] = await t.pair(zmq.Reply, zmq.Request, { connected: { receiveTimeout: 0 } })
  await t.failure(() => request.receive())
  await request.send("x")
  await reply.receive()
  request.sendTimeout = 0
  await t.failure(() => request.send("y"))
  await reply.send("z")
  request.receiveTimeout = -1
  assert.deepEqual(texts(await request.receive()), ["z"])
})
add("a Reply goes on after EFSM", async (zmq, t) => {
  const [reply, request] = await t.pair(zmq.Reply, zmq.Request, { bound: { sendTimeout: 0 } })
  t.isErrno(await t.failure(() => reply.send("too early")), "EFSM", wrongState)
  await request.send("one")
  assert.deepEqual(texts(await reply.receive()), ["one"])
  reply.receiveTimeout = 0
  t.isErrno(await t.failure(() => reply.receive()), "EFSM", wrongState)
  await reply.send("answer")
  t.isErrno(await t.failure(() => reply.send("again")), "EFSM", wrongState)
  assert.deepEqual(texts(await request.receive()), ["answer"])
  reply.receiveTimeout = -1
  await request.send("two")
  assert.deepEqual(texts(await reply.receive()), ["two"])
})
add("a Reply drops its answer to a Request that left, and serves the next", async (zmq, t) => {
  const [reply, request] = await t.pair(zmq.Reply, zmq.Request, { connected: { linger: -1 } })
  await request.send("x")
  await reply.receive()
  request.close()
  await reply.send("to nobody")
  const other = t.open(zmq.Request)
  other.connect(reply.lastEndpoint)
  await other.send("next")
  assert.deepEqual(texts(await reply.receive()), ["next"])
})
add("correlate puts a number before the request", async (zmq, t) => {
  const [router, request] = await t.pair(zmq.Router, zmq.Request, { connected: { correlate: true, routingId: "me" } })
  await request.send("x")
  const message = await router.receive()
  assert.deepEqual([String(message[0]), message[1].length, String(message[2]), String(message[3])], ["me", 4, "", "x"])
})
add("a Request puts an empty part before the request", async (zmq, t) => {
  const [router, request] = await t.pair(zmq.Router, zmq.Request, { connected: { routingId: "me" } })
  await request.send(["x", "y"])
  assert.deepEqual(texts(await router.receive()), ["me", "", "x", "y"])
})
for (const [name, peer] of [
  ["Push", "Pull"],
  ["Dealer", "Dealer"],
]) {
  add(`conflate keeps the last message: ${name} to ${peer}`, async (zmq, t) => {
    const [receiver, sender] = await t.pair(zmq[peer], zmq[name], { bound: { conflate: true } })
    for (let index = 0; index < 100; index += 1) await sender.send(index)
    const last = async () => {
      for (;;) if (String(await receiver.receive()) === "99") return
    }
    await last()
  })
}
add("conflate: a slow Subscriber gets the last message", async (zmq, t) => {
  const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { connected: { conflate: true } })
  subscriber.subscribe()
  await publisher.receive()
  for (let index = 0; index < 100; index += 1) await publisher.send(index)
  while (String(await subscriber.receive()) !== "99");
})
for (const [verbosity, expected] of [
  [null, ["\x01a", "\0a"]],
  ["allSubs", ["\x01a", "\x01a", "\0a"]],
  ["allSubsUnsubs", ["\x01a", "\x01a", "\0a", "\0a"]],
]) {
  add(`verbosity ${verbosity}: of two subscribers to one prefix, these messages come`, async (zmq, t) => {
    const publisher = t.open(zmq.XPublisher, { verbosity })
    await publisher.bind(t.address("inproc"))
    const subscribers = [t.open(zmq.Subscriber), t.open(zmq.Subscriber)]
    for (const subscriber of subscribers) subscriber.connect(publisher.lastEndpoint)
    const seen = []
    let marks = 0
    for (const method of ["subscribe", "unsubscribe"]) {
      for (const subscriber of subscribers) {
        subscriber[method]("a")
        // Comes after whatever the call before caused.
        const mark = `mark ${marks++}`
        subscriber.subscribe(mark)
        for (;;) {
          const text = String(await publisher.receive())
          if (text === `\x01${mark}`) break
          seen.push(text)
        }
      }
    }
    assert.deepEqual(seen, expected)
  })
}
add("subscribe takes many prefixes at once", async (zmq, t) => {
  const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { transport: "inproc" })
  subscriber.subscribe("a", Buffer.from("b"), "")
  const seen = []
  for (let index = 0; index < 3; index += 1) seen.push(String(await publisher.receive()))
  assert.deepEqual(seen, ["\x01a", "\x01b", "\x01"])
})
add("unsubscribe without a prefix takes back the one to all", async (zmq, t) => {
  const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { transport: "inproc" })
  subscriber.subscribe()
  await publisher.receive()
  subscriber.unsubscribe()
  assert.deepEqual(await publisher.receive(), [Buffer.from([0])])
})
add("two subscriptions to a prefix need two unsubscribes", async (zmq, t) => {
  const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { transport: "inproc" })
  subscriber.subscribe("a", "a")
  subscriber.unsubscribe("a")
  subscriber.subscribe("b")
  await publisher.receive()
  assert.deepEqual(await publisher.receive(), [Buffer.from("\x01b")])
  await publisher.send("a")
  assert.deepEqual(texts(await subscriber.receive()), ["a"])
  subscriber.unsubscribe("a")
  assert.deepEqual(await publisher.receive(), [Buffer.from("\0a")])
})
add("binary subscriptions match bytes", async (zmq, t) => {
  const prefix = Buffer.from([0, 255, 0])
  const [publisher, subscriber] = await t.subscribed(zmq.Publisher, zmq.Subscriber, { topics: [prefix] })
  await publisher.send(Buffer.from([0, 255, 1]))
  await publisher.send(Buffer.from([0, 255, 0, 7]))
  assert.deepEqual(await subscriber.receive(), [Buffer.from([0, 255, 0, 7])])
})
add("welcomeMessage is sent to those who subscribe to it", async (zmq, t) => {
  const [publisher, subscriber] = await t.pair(zmq.XPublisher, zmq.Subscriber, { bound: { welcomeMessage: "welcome" } })
  subscriber.subscribe("welcome")
  await publisher.receive()
  assert.deepEqual(texts(await subscriber.receive()), ["welcome"])
})
add("invertMatching sends to those who did not subscribe", async (zmq, t) => {
  const publisher = t.open(zmq.XPublisher, { invertMatching: true })
  const subscriber = t.open(zmq.Subscriber, { invertMatching: true })
  await t.join(publisher, subscriber)
  subscriber.subscribe("no")
  await publisher.receive()
  await publisher.send("no way")
  await publisher.send("yes")
  assert.deepEqual(texts(await subscriber.receive()), ["yes"])
})

// --- Stream
const stream = async (zmq, t, options) => {
  const socket = t.open(zmq.Stream, options)
  await socket.bind(t.address())
  const client = connect(Number(socket.lastEndpoint.split(":").at(-1)), "127.0.0.1")
  client.on("error", () => {})
  return { socket, client }
}
add("a Stream tells that a plain TCP client came, by an empty part", async (zmq, t) => {
  const { socket, client } = await stream(zmq, t)
  const [id, data] = await socket.receive()
  assert.deepEqual([id.length, data.length], [5, 0])
  client.destroy()
})
add("a Stream receives bytes of a plain TCP client", async (zmq, t) => {
  const { socket, client } = await stream(zmq, t)
  const [id] = await socket.receive()
  client.write("hello")
  assert.deepEqual(await socket.receive(), [id, Buffer.from("hello")])
  client.destroy()
})
add("a Stream sends bytes to a plain TCP client", async (zmq, t) => {
  const { socket, client } = await stream(zmq, t)
  const [id] = await socket.receive()
  await socket.send([id, "hello"])
  assert.equal(String(await new Promise((resolve) => client.once("data", resolve))), "hello")
  client.destroy()
})
add("a Stream closes a plain TCP client by an empty part", async (zmq, t) => {
  const { socket, client } = await stream(zmq, t)
  const [id] = await socket.receive()
  client.resume()
  const closed = new Promise((resolve) => client.once("close", resolve))
  await socket.send([id, null])
  // libzmq closes connections in the calls of their socket's owner.
  socket.receive().catch(() => {})
  await closed
})
add("a Stream tells that a plain TCP client left, by an empty part", async (zmq, t) => {
  const { socket, client } = await stream(zmq, t)
  const [id] = await socket.receive()
  client.end()
  const [again, data] = await socket.receive()
  assert.deepEqual([again.equals(id), data.length], [true, 0])
})
add("a Stream without notify tells only data", async (zmq, t) => {
  const { socket, client } = await stream(zmq, t, { notify: false })
  client.write("hello")
  assert.equal(String((await socket.receive())[1]), "hello")
  client.destroy()
})
add("a Stream rejects a send to nobody with EHOSTUNREACH", async (zmq, t) => {
  t.isErrno(await t.rejection(() => t.open(zmq.Stream).send(["nobody", "x"])), "EHOSTUNREACH", "Host unreachable")
})
add("a Stream that connects with a routing id is told by it", async (zmq, t) => {
  const { createServer } = await import("node:net")
  const server = createServer((client) => client.end("hello"))
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const socket = t.open(zmq.Stream)
  socket.connect(`tcp://127.0.0.1:${server.address().port}`, { routingId: "server" })
  assert.deepEqual(texts(await socket.receive()), ["server", ""])
  assert.deepEqual(texts(await socket.receive()), ["server", "hello"])
  server.close()
})
