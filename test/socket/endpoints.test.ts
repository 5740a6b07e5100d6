import { once } from "node:events"
import { existsSync } from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import path from "node:path"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { runProgram } from "../support/process.js"
import { endpointError, eventually, failure, freeAddress, join, open, texts, transports } from "../support/sockets.js"

const everywhere = [...transports, "abstract"] as const

async function passes(push: zmq.Push, pull: zmq.Pull) {
  await push.send("through")
  expect(texts(await pull.receive())).toEqual(["through"])
}

const binders = [
  ["bind", (socket: zmq.Socket, address: string) => socket.bind(address)],
  ["bindSync", (socket: zmq.Socket, address: string) => socket.bindSync(address)],
] as const

const unbinders = [
  ["unbind", (socket: zmq.Socket, address: string) => socket.unbind(address)],
  ["unbindSync", (socket: zmq.Socket, address: string) => socket.unbindSync(address)],
] as const

describe.each(everywhere)("endpoints over %s", (transport) => {
  it("a socket can be bound to several, and lastEndpoint is the last one", async () => {
    const pull = open(zmq.Pull)
    const endpoints: string[] = []
    for (let index = 0; index < 3; index += 1) {
      await pull.bind(freeAddress(transport))
      endpoints.push(pull.lastEndpoint as string)
    }
    expect(new Set(endpoints).size).toBe(3)
    for (const endpoint of endpoints) {
      const push = open(zmq.Push)
      push.connect(endpoint)
      await passes(push, pull)
    }
  })

  it("a socket can be bound and connected at the same time", async () => {
    const [left, middle, right] = [open(zmq.Dealer), open(zmq.Dealer), open(zmq.Dealer)]
    await join(middle, left, transport)
    await join(right, middle, transport)
    await left.send("from the left")
    await right.send("from the right")
    const received = [String(await middle.receive()), String(await middle.receive())]
    expect(received.sort()).toEqual(["from the left", "from the right"])
  })

  it.each(unbinders)("%s frees the endpoint for others", async (_, unbind) => {
    const first = open(zmq.Pull)
    await first.bind(freeAddress(transport))
    const endpoint = first.lastEndpoint as string
    await unbind(first, endpoint)
    const second = open(zmq.Pull)
    await eventually(() => second.bind(endpoint))
    const push = open(zmq.Push)
    push.connect(endpoint)
    await passes(push, second)
  })

  it.each(unbinders)("the socket can bind again to what %s freed", async (_, unbind) => {
    const pull = open(zmq.Pull)
    await pull.bind(freeAddress(transport))
    const endpoint = pull.lastEndpoint as string
    for (let round = 0; round < 5; round += 1) {
      await unbind(pull, endpoint)
      await eventually(() => pull.bind(endpoint))
    }
    const push = open(zmq.Push)
    push.connect(endpoint)
    await passes(push, pull)
  })

  it("close frees the endpoint", async () => {
    const first = open(zmq.Pull)
    await first.bind(freeAddress(transport))
    const endpoint = first.lastEndpoint as string
    first.close()
    await eventually(() => open(zmq.Pull).bind(endpoint))
  })
})

describe.each(["tcp", "abstract", "inproc"] as const)("endpoints that are in use, over %s", (transport) => {
  it.each(binders)("%s fails with EADDRINUSE if another socket is bound there", async (_, bind) => {
    const first = open(zmq.Pull)
    await first.bind(freeAddress(transport))
    const endpoint = first.lastEndpoint as string
    const second = open(zmq.Pull)
    expect(await failure(() => bind(second, endpoint))).toEqual(endpointError("EADDRINUSE", endpoint))
    await bind(second, freeAddress(transport))
  })

  it.each(binders)("%s fails with EADDRINUSE if the socket itself is bound there", async (_, bind) => {
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    const endpoint = await join(pull, push, transport)
    expect(await failure(() => bind(pull, endpoint))).toEqual(endpointError("EADDRINUSE", endpoint))
    await passes(push, pull)
  })
})

