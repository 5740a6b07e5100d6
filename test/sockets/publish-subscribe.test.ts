import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import {
  eventually,
  failure,
  freeAddress,
  join,
  open,
  texts,
  thrown,
  transports,
  untilReceived,
} from "../support/sockets.js"

type AnyPublisher = zmq.Publisher | zmq.XPublisher

const mark = "~mark"
let marks = 0

/** Waits until the publisher knows all subscriptions and cancellations of a subscriber. */
async function settled(publisher: AnyPublisher, subscriber: zmq.Subscriber) {
  const topic = `${mark}${marks++}.`
  subscriber.subscribe(topic)
  await untilReceived(() => publisher.send(`${topic}begin`), subscriber)
  return topic
}

/** What a subscriber gets of the messages that are published, once its subscriptions are settled. */
async function gets(publisher: AnyPublisher, subscriber: zmq.Subscriber, messages: zmq.MessageLike[][]) {
  const topic = await settled(publisher, subscriber)
  for (const message of messages) await publisher.send(message)
  await publisher.send(`${topic}end`)
  const got: string[][] = []
  for (;;) {
    const message = texts(await subscriber.receive())
    if (message[0] === `${topic}end`) break
    if (message[0]?.startsWith(mark) === false) got.push(message)
  }
  subscriber.unsubscribe(topic)
  return got
}

const topics = ["", "a", "ab", "abc", "b", "ba", "ø", "\0", "\0\x01"]

