// Listeners of a socket's events beyond `on` and `off`, as node:events uses them, and when they keep the process alive.

import { type EventEmitter, on, once } from "node:events"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { failure, freeAddress, open, thrown } from "../support/sockets.js"

/** Makes a socket have a "bind" and a "close" event. */
async function bindAndUnbind(socket: zmq.Socket) {
  const closed = socket.events.waitFor("close")
  await socket.bind(freeAddress("tcp"))
  await socket.unbind(socket.lastEndpoint as string)
  await closed
}

/** The types of node:events require every method of an EventEmitter; its functions use only a few. */
const emitterOf = (socket: zmq.Socket) => socket.events as unknown as EventEmitter

describe("Observer.once", () => {
  it("calls a listener for one event, and returns the observer", async () => {
    const socket = open(zmq.Pull)
    const seen: string[] = []
    expect(socket.events.once("bind", ({ type }) => seen.push(type))).toBe(socket.events)
    await bindAndUnbind(socket)
    await bindAndUnbind(socket)
    expect(seen).toEqual(["bind"])
  })

  it("calls it for an event that was kept", async () => {
    const socket = open(zmq.Pull)
    const { events } = socket
    await socket.bind(freeAddress("tcp"))
    const address = await new Promise((resolve) => events.once("bind", (event) => resolve(event.address)))
    expect(address).toBe(socket.lastEndpoint)
  })

  it("does not call one that was removed", async () => {
    const socket = open(zmq.Pull)
    const seen: string[] = []
    const listener = ({ type }: zmq.Event) => seen.push(type)
    expect(socket.events.once("bind", listener).removeListener("bind", listener)).toBe(socket.events)
    await bindAndUnbind(socket)
    expect(seen).toEqual([])
  })

  it("takes over from receive, and refuses a listener that is not a function", () => {
    const { events } = open(zmq.Pull)
    expect(thrown(() => events.once("bind", null as never)).message).toMatch(/^Expected listener to be a function/)
    events.once("bind", () => {})
    expect(thrown(() => events.receive()).message).toMatch(/^Observer is in event emitter mode/)
  })
})

describe("Observer.removeAllListeners", () => {
  it("removes those of one type, or all", async () => {
    const socket = open(zmq.Pull)
    const seen: string[] = []
    const add = () => {
      for (const type of ["bind", "close"] as const) socket.events.on(type, (event) => seen.push(event.type))
    }
    add()
    expect(socket.events.removeAllListeners("bind")).toBe(socket.events)
    await bindAndUnbind(socket)
    expect(seen).toEqual(["close"])
    add()
    expect(socket.events.removeAllListeners()).toBe(socket.events)
    await bindAndUnbind(socket)
    expect(seen).toEqual(["close"])
  })

  it("does nothing if there are none, and then events can be received", async () => {
    const socket = open(zmq.Pull)
    socket.events.removeAllListeners().removeAllListeners("bind")
    await socket.bind(freeAddress("tcp"))
    expect((await socket.events.receive()).type).toBe("bind")
  })
})

describe("node:events", () => {
  it("waits for one event with once", async () => {
    const socket = open(zmq.Pull)
    const bound = once(emitterOf(socket), "bind")
    await socket.bind(freeAddress("tcp"))
    expect(await bound).toMatchObject([{ type: "bind", address: socket.lastEndpoint }])
  })

  it("ends with its signal, and leaves no listener", async () => {
    const socket = open(zmq.Pull)
    const controller = new AbortController()
    const bound = failure(() => once(emitterOf(socket), "bind", { signal: controller.signal }))
    controller.abort()
    expect((await bound).name).toBe("AbortError")
    await bindAndUnbind(socket)
  })

  it("iterates over the events of a type with on", async () => {
    const socket = open(zmq.Pull)
    const controller = new AbortController()
    const addresses = on(emitterOf(socket), "bind", { signal: controller.signal })
    await bindAndUnbind(socket)
    await bindAndUnbind(socket)
    for (let round = 0; round < 2; round += 1) {
      expect((await addresses.next()).value).toMatchObject([{ type: "bind" }])
    }
    const next = failure(() => addresses.next())
    controller.abort()
    expect((await next).name).toBe("AbortError")
  })
})

describe("a process", () => {
  const socket = `const socket = new zmq.Pull(); const { events } = socket; const listener = () => {}`

  it.each([
    ["once its only listener was called", `events.once("bind", () => {}); await socket.bind("tcp://127.0.0.1:*")`],
    ["when its only listener is removed", `events.on("bind", listener); events.off("bind", listener)`],
    [
      "when all listeners are removed",
      `events.on("bind", listener).on("close", listener); events.removeAllListeners()`,
    ],
    [
      "after once of node:events",
      `import { once } from "node:events"
       const bound = once(events, "bind"); await socket.bind("tcp://127.0.0.1:*"); await bound`,
    ],
    [
      "after once of node:events was aborted",
      `import { once } from "node:events"
       const stop = new AbortController(); const bound = once(events, "bind", { signal: stop.signal }); stop.abort()
       await bound.catch(() => {})`,
    ],
  ])("ends %s", async (_, program) => {
    const { status, stderr } = await runProgram(`${socket}; ${program}`, { timeout: 10_000 })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  it("stays alive while there is another listener", async () => {
    const { status, stdout } = await runProgram(`
      ${socket}
      events.on("close", () => {}).once("bind", () => {})
      await socket.bind("tcp://127.0.0.1:*")
      setTimeout(() => { console.log("alive"); process.exit() }, 200).unref()`)
    expect({ status, stdout }).toEqual({ status: 0, stdout: "alive\n" })
  })
})

describe("dispose", () => {
  it("closes an observer at the end of its scope", () => {
    const socket = open(zmq.Pull)
    {
      using events = socket.events
      expect(events.closed).toBe(false)
    }
    expect([socket.events.closed, socket.closed]).toEqual([true, false])
  })
})
