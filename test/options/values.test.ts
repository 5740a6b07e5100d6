// Options together, in constructors, and as time goes by: when they warn, what copies they hold.

import { once } from "node:events"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished, vi } from "vitest"

import { classesWith, type ExpectedOption, expectedOptions, isThere } from "../support/option-table.js"
import { create } from "../support/socket-classes.js"
import { closeAfterTest, failure, freeAddress, join, open, texts, thrown } from "../support/sockets.js"

const late = "Socket option will not take effect until next connect/bind."
const inexact = "Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately."

/** The warnings that the process emits while `action` runs. */
async function warnings(action: () => unknown): Promise<string[]> {
  const emitted: string[] = []
  const listen = (warning: Error) => emitted.push(warning.message)
  process.on("warning", listen)
  onTestFinished(() => void process.off("warning", listen))
  await action()
  // Warnings come in the order in which they were given, so this one is behind all others.
  process.emitWarning("The last one")
  while (emitted.at(-1) !== "The last one") await once(process, "warning")
  process.off("warning", listen)
  return emitted.slice(0, -1)
}

describe("A constructor", () => {
  it("sets several options, in their order", () => {
    const socket = open(zmq.Dealer, { linger: 5, ipv6: true, ipv4Only: true, routingId: "me" })
    expect(socket).toMatchObject({ linger: 5, ipv6: false, routingId: "me" })
  })

  it.each([
    [{ sendHighWatermark: 1 }, "sendHighWaterMark"],
    [{ recieveTimeout: 1 }, "receiveTimeout"],
    [{ Linger: 1 }, "linger"],
    [{ curveSecretkey: "x" }, "curveSecretKey"],
  ])("refuses an unknown option and names the one that is spelt most like it: %j", (options, nearest) => {
    const [name] = Object.keys(options)
    expect(() => new zmq.Dealer(options as object)).toThrow(
      new TypeError(`Cannot add property ${name}, object is not extensible. Did you mean "${nearest}"?`),
    )
  })

  it("names no option where none is spelt like it", () => {
    expect(() => new zmq.Dealer({ unheardOf: 1 } as object)).toThrow(
      new TypeError("Cannot add property unheardOf, object is not extensible"),
    )
    expect(() => new zmq.Dealer({ lastEndpoin: "x" } as object)).toThrow(
      new TypeError("Cannot add property lastEndpoin, object is not extensible"),
    )
  })

  it.each([
    [{ linger: 5, sendTimeout: "1" }, "sendTimeout", "Option value must be a number"],
    [{ linger: 5, curvePublicKey: "short" }, "curvePublicKey", "Invalid argument"],
    [{ linger: -2, sendTimeout: 1 }, "linger", "Invalid argument"],
  ])("says in the error which of its options it is: %j", (options, option, message) => {
    expect(thrown(() => new zmq.Push(options as object))).toMatchObject({ option, message })
  })

  it("does not set what options inherit", () => {
    expect(open(zmq.Dealer, Object.create({ linger: 5 })).linger).toBe(-1)
  })

  it("leaves no socket behind where it refuses an option", async () => {
    const context = new zmq.Context({ maxSockets: 1 })
    for (let i = 0; i < 5; i += 1) {
      // libzmq closes in the background, and until then the context has no room for another.
      await vi.waitFor(() => expect(() => new zmq.Dealer({ context, linger: -2 })).toThrow("Invalid argument"), {
        timeout: 10_000,
        interval: 1,
      })
    }
  })
})

describe("A socket", () => {
  it("has no options any more once it is closed", async () => {
    const socket = open(zmq.Router)
    socket.close()
    const closed = { code: "EBADF", message: "Socket is closed" }
    expect(await failure(() => socket.linger)).toMatchObject(closed)
    expect(await failure(() => socket.mandatory)).toMatchObject(closed)
    expect(await failure(() => socket.lastEndpoint)).toMatchObject(closed)
    expect(
      await failure(() => {
        socket.linger = 0
      }),
    ).toMatchObject(closed)
  })
})

