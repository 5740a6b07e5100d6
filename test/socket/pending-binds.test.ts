import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, failure, freeAddress, join, open, texts, thrown, transports } from "../support/sockets.js"

const blocked = expect.objectContaining({
  code: "EBUSY",
  message: "Socket is blocked by a bind or unbind operation",
})

/** A socket with an endpoint, the other end of which can be tried. */
async function bound(transport: (typeof transports)[number]) {
  const socket = open(zmq.Dealer)
  await socket.bind(freeAddress(transport))
  return { socket, endpoint: socket.lastEndpoint as string }
}

/** Resolves when no bind or unbind is in progress any more. */
const unblocked = (socket: zmq.Socket) =>
  eventually(() => expect(thrown(() => socket.disconnect("tcp://127.0.0.1:9"))).toMatchObject({ code: "ENOENT" }))

/** Lets timers expire before the event loop sees the results of other threads. */
function holdUp(duration: number) {
  const until = performance.now() + duration
  while (performance.now() < until) {}
}

describe.each(["bind", "unbind"] as const)("while a %s is in progress", (method) => {
  async function begin() {
    const { socket, endpoint } = await bound("tcp")
    const done = method === "bind" ? socket.bind("tcp://127.0.0.1:*") : socket.unbind(endpoint)
    return { socket, endpoint, done }
  }

  it("send and receive throw EBUSY", async () => {
    const { socket, done } = await begin()
    expect(thrown(() => socket.send("x"))).toEqual(blocked)
    expect(thrown(() => socket.receive())).toEqual(blocked)
    await done
  })

  it("ref and unref work", async () => {
    const { socket, done } = await begin()
    expect(socket.unref().ref()).toBe(socket)
    await done
  })

  it("an iterator rejects with EBUSY", async () => {
    const { socket, done } = await begin()
    expect(await failure(() => socket[Symbol.asyncIterator]().next())).toEqual(blocked)
    await done
  })

  it("it is neither readable nor writable, and not closed", async () => {
    const { socket, done } = await begin()
    expect([socket.readable, socket.writable, socket.closed]).toEqual([false, false, false])
    await done
  })

  it("options can be read and set", async () => {
    const { socket, done } = await begin()
    socket.linger = 123
    expect(socket.linger).toBe(123)
    expect(socket.context).toBe(zmq.context)
    await done
  })

  it("options that encryption depends on can only be read", async () => {
    const { socket, done } = await begin()
    for (const option of [
      ...[{ curveServer: true }, { curveSecretKey: null }, { plainServer: true }, { zapDomain: "x" }],
      ...[{ zapEnforceDomain: true }, { useFileDescriptor: 3 }, { socksProxy: "127.0.0.1:1080" }],
    ]) {
      expect(thrown(() => Object.assign(socket, option))).toEqual(blocked)
    }
    const byNumber = socket as unknown as { setBoolOption(id: number, value: boolean): void }
    const ZMQ_PLAIN_SERVER = 44
    expect(thrown(() => byNumber.setBoolOption(ZMQ_PLAIN_SERVER, true))).toEqual(blocked)
    expect([socket.securityMechanism, socket.plainServer, socket.useFileDescriptor]).toEqual([null, false, -1])
    await done
    socket.plainServer = true
  })

  it("an argument of the wrong type is still a TypeError", async () => {
    const { socket, done } = await begin()
    expect(thrown(() => socket.bind(1 as never)).message).toBe("Address must be a string")
    expect(thrown(() => socket.send(undefined as never)).message).toBe("Message must be present")
    await done
  })

  it("other sockets keep working", async () => {
    const { done } = await begin()
    const [a, b] = [open(zmq.Pair), open(zmq.Pair)]
    const endpoint = freeAddress("inproc")
    a.bindSync(endpoint)
    b.connect(endpoint)
    await a.send("x")
    expect(texts(await b.receive())).toEqual(["x"])
    await done
  })

  it("close with `linger` sets it at once", async () => {
    const { socket, done } = await begin()
    socket.close({ linger: 7 })
    expect(socket.linger).toBe(7)
    await done
    expect(socket.closed).toBe(true)
  })
})

describe("a bind or unbind that fails", () => {
  it("leaves the socket usable", async () => {
    const { socket, endpoint } = await bound("tcp")
    expect((await failure(() => socket.bind(endpoint))).code).toBe("EADDRINUSE")
    expect((await failure(() => socket.unbind("tcp://127.0.0.1:1"))).code).toBe("ENOENT")
    const peer = open(zmq.Dealer)
    peer.connect(endpoint)
    await peer.send("still here")
    expect(texts(await socket.receive())).toEqual(["still here"])
  })
})

describe.each(transports)("operations that wait over %s", (transport) => {
  it("continue after a bind and an unbind", async () => {
    const { socket, endpoint } = await bound(transport)
    const received = socket.receive()
    const sent = socket.send("from the bound one")
    await socket.bind(freeAddress(transport))
    await socket.unbind(socket.lastEndpoint as string)
    const peer = open(zmq.Dealer)
    peer.connect(endpoint)
    await peer.send("from the peer")
    expect(texts(await received)).toEqual(["from the peer"])
    await sent
    expect(texts(await peer.receive())).toEqual(["from the bound one"])
  })

  it("reject with EAGAIN when the socket is closed during a bind", async () => {
    const socket = open(zmq.Dealer)
    const received = failure(() => socket.receive())
    const sent = failure(() => socket.send("x"))
    const binding = socket.bind(freeAddress(transport))
    socket.close()
    await binding
    expect([(await received).reason, (await sent).reason]).toEqual(["closed", "closed"])
  })
})

