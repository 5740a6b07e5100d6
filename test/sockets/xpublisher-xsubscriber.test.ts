import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { eventually, failure, freeAddress, join, open, texts, thrown, transports } from "../support/sockets.js"

const subscription = (topic: string) => `\x01${topic}`
const unsubscription = (topic: string) => `\0${topic}`

const next = async (socket: zmq.Readable) => texts(await socket.receive()).join()
const nothing = async (socket: zmq.Readable) =>
  expect((await failure(() => socket.receive({ timeout: 10 }))).code).toBe("EAGAIN")

describe.each(transports)("XPublisher over %s", (transport) => {
  it("with manual, subscribes the peer whose message was received last to prefixes of the program's choice", async () => {
    const publisher = open(zmq.XPublisher, { manual: true })
    const subscriber = open(zmq.XSubscriber)
    await join(publisher, subscriber, transport)
    await subscriber.send(subscription("a"))
    expect(await next(publisher)).toBe(subscription("a"))
    publisher.subscribe("b", Buffer.from("c"))
    for (const topic of ["a", "b", "c"]) await publisher.send(topic)
    expect([await next(subscriber), await next(subscriber)]).toEqual(["b", "c"])
    await subscriber.send(unsubscription("a"))
    expect(await next(publisher)).toBe(unsubscription("a"))
    publisher.unsubscribe("b")
    for (const topic of ["a", "b", "c"]) await publisher.send(topic)
    expect(await next(subscriber)).toBe("c")
    await nothing(subscriber)
  })

  it("with manual, keeps peers apart", async () => {
    const publisher = open(zmq.XPublisher, { manual: true })
    const subscribers = [open(zmq.XSubscriber), open(zmq.XSubscriber), open(zmq.XSubscriber)]
    await publisher.bind(freeAddress(transport))
    for (const [index, subscriber] of subscribers.entries()) {
      subscriber.connect(publisher.lastEndpoint as string)
      await subscriber.send(subscription("me"))
      expect(await next(publisher)).toBe(subscription("me"))
      publisher.subscribe(`peer ${index}`)
    }
    for (const index of subscribers.keys()) await publisher.send(`peer ${index}`)
    for (const [index, subscriber] of subscribers.entries()) {
      expect(await next(subscriber)).toBe(`peer ${index}`)
      await nothing(subscriber)
    }
  })

  it("with manual, subscribes to everything when called without a prefix", async () => {
    const publisher = open(zmq.XPublisher, { manual: true })
    const subscriber = open(zmq.XSubscriber)
    await join(publisher, subscriber, transport)
    await subscriber.send(subscription("a"))
    await publisher.receive()
    publisher.subscribe()
    await publisher.send("anything")
    expect(await next(subscriber)).toBe("anything")
    await subscriber.send(unsubscription("a"))
    await publisher.receive()
    publisher.unsubscribe()
    await publisher.send("anything")
    await nothing(subscriber)
  })

  it.each<[string, string | Buffer, string]>([
    ["text", "welcome", "welcome"],
    ["bytes", Buffer.from("welcome"), "welcome"],
  ])("sends its welcomeMessage, which is %s, to new subscribers", async (_, welcomeMessage, expected) => {
    const publisher = open(zmq.XPublisher, { welcomeMessage })
    publisher.verbosity = "allSubs"
    await publisher.bind(freeAddress(transport))
    for (let index = 0; index < 2; index += 1) {
      const subscriber = open(zmq.Subscriber)
      subscriber.subscribe("welcome")
      subscriber.connect(publisher.lastEndpoint as string)
      // libzmq sends the welcome message when the publisher's own thread notices the peer.
      expect(await next(publisher)).toBe(subscription("welcome"))
      expect(await next(subscriber)).toBe(expected)
    }
  })

  it("does not send its welcomeMessage to peers that did not subscribe to it", async () => {
    const publisher = open(zmq.XPublisher, { welcomeMessage: "welcome" })
    const subscriber = open(zmq.Subscriber)
    subscriber.subscribe("news")
    await join(publisher, subscriber, transport)
    await publisher.receive()
    await publisher.send("news")
    expect(await next(subscriber)).toBe("news")
  })

  it("drops messages for subscribers whose queue is full, and with noDrop waits", async () => {
    const body = Buffer.alloc(transport === "inproc" ? 1 : 500_000)
    const publisher = open(zmq.XPublisher, { sendHighWaterMark: 2, noDrop: true })
    const subscriber = open(zmq.Subscriber, { receiveHighWaterMark: 2 })
    await join(publisher, subscriber, transport)
    subscriber.subscribe()
    await publisher.receive()
    let sent = 0
    let refused = 0
    while (refused < 2) {
      const code = await publisher.send([sent, body], { timeout: 50 }).catch((error) => error.code)
      if (code === undefined) sent += 1
      else {
        expect(code).toBe("EAGAIN")
        refused += 1
      }
    }
    publisher.noDrop = false
    for (let index = 0; index < 100; index += 1) await publisher.send(["dropped", body], { timeout: 0 })
    for (let index = 0; index < sent; index += 1) expect(String((await subscriber.receive())[0])).toBe(String(index))
  })

  it("receives what an XSubscriber sends upstream, whole", async () => {
    const [publisher, subscriber] = [open(zmq.XPublisher), open(zmq.XSubscriber)]
    await join(publisher, subscriber, transport)
    await subscriber.send(["\x02upstream", "second part"])
    expect(texts(await publisher.receive())).toEqual(["\x02upstream", "second part"])
  })
})

