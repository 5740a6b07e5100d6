// Endpoints, subscriptions and groups that are given to constructors.

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { eventually, freeAddress, join, open, texts, thrown, untilReceived } from "../support/sockets.js"

describe("a constructor", () => {
  it("binds, and then connects", async () => {
    const pull = open(zmq.Pull, { bind: freeAddress("tcp") })
    const push = open(zmq.Push, { connect: pull.lastEndpoint as string })
    await push.send("x")
    expect(texts(await pull.receive())).toEqual(["x"])
    const [first, second] = [freeAddress("inproc"), freeAddress("inproc")]
    expect(open(zmq.Pair, { connect: second, bind: first }).lastEndpoint).toBe(second)
  })

  it("takes several addresses, or none", async () => {
    const pulls = [open(zmq.Pull, { bind: freeAddress("tcp") }), open(zmq.Pull, { bind: [freeAddress("inproc")] })]
    const push = open(zmq.Push, { connect: pulls.map(({ lastEndpoint }) => lastEndpoint as string), bind: [] })
    await push.sendMany(["x", "x"])
    for (const pull of pulls) expect(texts(await pull.receive())).toEqual(["x"])
  })

  it("sets options first, in whatever order they are written", async () => {
    const router = open(zmq.Router, { bind: freeAddress("tcp") })
    const dealer = open(zmq.Dealer, { connect: router.lastEndpoint as string, routingId: "me", linger: 0 })
    await dealer.send("x")
    expect(texts(await router.receive())).toEqual(["me", "x"])
  })

  it("checks the security that it sets up", () => {
    const context = new zmq.Context({ requireEncryption: true })
    const error = thrown(() => new zmq.Push({ context, connect: "tcp://192.0.2.1:5555" }))
    expect(error).toMatchObject({ code: "EPERM", address: "tcp://192.0.2.1:5555", option: "connect" })
  })

  it("subscribes a Subscriber, to one prefix, several or all", async () => {
    const publisher = open(zmq.Publisher, { bind: freeAddress("tcp") })
    const connect = publisher.lastEndpoint as string
    for (const [subscribe, wanted] of [
      ["b", "b"],
      [["b", Buffer.from("c")], "c"],
      ["", "a"],
    ] as const) {
      const subscriber = open(zmq.Subscriber, { connect, subscribe })
      const send = async () => publisher.sendMany(["a", "b", "c"].filter((text) => text <= wanted))
      expect(texts(await untilReceived(send, subscriber))).toEqual([subscribe === "" ? "a" : "b"])
    }
    const subscriber = open(zmq.Subscriber, { connect, subscribe: [] })
    subscriber.subscribe("b")
    await untilReceived(() => publisher.send("b"), subscriber)
  })

  it("subscribes to more prefixes than a send queue holds", async () => {
    const publisher = open(zmq.XPublisher, { bind: freeAddress("tcp"), receiveHighWaterMark: 0 })
    const subscribe = Array.from({ length: 3000 }, (_, index) => `prefix ${index}`)
    open(zmq.Subscriber, { connect: publisher.lastEndpoint as string, subscribe })
    const told: string[] = []
    while (told.length < subscribe.length) told.push(...texts(await publisher.receive()))
    expect(told.sort()).toEqual(subscribe.map((prefix) => `\u0001${prefix}`).sort())
  })

  it("has a Dish join groups", async () => {
    const radio = open(draft.Radio)
    const dish = open(draft.Dish, { join: ["a", Buffer.from("b")], bind: freeAddress("tcp") })
    radio.connect(dish.lastEndpoint as string)
    const received = dish.receive()
    await eventually(async () => {
      for (const group of ["c", "b"]) await radio.send(group, { group })
      expect(String((await Promise.race([received, Promise.reject(new Error("nothing yet"))]))[0])).toBe("b")
    })
    expect(thrown(() => new draft.Dish({ join: ["a", "a"] }))).toMatchObject({
      code: "EINVAL",
      message: 'This socket has already joined the group "a"',
      option: "join",
    })
  })

  it.each([
    [
      "an invalid address",
      { connect: "tcp://127.0.0.1" },
      { code: "EINVAL", option: "connect", address: "tcp://127.0.0.1" },
    ],
    ["an unknown transport", { bind: "x://y" }, { code: "EPROTONOSUPPORT", option: "bind", reason: /"x"/ }],
    ["no address", { connect: undefined }, { message: "Address must be a string", option: "connect" }],
    ["null", { bind: null }, { message: "Address must be a string", option: "bind" }],
    [
      "a number among addresses",
      { bind: ["inproc://x", 5555] },
      { message: "Address must be a string", option: "bind" },
    ],
  ])("throws for %s, and closes the socket", async (_, options, expected) => {
    const context = new zmq.Context({ maxSockets: 1 })
    const { reason, ...rest } = expected as { reason?: RegExp }
    const error = thrown(() => new zmq.Dealer({ context, ...options } as never))
    expect(error).toMatchObject(rest)
    if (reason !== undefined) expect(error.reason).toMatch(reason)
    await eventually(() => new zmq.Dealer({ context }).close())
  })

  it("throws for an address that is in use, with nothing left bound", async () => {
    const pull = open(zmq.Pull, { bind: freeAddress("tcp") })
    const free = freeAddress("inproc")
    expect(thrown(() => new zmq.Pull({ bind: [free, pull.lastEndpoint as string] }))).toMatchObject({
      code: "EADDRINUSE",
    })
    await eventually(() => open(zmq.Pull).bindSync(free))
  })

  it("throws for an invalid subscription", () => {
    expect(thrown(() => new zmq.Subscriber({ subscribe: [5] as never }))).toMatchObject({
      message: "Option value must be a string or buffer",
      option: "subscribe",
    })
  })

  it.each([
    ["Dealer", zmq.Dealer, "subscribe"],
    ["XPublisher", zmq.XPublisher, "subscribe"],
    ["Subscriber", zmq.Subscriber, "join"],
    ["Dealer", zmq.Dealer, "bindSync"],
    ["Dealer", zmq.Dealer, "conect"],
  ])("of %s takes no other names: $2", (_, Class, name) => {
    const error = thrown(() => new (Class as new (options: object) => zmq.Socket)({ [name]: "x" }))
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(new RegExp(`^Cannot add property ${name}, object is not extensible`))
  })

  it("of a subclass does not call overridden methods, because the subclass is not initialized yet", async () => {
    class Careful extends zmq.Push {
      readonly #seen: string[] = []
      override connect(address: string): void {
        this.#seen.push(address)
        super.connect(address)
      }
    }
    const pull = open(zmq.Pull, { bind: freeAddress("tcp") })
    const push = open(Careful, { connect: pull.lastEndpoint as string })
    await push.send("x")
    expect(texts(await pull.receive())).toEqual(["x"])
  })

  it("binds too early for connected()", async () => {
    const pull = open(zmq.Pull, { bind: freeAddress("tcp") })
    await expect(pull.connected()).rejects.toMatchObject({ code: "EINVAL" })
    await join(pull, open(zmq.Push))
  })
})