describe.each(transports)("Publisher and Subscriber over %s", (transport) => {
  async function channel(subscriberOptions: { receiveHighWaterMark?: number; invertMatching?: boolean } = {}) {
    const [publisher, subscriber] = [open(zmq.Publisher), open(zmq.Subscriber, subscriberOptions)]
    await join(publisher, subscriber, transport)
    return { publisher, subscriber }
  }

  it.each<[string, (string | Buffer)[], string[]]>([
    ["one prefix", ["a"], ["a", "ab", "abc"]],
    ["a whole topic", ["abc"], ["abc"]],
    ["several prefixes", ["ab", "b"], ["ab", "abc", "b", "ba"]],
    ["prefixes of each other", ["a", "ab", "abc"], ["a", "ab", "abc"]],
    ["a prefix that is not ASCII", ["ø"], ["ø"]],
    ["a part of a character", [Buffer.from("ø").subarray(0, 1)], ["ø"]],
    ["a binary prefix", [Buffer.from([0])], ["\0", "\0\x01"]],
    ["a binary prefix with more after a zero", [Buffer.from([0, 1])], ["\0\x01"]],
    ["text with a zero", ["\0\x01"], ["\0\x01"]],
    ["the empty prefix", [""], topics],
    ["an empty Buffer", [Buffer.alloc(0)], topics],
    ["nothing, which is all", [], topics],
    ["what nobody sends", ["nothing"], []],
  ])("let through what begins with %s", async (_, prefixes, expected) => {
    const { publisher, subscriber } = await channel()
    subscriber.subscribe(...prefixes)
    const messages = topics.map((topic) => [topic, "body"])
    expect(await gets(publisher, subscriber, messages)).toEqual(expected.map((topic) => [topic, "body"]))
  })

  it("look at the first part only", async () => {
    const { publisher, subscriber } = await channel()
    subscriber.subscribe("a")
    expect(
      await gets(publisher, subscriber, [
        ["b", "a"],
        ["a", "b"],
        ["", "a"],
      ]),
    ).toEqual([["a", "b"]])
  })

  it("deliver nothing after unsubscribe", async () => {
    const { publisher, subscriber } = await channel()
    subscriber.subscribe("a", "b", "c")
    expect(await gets(publisher, subscriber, [["a"], ["b"], ["c"]])).toEqual([["a"], ["b"], ["c"]])
    subscriber.unsubscribe("a", Buffer.from("c"))
    expect(await gets(publisher, subscriber, [["a"], ["b"], ["c"]])).toEqual([["b"]])
    subscriber.subscribe("a")
    expect(await gets(publisher, subscriber, [["a"], ["b"], ["c"]])).toEqual([["a"], ["b"]])
  })

  it("count subscriptions to everything, too", async () => {
    const { publisher, subscriber } = await channel()
    subscriber.subscribe()
    subscriber.subscribe("")
    subscriber.unsubscribe()
    expect(await gets(publisher, subscriber, [["a"]])).toEqual([["a"]])
    subscriber.unsubscribe()
    expect(await gets(publisher, subscriber, [["a"]])).toEqual([])
  })

  it("ignore an unsubscribe without a subscribe", async () => {
    const { publisher, subscriber } = await channel()
    subscriber.unsubscribe("a")
    subscriber.subscribe("b")
    expect(await gets(publisher, subscriber, [["a"], ["b"]])).toEqual([["b"]])
  })

  it("send to each subscriber what it wants", async () => {
    const publisher = open(zmq.Publisher)
    await publisher.bind(freeAddress(transport))
    for (const [prefix, expected] of [
      ["a", ["a", "ab"]],
      ["b", ["b"]],
      ["", ["a", "ab", "b"]],
    ] as const) {
      const subscriber = open(zmq.Subscriber)
      subscriber.connect(publisher.lastEndpoint as string)
      subscriber.subscribe(prefix)
      expect(await gets(publisher, subscriber, [["a"], ["ab"], ["b"]])).toEqual(expected.map((topic) => [topic]))
    }
  })

  it("deliver what several publishers send", async () => {
    const subscriber = open(zmq.Subscriber)
    subscriber.subscribe("news")
    const publishers = [open(zmq.Publisher), open(zmq.Publisher)]
    for (const publisher of publishers) {
      await join(publisher, subscriber, transport)
      expect(await gets(publisher, subscriber, [["news"], ["other"]])).toEqual([["news"]])
    }
  })

  it("drop messages once the subscriber is closed", async () => {
    const { publisher, subscriber } = await channel()
    subscriber.subscribe()
    await settled(publisher, subscriber)
    subscriber.close()
    for (let index = 0; index < 10; index += 1) await publisher.send("into the void")
    expect(publisher.writable).toBe(true)
  })

  it("drop messages for a subscriber whose queue is full, and serve the others", async () => {
    const publisher = open(zmq.Publisher, { sendHighWaterMark: 5 })
    const slow = open(zmq.Subscriber, { receiveHighWaterMark: 5 })
    const quick = open(zmq.Subscriber, { receiveHighWaterMark: 5 })
    await join(publisher, slow, transport)
    quick.connect(publisher.lastEndpoint as string)
    for (const subscriber of [slow, quick]) {
      subscriber.subscribe("news")
      await settled(publisher, subscriber)
    }
    const body = Buffer.alloc(transport === "inproc" ? 1 : 500_000)
    const count = 100
    for (let index = 0; index < count; index += 1) {
      // This makes libzmq notice what was read meanwhile, which it does not do for each message.
      expect(publisher.writable).toBe(true)
      await publisher.send(["news", index, body], { timeout: 0 })
      let message: Buffer[]
      do message = await quick.receive()
      while (String(message[0]) !== "news")
      expect(String(message[1])).toBe(String(index))
    }
    const seen: number[] = []
    let over = false
    while (!over) {
      const message = await untilReceived(() => publisher.send(["news", "end"]), slow)
      over = String(message[1]) === "end"
      if (!over && String(message[0]) === "news") seen.push(Number(message[1]))
    }
    expect(seen.length).toBeGreaterThanOrEqual(5)
    expect(seen.length).toBeLessThan(count)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen[0]).toBe(0)
  })
})