describe("XPublisher", () => {
  it("subscribes nobody without manual", () => {
    const publisher = open(zmq.XPublisher)
    expect(thrown(() => publisher.subscribe("a"))).toMatchObject({ code: "EINVAL" })
    expect(thrown(() => publisher.unsubscribe())).toMatchObject({ code: "EINVAL" })
  })

  it("refuses a prefix that is neither text nor bytes", () => {
    const publisher = open(zmq.XPublisher, { manual: true })
    const error = new TypeError("Option value must be a string or buffer")
    expect(thrown(() => publisher.subscribe(1 as never))).toEqual(error)
    expect(thrown(() => publisher.unsubscribe({} as never))).toEqual(error)
  })

  it("is always writable, and readable while there are subscriptions", async () => {
    const [publisher, subscriber] = [open(zmq.XPublisher), open(zmq.Subscriber)]
    await join(publisher, subscriber, "inproc")
    expect([publisher.readable, publisher.writable]).toEqual([false, true])
    subscriber.subscribe("a")
    await eventually(() => expect(publisher.readable).toBe(true))
    await publisher.receive()
    expect(publisher.readable).toBe(false)
  })
})

describe.each(transports)("XSubscriber over %s", (transport) => {
  async function channel() {
    const [publisher, subscriber] = [open(zmq.XPublisher), open(zmq.XSubscriber)]
    await join(publisher, subscriber, transport)
    return { publisher, subscriber }
  }

  it.each<[string, zmq.MessageLike, string]>([
    ["text", subscription("a"), "a"],
    ["bytes", Buffer.from([1, 0, 1]), "\0\x01"],
    ["a single byte, for everything", Buffer.from([1]), "anything"],
  ])("subscribes by sending %s", async (_, message, topic) => {
    const { publisher, subscriber } = await channel()
    await subscriber.send(message)
    await publisher.receive()
    await publisher.send([topic, "body"])
    expect(texts(await subscriber.receive())).toEqual([topic, "body"])
  })

  it("unsubscribes by sending", async () => {
    const { publisher, subscriber } = await channel()
    await subscriber.send(subscription("a"))
    await subscriber.send(subscription("b"))
    await subscriber.send(unsubscription("a"))
    for (let index = 0; index < 3; index += 1) await publisher.receive()
    for (const topic of ["a", "b"]) await publisher.send(topic)
    expect(await next(subscriber)).toBe("b")
  })

  it("with an XPublisher forwards subscriptions one way, messages the other", async () => {
    const publisher = open(zmq.Publisher)
    const [back, front] = [open(zmq.XSubscriber), open(zmq.XPublisher)]
    const subscriber = open(zmq.Subscriber)
    await join(publisher, back, transport)
    await join(front, subscriber, transport)
    const upstream = (async () => {
      for await (const message of front) await back.send(message)
    })()
    const downstream = (async () => {
      for await (const message of back) await front.send(message)
    })()
    subscriber.subscribe("news")
    await eventually(async () => {
      await publisher.send(["other", "x"])
      await publisher.send(["news", "x"])
      expect(texts(await subscriber.receive({ timeout: 10 }))).toEqual(["news", "x"])
    })
    back.close()
    front.close()
    await Promise.all([upstream, downstream])
  })
})
