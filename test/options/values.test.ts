// Options together, in constructors, and as time goes by: when they warn, what copies they hold.

import { once } from "node:events"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { classesWith, expectedOptions, isOptionOfZeromq, isThere } from "../support/option-table.js"
import { create } from "../support/socket-classes.js"
import { closeAfterTest, freeAddress, join, open, texts, thrown } from "../support/sockets.js"

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
    [{ linger: 5, sendTimeout: "1" }, "sendTimeout", "Option value must be a number"],
    [{ linger: 5, curvePublicKey: "short" }, "curvePublicKey", "Invalid argument"],
    [{ linger: -2, sendTimeout: 1 }, "linger", "Invalid argument"],
  ])("says in the error which of its options it is: %j", (options, option, message) => {
    expect(thrown(() => new zmq.Push(options as object))).toMatchObject({ option, message })
  })

  it("does not set what options inherit", () => {
    expect(open(zmq.Dealer, Object.create({ linger: 5 })).linger).toBe(-1)
  })
})

describe("An option that libzmq does not tell", () => {
  it("cannot be read either once the socket is closed", () => {
    const socket = open(zmq.Router)
    socket.close()
    expect(thrown(() => socket.mandatory)).toMatchObject({ code: "EBADF", message: "Socket is closed" })
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

  it("securityMechanism reports the choice of the others", () => {
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
  it("takes the largest number that there is below 2 ** 64", async () => {
    const socket = open(zmq.Pair)
    const emitted = await warnings(() => {
      socket.affinity = 2 ** 64 - 2048
    })
    expect(emitted).toEqual([inexact])
    expect(socket.affinity).toBe(2 ** 64 - 2048)
  })
})

describe("An option that is a list of names", () => {
  it("refuses others", () => {
    expect(() => open(zmq.Router, { routerNotify: ["connect", "nothing" as "connect"] })).toThrow(
      'Option value must be one of "connect", "disconnect", but received "nothing"',
    )
  })
})

const tcp = freeAddress("tcp")

/** Conformance checks those that zeromq has. */
const writable = expectedOptions.filter(
  (option) => isThere(option) && !option.readonly && !isOptionOfZeromq(option.name),
)

describe.each(writable.map((option) => [option.name, option] as const))("Setting %s", (_, option) => {
  it(`${option.anytime ? "warns of nothing" : "warns that it comes late"} on a socket that is bound`, async () => {
    const sockets = classesWith(option).map((name) => closeAfterTest(create(name)))
    for (const socket of sockets) socket.bindSync(tcp)
    const emitted = await warnings(() => {
      for (const socket of sockets) (socket as Record<string, unknown>)[option.name] = option.good?.[0]?.set
    })
    expect(emitted).toEqual(option.anytime ? [] : sockets.map(() => late))
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