describe("endpoints over ipc", () => {
  it("can be left to libzmq, which makes a folder of its own and removes it", async () => {
    const previous = process.env.TMPDIR
    process.env.TMPDIR = tmpdir()
    onTestFinished(() => {
      if (previous === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = previous
    })
    const pull = open(zmq.Pull)
    const push = open(zmq.Push)
    await pull.bind("ipc://*")
    const file = (pull.lastEndpoint as string).slice("ipc://".length)
    expect(path.dirname(path.dirname(file))).toBe(tmpdir())
    expect(existsSync(file)).toBe(true)
    push.connect(pull.lastEndpoint as string)
    await passes(push, pull)
    pull.close()
    await eventually(() => expect(existsSync(path.dirname(file))).toBe(false))
  })
})

describe("endpoints over tcp", () => {
  it.each([
    ["tcp://127.0.0.1:*", "127.0.0.1"],
    ["tcp://127.0.0.1:0", "127.0.0.1"],
    ["tcp://*:*", "0.0.0.0"],
    ["tcp://0.0.0.0:*", "0.0.0.0"],
  ])("%s becomes a real port", async (address, host) => {
    const pull = open(zmq.Pull)
    await pull.bind(address)
    const [, boundHost, port] = /^tcp:\/\/(.*):(\d+)$/.exec(pull.lastEndpoint as string) ?? []
    expect(boundHost).toBe(host)
    const connection = net.connect(Number(port), "127.0.0.1")
    await once(connection, "connect")
    connection.destroy()
  })

  it("a wildcard port can only be unbound by lastEndpoint", async () => {
    const pull = open(zmq.Pull)
    await pull.bind("tcp://127.0.0.1:*")
    expect(await failure(() => pull.unbind("tcp://127.0.0.1:*"))).toEqual(endpointError("ENOENT", "tcp://127.0.0.1:*"))
    await pull.unbind(pull.lastEndpoint as string)
  })

  it("connect() retries in the background while nobody listens or the server refuses", async () => {
    const listener = net.createServer().listen(0, "127.0.0.1")
    await once(listener, "listening")
    const { port } = listener.address() as net.AddressInfo
    listener.close()
    await once(listener, "close")
    const push = open(zmq.Push, { reconnectInterval: 5 })
    push.connect(`tcp://127.0.0.1:${port}`)
    push.connect("tcp://no-such-host.invalid:5555")
    await push.send("in the queue")
    expect(push.closed).toBe(false)
  })

  it("a name of this machine can be connected to", async () => {
    const pull = open(zmq.Pull)
    await pull.bind("tcp://127.0.0.1:*")
    const push = open(zmq.Push)
    push.connect((pull.lastEndpoint as string).replace("127.0.0.1", "localhost"))
    await passes(push, pull)
  })
})

describe("bind to a host name", () => {
  it.each(["bind", "bindSync"] as const)("by %s binds to its address", async (method) => {
    const socket = open(zmq.Pull)
    await socket[method]("tcp://localhost:*")
    expect(socket.lastEndpoint).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
    const taken = (socket.lastEndpoint as string).replace("127.0.0.1", "localhost")
    expect(await failure(async () => open(zmq.Pull)[method](taken))).toMatchObject({
      code: "EADDRINUSE",
      address: taken,
    })
    socket.unbindSync(taken)
    await eventually(() => open(zmq.Pull)[method](taken))
  })

  it("rejects if the name is unknown", async () => {
    const error = await failure(() => open(zmq.Pull).bind("tcp://no-such-host.invalid:*"))
    expect(["ENODEV", "EINVAL"]).toContain(error.code)
    expect(error.address).toBe("tcp://no-such-host.invalid:*")
  })
})

describe("the stack of a rejected", () => {
  const taken = async () => {
    const other = open(zmq.Pull)
    await other.bind(freeAddress("tcp"))
    return other.lastEndpoint as string
  }
  const stackOf = async (operation: () => Promise<void>) => (await failure(operation)).stack

  it.each([
    ["bind", "Address already in use", (socket: zmq.Pull, address: string) => socket.bind(address)],
    [
      "bind with options",
      "Address already in use",
      (socket: zmq.Pull, address: string) => socket.bind(address, { timeout: 20_000 }),
    ],
    ["unbind", "No such endpoint", (socket: zmq.Pull, address: string) => socket.unbind(address)],
  ])("%s names the error, and who called", async (_, message, call) => {
    const socket = open(zmq.Pull)
    const address = await taken()
    async function startServer() {
      await call(socket, address)
    }
    expect(await stackOf(startServer)).toMatch(new RegExp(`^Error: ${message}\n.*[\\s\\S]*\\bstartServer\\b`))
    expect(Object.keys(await failure(startServer))).not.toContain("stack")
  })

  it("bind that times out names the caller", async () => {
    const socket = open(zmq.Pull)
    // Looks up a name on another thread, which takes longer than the timeout.
    async function startServer() {
      const bound = socket.bind("tcp://no-such-host.invalid:*", { timeout: 1 })
      const until = performance.now() + 5
      while (performance.now() < until);
      await bound
    }
    const error = await failure(startServer)
    expect(error.code).toBe("EAGAIN")
    expect(error.stack).toMatch(/\bstartServer\b/)
  })

  it("bind has the program's format if it formats stacks itself", async () => {
    const { stdout } = await runProgram(`
      Error.prepareStackTrace = (error, frames) => frames.length
      const [one, other] = [new zmq.Pull(), new zmq.Pull()]
      await one.bind("tcp://127.0.0.1:*")
      const { stack, code } = await other.bind(one.lastEndpoint).catch((error) => error)
      Error.prepareStackTrace = undefined
      Error.stackTraceLimit = 0
      const without = await other.bind(one.lastEndpoint).catch((error) => error)
      console.log(code, typeof stack, without.code, without.stack)
      one.close()
      other.close()`)
    expect(stdout).toBe("EADDRINUSE number EADDRINUSE Error: Address already in use\n")
  })
})