describe("Publisher", () => {
  it("drops messages that nobody subscribed to, at once", async () => {
    const publisher = open(zmq.Publisher)
    expect(publisher.writable).toBe(true)
    await publisher.send("nobody is here", { timeout: 0 })
    await publisher.bind(freeAddress("inproc"))
    for (let index = 0; index < 5000; index += 1) await publisher.send("nobody is here", { timeout: 0 })
    expect([publisher.readable, publisher.writable]).toEqual([false, true])
  })

  it("takes 2,000 messages that are not awaited", async () => {
    const { publisher, subscriber } = { publisher: open(zmq.Publisher), subscriber: open(zmq.Subscriber) }
    subscriber.receiveHighWaterMark = 0
    publisher.sendHighWaterMark = 0
    await join(publisher, subscriber, "inproc")
    subscriber.subscribe("x")
    await settled(publisher, subscriber)
    await Promise.all(Array.from({ length: 2000 }, (_, index) => publisher.send(["x", index])))
    for (let index = 0; index < 2000; index += 1) expect(Number((await subscriber.receive())[1])).toBe(index)
  })

  it("with noDrop, waits for a subscriber whose queue is full", async () => {
    const publisher = open(zmq.Publisher, { noDrop: true, sendHighWaterMark: 1 })
    const subscriber = open(zmq.Subscriber, { receiveHighWaterMark: 1 })
    await join(publisher, subscriber, "inproc")
    subscriber.subscribe()
    let sent = 0
    while ((await publisher.send(sent, { timeout: 20 }).catch(({ code }) => code)) === undefined) sent += 1
    expect(sent).toBe(2)
    const waiting = publisher.send(sent)
    for (let index = 0; index <= sent; index += 1) expect(texts(await subscriber.receive())).toEqual([String(index)])
    await waiting
  })

  it("with invertMatching, sends messages that were not subscribed to", async () => {
    const options = { invertMatching: true }
    const [publisher, subscriber] = [open(zmq.Publisher, options), open(zmq.Subscriber, options)]
    await join(publisher, subscriber, "inproc")
    subscriber.subscribe("secret")
    for (const topic of ["public", "secret", "secret too", "end"]) await publisher.send(topic)
    expect([texts(await subscriber.receive()), texts(await subscriber.receive())]).toEqual([["public"], ["end"]])
  })
})

describe("Subscriber", () => {
  it.each<[string, unknown]>([
    ["an array", ["a"]],
    ["undefined", undefined],
    ["an ArrayBuffer", new ArrayBuffer(1)],
  ])("cannot subscribe to %s", (_, prefix) => {
    const subscriber = open(zmq.Subscriber)
    const error = new TypeError("Option value must be a string or buffer")
    expect(thrown(() => subscriber.subscribe(prefix as never))).toEqual(error)
    expect(thrown(() => subscriber.unsubscribe(prefix as never))).toEqual(error)
  })

  it("is readable while there are messages, never writable", async () => {
    const [publisher, subscriber] = [open(zmq.Publisher), open(zmq.Subscriber)]
    await join(publisher, subscriber, "inproc")
    subscriber.subscribe()
    expect([subscriber.readable, subscriber.writable]).toEqual([false, false])
    await publisher.send("x")
    await eventually(() => expect(subscriber.readable).toBe(true))
    await subscriber.receive()
    expect((await failure(() => subscriber.receive({ timeout: 0 }))).code).toBe("EAGAIN")
    expect(subscriber.readable).toBe(false)
  })
})

describe("many subscriptions", () => {
  it("all take effect, made before connecting or after", async () => {
    const publisher = open(zmq.XPublisher, { receiveHighWaterMark: 0 })
    await publisher.bind(freeAddress("tcp"))
    const subscriber = open(zmq.Subscriber)
    const names = (from: number) => Array.from({ length: 5000 }, (_, index) => `topic ${from + index}.`)
    subscriber.subscribe(...names(0))
    subscriber.connect(publisher.lastEndpoint as string)
    subscriber.subscribe(...names(5000))
    const told = new Set<string>()
    while (told.size < 10_000) told.add(String((await publisher.receive({ timeout: 5000 }))[0]?.subarray(1)))
    expect(told.has("topic 9999.")).toBe(true)
  })
})