describe("Options that hang together", () => {
  it("ipv4Only is the opposite of ipv6", () => {
    const socket = open(zmq.Pair, { ipv6: true })
    expect(socket.ipv4Only).toBe(false)
    socket.ipv4Only = true
    expect(socket.ipv6).toBe(false)
  })

  it("routingId and routingIdBytes are the same bytes", () => {
    const socket = open(zmq.Request, { routingId: Buffer.from([1, 0, 1]) })
    expect(socket.routingId).toBe("\x01\0\x01")
    expect(socket.routingIdBytes).toEqual(Buffer.from([1, 0, 1]))
    socket.routingId = "ünï"
    expect(socket.routingIdBytes).toEqual(Buffer.from("ünï"))
  })

  it.each(["routingId", "routingIdBytes"] as const)("a binary %s reaches the router whole", async (option) => {
    const router = open(zmq.Router)
    const id = Buffer.from([1, 0, 255, 0])
    const dealer = open(zmq.Dealer, { [option]: id })
    await join(router, dealer, "inproc")
    await dealer.send("hello")
    const [sender, ...message] = await router.receive()
    expect(sender).toEqual(id)
    expect(texts(message)).toEqual(["hello"])
  })

  it("a view of a buffer is set as the bytes that it shows", () => {
    const socket = open(zmq.Request, { routingId: new Uint8Array(Buffer.from("a view of it")).subarray(2, 6) })
    expect(socket.routingId).toBe("view")
  })

  it("securityMechanism tells what the others choose", () => {
    const socket = open(zmq.Pair)
    socket.plainServer = true
    expect(socket.securityMechanism).toBe("plain")
    socket.plainServer = false
    expect(socket.securityMechanism).toBe(null)
    socket.plainUsername = "admin"
    expect(socket.securityMechanism).toBe("plain")
    socket.plainUsername = null
    expect(socket.securityMechanism).toBe(null)
    socket.plainPassword = "secret"
    socket.plainPassword = ""
    expect(socket.securityMechanism).toBe(null)
    if (zmq.capability.curve) {
      socket.curveServer = true
      expect(socket.securityMechanism).toBe("curve")
    }
  })

  it.runIf(zmq.capability.draft)("metadata that was set does not change with the object", () => {
    const metadata: Record<string, string> = { "X-Role": "scanner" }
    const socket = open(zmq.Pair, { metadata })
    metadata["X-Late"] = "yes"
    expect(socket.metadata).toEqual({ "X-Role": "scanner" })
  })

  it("a welcome message that was set does not change with the buffer", () => {
    const message = Buffer.from("hello")
    const socket = open(zmq.XPublisher, { welcomeMessage: message })
    message.fill("x")
    expect(socket.welcomeMessage).toBe("hello")
  })
})

describe("An option of 64 bits", () => {
  it("warns where a number above Number.MAX_SAFE_INTEGER may not be exact", async () => {
    const socket = open(zmq.Pair)
    const emitted = await warnings(() => {
      socket.affinity = Number.MAX_SAFE_INTEGER
      socket.affinity = 2 ** 53
      socket.affinity = 2 ** 63
    })
    expect(emitted).toEqual([inexact, inexact])
    expect(socket.affinity).toBe(2 ** 63)
  })

  it("takes the largest number that there is below 2 ** 64", async () => {
    const socket = open(zmq.Pair)
    const emitted = await warnings(() => {
      socket.affinity = 2 ** 64 - 2048
    })
    expect(emitted).toEqual([inexact])
    expect(socket.affinity).toBe(2 ** 64 - 2048)
  })
})

const tcp = freeAddress("tcp")

/** Sets an option of a socket of each class that has it, on which `prepare` did something before. */
async function warningsFor(option: ExpectedOption, prepare: (socket: zmq.Socket) => void): Promise<string[]> {
  const sockets = classesWith(option).map((name) => closeAfterTest(create(name)))
  for (const socket of sockets) prepare(socket)
  return warnings(() => {
    for (const socket of sockets) (socket as Record<string, unknown>)[option.name] = option.good?.[0]?.set
  })
}

const writable = expectedOptions.filter((option) => isThere(option) && !option.readonly)

describe.each(writable.map((option) => [option.name, option] as const))("Setting %s", (_, option) => {
  it("warns of nothing before the first bind or connect", async () => {
    expect(await warningsFor(option, () => {})).toEqual([])
  })

  it(`${option.anytime ? "warns of nothing" : "warns that it comes late"} on a socket that is bound`, async () => {
    const bound = await warningsFor(option, (socket) => socket.bindSync(tcp))
    expect(bound).toEqual(option.anytime ? [] : classesWith(option).map(() => late))
  })

  it(`${option.anytime ? "warns of nothing" : "warns that it comes late"} on a socket that is connected`, async () => {
    const connected = await warningsFor(option, (socket) => {
      ;(socket as zmq.Socket & { linger: number }).linger = 0
      socket.connect("tcp://127.0.0.1:9")
    })
    expect(connected).toEqual(option.anytime ? [] : classesWith(option).map(() => late))
  })

  it("warns of nothing once the socket is unbound again", async () => {
    const unbound = await warningsFor(option, (socket) => {
      socket.bindSync(tcp)
      socket.unbindSync((socket as zmq.Socket & { lastEndpoint: string }).lastEndpoint)
    })
    expect(unbound).toEqual([])
  })
})

describe("Subscriptions", () => {
  it("may change at any time without a warning", async () => {
    const socket = open(zmq.Subscriber)
    const manual = open(zmq.XPublisher, { manual: true })
    socket.bindSync(tcp)
    manual.bindSync(tcp)
    const emitted = await warnings(() => {
      for (const each of [socket, manual]) {
        each.subscribe("a", Buffer.from("b"))
        each.unsubscribe("a", Buffer.from("b"))
      }
    })
    expect(emitted).toEqual([])
  })
})
