// What sockets publish on node:diagnostics_channel.

import { subscribe, unsubscribe } from "node:diagnostics_channel"

import * as zmq from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { failure, freeAddress, open, thrown } from "../support/sockets.js"

interface Told {
  socket: zmq.Socket
  operation?: string
  address?: string
  error?: unknown
}

/** What is published from now on, in order, with the last word of the channel. */
function listen() {
  const told: [string, Told][] = []
  for (const name of ["open", "close", "error"]) {
    const listener = (message: unknown) => void told.push([name, message as Told])
    subscribe(`ohmq:socket:${name}`, listener)
    onTestFinished(() => void unsubscribe(`ohmq:socket:${name}`, listener))
  }
  return told
}

describe("diagnostics_channel", () => {
  it("publishes sockets that are opened and closed", () => {
    const told = listen()
    const push = new zmq.Push({ linger: 0 })
    expect(told).toEqual([["open", { socket: push }]])
    push.close()
    push.close()
    expect(told.slice(1)).toEqual([["close", { socket: push }]])
  })

  it("publishes a socket when its options are set, and when it is closed", () => {
    const seen: [boolean, number | undefined][] = []
    const onOpen = (message: unknown) => seen.push([(message as Told).socket.closed, (message as Told).socket.linger])
    const onClose = (message: unknown) => seen.push([(message as Told).socket.closed, undefined])
    subscribe("ohmq:socket:open", onOpen)
    subscribe("ohmq:socket:close", onClose)
    new zmq.Push({ linger: 5 }).close()
    unsubscribe("ohmq:socket:open", onOpen)
    unsubscribe("ohmq:socket:close", onClose)
    expect(seen).toEqual([
      [false, 5],
      [true, undefined],
    ])
  })

  it("publishes binds and connects that fail", async () => {
    const other = open(zmq.Pull, { bind: freeAddress("tcp") })
    const taken = other.lastEndpoint as string
    const told = listen()
    const socket = open(zmq.Pull)
    const errors = [
      await failure(() => socket.bind(taken)),
      thrown(() => socket.bindSync(taken)),
      thrown(() => socket.connect("tcp://nothing")),
      await failure(() => socket.bind("tcp://nothing")),
    ]
    expect(told.slice(1)).toEqual([
      ["error", { socket, operation: "bind", address: taken, error: errors[0] }],
      ["error", { socket, operation: "bind", address: taken, error: errors[1] }],
      ["error", { socket, operation: "connect", address: "tcp://nothing", error: errors[2] }],
      ["error", { socket, operation: "bind", address: "tcp://nothing", error: errors[3] }],
    ])
    expect(errors.map(({ code }) => code)).toEqual(["EADDRINUSE", "EADDRINUSE", "EINVAL", "EINVAL"])
  })

  it("publishes a connect that is refused, but not an incorrect call", async () => {
    const socket = open(zmq.Push, { context: new zmq.Context({ requireEncryption: true }) })
    const told = listen()
    const error = thrown(() => socket.connect("tcp://192.0.2.1:5555"))
    expect(told).toEqual([["error", { socket, operation: "connect", address: "tcp://192.0.2.1:5555", error }]])
    thrown(() => socket.connect(5555 as never))
    thrown(() => socket.disconnect("tcp://127.0.0.1:1"))
    await failure(() => socket.unbind("tcp://127.0.0.1:1"))
    socket.close()
    thrown(() => socket.connect("tcp://127.0.0.1:1"))
    expect(told.map(([name]) => name)).toEqual(["error", "close"])
  })

  it("publishes in order if a constructor fails", () => {
    const told = listen()
    const error = thrown(() => new zmq.Push({ connect: "tcp://nothing" }))
    expect(told.map(([name]) => name)).toEqual(["open", "error", "close"])
    expect(told[1]?.[1].error).toBe(error)
    thrown(() => new zmq.Push({ linger: "5" as never }))
    expect(told.length).toBe(3)
  })

  it("publishes nothing about sockets that ohmq itself opens", async () => {
    const told = listen()
    const socket = new zmq.Pull()
    socket.events.on("bind", () => {})
    await socket.bind(freeAddress("tcp"))
    await socket.close({ wait: true })
    expect(told.map(([name]) => name)).toEqual(["open", "close"])
  })
})