describe.each(transports)("a bind that is aborted or times out, over %s", (transport) => {
  it("does not begin if its signal was aborted before", async () => {
    const { socket, endpoint } = await bound(transport)
    socket.unbindSync(endpoint)
    const reason = new Error("not wanted")
    const binding = socket.bind(endpoint, { signal: AbortSignal.abort(reason) })
    expect(socket.ref()).toBe(socket)
    expect(await failure(() => binding)).toBe(reason)
    expect(thrown(() => socket.unbindSync(endpoint)).code).toBe("ENOENT")
  })

  it("is undone when its signal is aborted", async () => {
    const { socket, endpoint } = await bound(transport)
    socket.unbindSync(endpoint)
    const other = open(zmq.Dealer)
    // Until the endpoint is free again, so that the bind cannot fail.
    await eventually(() => other.bindSync(endpoint))
    other.unbindSync(endpoint)
    await eventually(() => {
      other.bindSync(endpoint)
      other.unbindSync(endpoint)
    })
    const controller = new AbortController()
    const reason = { any: "value" }
    const binding = socket.bind(endpoint, { signal: controller.signal })
    controller.abort(reason)
    expect(thrown(() => socket.bind(endpoint))).toEqual(blocked)
    expect(await failure(() => binding)).toBe(reason)
    await unblocked(socket)
    expect(thrown(() => socket.unbindSync(endpoint)).code).toBe("ENOENT")
    await eventually(() => other.bindSync(endpoint))
  })

  it("rejects with EAGAIN and is undone when its time is up", async () => {
    const socket = open(zmq.Dealer)
    await new Promise(setImmediate)
    const binding = socket.bind(freeAddress(transport), { timeout: 1 })
    holdUp(20)
    expect(await failure(() => binding)).toMatchObject({
      code: "EAGAIN",
      message: "Operation was not possible or timed out",
      reason: "timeout",
    })
    await unblocked(socket)
    const endpoint = socket.lastEndpoint as string
    expect(thrown(() => socket.unbindSync(endpoint)).code).toBe("ENOENT")
  })

  it("closes the socket when it is done, if close was called meanwhile", async () => {
    const socket = open(zmq.Dealer)
    const controller = new AbortController()
    const binding = failure(() => socket.bind(freeAddress(transport), { signal: controller.signal }))
    controller.abort()
    socket.close()
    expect((await binding).name).toBe("AbortError")
    await eventually(() => expect(socket.closed).toBe(true))
  })
})

describe.each(transports)("an unbind that is aborted, over %s", (transport) => {
  it("does not begin if its signal was aborted before", async () => {
    const { socket, endpoint } = await bound(transport)
    const reason = new Error("not wanted")
    expect(await failure(() => socket.unbind(endpoint, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    await socket.unbind(endpoint)
  })
})

describe("an unbind that is aborted", () => {
  it("is undone when its signal is aborted", async () => {
    const { socket, endpoint } = await bound("inproc")
    const controller = new AbortController()
    const unbinding = socket.unbind(endpoint, { signal: controller.signal })
    controller.abort()
    expect((await failure(() => unbinding)).name).toBe("AbortError")
    await unblocked(socket)
    const peer = open(zmq.Dealer)
    peer.connect(endpoint)
    await peer.send("still bound")
    expect(texts(await socket.receive())).toEqual(["still bound"])
  })
})

describe("a bind with a signal and a timeout", () => {
  it("resolves when it is done in time, and is not undone later", async () => {
    const socket = open(zmq.Dealer)
    const controller = new AbortController()
    await socket.bind("tcp://127.0.0.1:*", { signal: controller.signal, timeout: 10_000 })
    const endpoint = socket.lastEndpoint as string
    controller.abort()
    await socket.unbind(endpoint, { signal: new AbortController().signal, timeout: -1 })
  })

  it("rejects with its own error when it fails in time", async () => {
    const { socket, endpoint } = await bound("tcp")
    const error = await failure(() => socket.bind(endpoint, { timeout: 10_000 }))
    expect(error).toMatchObject({ code: "EADDRINUSE", address: endpoint })
  })
})

describe("an option that is set late", () => {
  const warning = "Socket option will not take effect until next connect/bind."

  /** The warnings while a function runs. */
  async function warnings(action: () => unknown) {
    const seen: string[] = []
    const listener = ({ message }: Error) => seen.push(message)
    process.on("warning", listener)
    onTestFinished(() => void process.off("warning", listener))
    await action()
    await new Promise(setImmediate)
    return seen
  }

  it.each(["bind", "bindSync"] as const)("warns after %s", async (method) => {
    const socket = open(zmq.Dealer)
    const setting = () => {
      socket.backlog = 10
    }
    await socket[method](freeAddress("inproc"))
    expect(await warnings(setting)).toEqual([warning])
    expect(socket.backlog).toBe(10)
  })

  it.each(["unbind", "unbindSync"] as const)("does not warn after %s of the only endpoint", async (method) => {
    const { socket, endpoint } = await bound("inproc")
    await socket[method](endpoint)
    expect(await warnings(() => Object.assign(socket, { backlog: 10 }))).toEqual([])
  })

  it("does not warn after disconnect of the only endpoint", async () => {
    const dealer = open(zmq.Dealer)
    const endpoint = await join(open(zmq.Dealer), dealer, "inproc")
    dealer.disconnect(endpoint)
    expect(await warnings(() => Object.assign(dealer, { ipv6: true }))).toEqual([])
  })
})
