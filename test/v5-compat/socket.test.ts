// Tests of v5 sockets that zeromq/v5-compat cannot pass. conformance.test.ts has the others.

import { setImmediate as nextTurn } from "node:timers/promises"

import * as zmq from "ohmq/v5-compat"
import { describe, expect, it, onTestFinished } from "vitest"

import { runProgram } from "../support/process.js"
import { eventually } from "../support/sockets.js"

function open(type: zmq.SocketType): zmq.Socket {
  const socket = zmq.socket(type, { linger: 0 })
  onTestFinished(() => void socket.close())
  return socket
}

function pair(bound: zmq.SocketType, connected: zmq.SocketType): [zmq.Socket, zmq.Socket] {
  const [first, second] = [open(bound).bindSync("tcp://127.0.0.1:*"), open(connected)]
  second.connect(first.last_endpoint as string)
  return [first, second]
}

/** Runs a program in which `v5` is the API, and returns its output. */
async function printed(source: string): Promise<string> {
  const { status, stdout, stderr } = await runProgram(`import v5 from "ohmq/v5-compat"\n${source}`, { timeout: 8000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  return stdout.trim()
}

describe("ZMQ_XPUB_VERBOSE", () => {
  it("can be turned on and off, and read", () => {
    const socket = open("xpub")
    const values = [1, 0].map((value) => {
      socket.setsockopt(zmq.ZMQ_XPUB_VERBOSE, value)
      return socket.getsockopt(zmq.ZMQ_XPUB_VERBOSE)
    })
    expect(values).toEqual([1, 0])
  })
})

describe("messages", () => {
  it("arrive in order if 200,000 are sent at once", async () => {
    const [pull, push] = pair("pull", "push")
    let next = 0
    let called = 0
    pull.on("message", (part) => {
      if (part.readUInt32LE() === next) next += 1
    })
    for (let index = 0; index < 200_000; index += 1) {
      const part = Buffer.alloc(4)
      part.writeUInt32LE(index)
      push.send(part, 0, () => {
        called += 1
      })
    }
    await eventually(() => expect([next, called]).toEqual([200_000, 200_000]))
  })

  it("do not block the event loop, however many there are", async () => {
    const pulls: zmq.Socket[] = []
    let handled = 0
    for (let index = 0; index < 4; index += 1) {
      const [pull, push] = pair("pull", "push")
      for (let count = 0; count < 1000; count += 1) push.send("x")
      pulls.push(pull)
    }
    await eventually(() => expect(pulls.every((pull) => ((pull._ioevents ?? 0) & zmq.ZMQ_POLLIN) !== 0)).toBe(true))
    // Busy sockets whose listeners take a tenth of a millisecond: 400 ms of work.
    for (const pull of pulls) {
      pull.on("message", () => {
        const ends = performance.now() + 0.1
        while (performance.now() < ends);
        handled += 1
      })
    }
    let turns = 0
    while (handled < 4000) {
      await nextTurn()
      turns += 1
    }
    expect(turns).toBeGreaterThan(40)
  })

  it("are not emitted while a listener runs", async () => {
    const [pull, push] = pair("pull", "push")
    let inside = false
    let count = 0
    pull.on("message", () => {
      expect(inside).toBe(false)
      inside = true
      pull.resume()
      pull.on("message", () => {})
      count += 1
      inside = false
    })
    for (let index = 0; index < 5; index += 1) push.send("x")
    await eventually(() => expect(count).toBe(5))
  })

  it("that wait are sent once, by resume()", async () => {
    const [pull, push] = pair("pull", "push")
    const got: string[] = []
    pull.on("message", (part) => got.push(String(part)))
    push.pause()
    for (let index = 0; index < 5; index += 1) push.send(String(index))
    push.resume()
    push.resume()
    push.send("end")
    await eventually(() => expect(got).toEqual(["0", "1", "2", "3", "4", "end"]))
  })
})

describe("a library for zeromq 5", () => {
  /** A kernel client's socket, which signs its messages and passes whole ones to listeners. */
  interface Signed extends zmq.Socket {
    key: string
    wrapped: Map<unknown, (...parts: Buffer[]) => void>
  }
  const SocketFunction = zmq.Socket as unknown as (this: Signed, type: zmq.SocketType) => void
  function SignedSocket(this: Signed, type: zmq.SocketType, key: string) {
    SocketFunction.call(this, type)
    this.key = key
    this.wrapped = new Map()
  }
  const base = zmq.Socket.prototype
  SignedSocket.prototype = Object.create(base)
  SignedSocket.prototype.constructor = SignedSocket
  SignedSocket.prototype.send = function (this: Signed, message: string[], flags: number) {
    return base.send.call(this, [this.key, ...message], flags)
  }
  SignedSocket.prototype.on = function (this: Signed, event: string, listener: (...values: unknown[]) => void) {
    if (event !== "message") return base.on.call(this, event, listener)
    const wrapped = (key: Buffer, ...parts: Buffer[]) => {
      if (String(key) === this.key) listener({ parts: parts.map(String) })
    }
    this.wrapped.set(listener, wrapped)
    return base.on.call(this, event, wrapped as never)
  }
  SignedSocket.prototype.once = function (this: Signed, event: string, listener: (...values: unknown[]) => void) {
    if (event !== "message") return base.once.call(this, event, listener)
    const once = (...values: unknown[]) => {
      this.removeListener(event, once)
      listener(...values)
    }
    return this.on(event, once)
  }
  SignedSocket.prototype.removeListener = function (this: Signed, event: string, listener: never) {
    return base.removeListener.call(this, event, this.wrapped.get(listener) ?? listener)
  }
  const Constructor = SignedSocket as unknown as new (type: zmq.SocketType, key: string) => Signed

  it("can subclass Socket with a constructor function, and override on, once, send and removeListener", async () => {
    const [server, client] = [new Constructor("router", "key"), new Constructor("dealer", "key")]
    onTestFinished(() => void (server.close() && client.close()))
    server.bindSync("tcp://127.0.0.1:*")
    client.connect(server.last_endpoint as string)
    const got: unknown[] = []
    client.once("message", (message: unknown) => got.push(message))
    // The router's messages begin with the sender's routing id.
    base.on.call(server, "message", (id: Buffer, ...parts: Buffer[]) => {
      base.send.call(server, [id, "key", ...parts])
      base.send.call(server, [id, "wrong", ...parts])
    })
    client.send(["execute", "1 + 1"])
    await eventually(() => expect(got).toEqual([{ parts: ["key", "execute", "1 + 1"] }]))
    client.on("message", (message: unknown) => got.push(message))
    client.send(["again"])
    await eventually(() => expect(got).toEqual([{ parts: ["key", "execute", "1 + 1"] }, { parts: ["key", "again"] }]))
  })
})

describe("the process", () => {
  it("stays alive while a socket that can receive is open", async () => {
    const text = await printed(`
      const socket = v5.socket("rep").bindSync("tcp://127.0.0.1:*")
      setTimeout(() => { console.log("alive"); socket.close() }, 300).unref()`)
    expect(text).toBe("alive")
  })

  it("exits if the socket cannot receive, is closed, is unref'd, or could not be created", async () => {
    await printed(`
      v5.socket("push").bindSync("tcp://127.0.0.1:*")
      v5.socket("pub")
      v5.socket("sub").on("message", () => {}).close()
      v5.socket("sub").on("message", () => {}).unref()
      try { v5.socket("sub", { linger: "x" }) } catch {}
      const during = v5.socket("rep").bind("tcp://127.0.0.1:*")
      during.close()`)
  })

  it("stays alive again after ref()", async () => {
    const text = await printed(`
      const socket = v5.socket("pull").unref().ref()
      setTimeout(() => { console.log("alive"); socket.close() }, 300).unref()`)
    expect(text).toBe("alive")
  })

  it("stays alive for a message that waits for room, and for monitor events", async () => {
    const text = await printed(`
      const push = v5.socket("push")
      push.send("x", 0, (error) => console.log(error.code))
      setTimeout(() => push.close(), 200).unref()
      const pub = v5.socket("pub").monitor()
      setTimeout(() => { console.log("alive"); pub.close() }, 300).unref()`)
    expect(text).toBe("EAGAIN\nalive")
  })

  it("can load the API by import and require", async () => {
    const text = await printed(`
      import * as all from "ohmq/v5-compat"
      import { socket, ZMQ_SNDMORE } from "ohmq/v5-compat.js"
      import { createRequire } from "node:module"
      const required = createRequire(process.cwd() + "/x.js")("ohmq/v5-compat")
      console.log(required === v5, socket === v5.socket, ZMQ_SNDMORE, all.Socket === v5.Socket)`)
    expect(text).toBe("true true 2 true")
  })
})
