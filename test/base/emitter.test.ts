// Listeners run in the AsyncLocalStorage store in which they were added, no matter where the socket is created or read.

import { AsyncLocalStorage } from "node:async_hooks"
import { once } from "node:events"

import * as zmq from "ohmq"
import { CertificateStore, generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { ask, authenticate, folder, request } from "../security/support.js"
import { eventually, freeAddress, join, open, texts } from "../support/sockets.js"

const storage = new AsyncLocalStorage<string>()

/** The events that listeners got, each with its store. */
function notebook() {
  const heard: string[] = []
  const note = (what: string) => () => void heard.push(`${what} in ${storage.getStore()}`)
  return { heard, note }
}

describe("events", () => {
  it("run listeners and watchers in their own stores", async () => {
    const { heard, note } = notebook()
    const pull = storage.run("the socket's", () => open(zmq.Pull))
    storage.run("the first reader's", () => pull.events)
    storage.run("1", () => pull.events.on("bind", note("first")))
    storage.run("2", () => pull.events.on("bind", note("second")))
    storage.run("3", () => pull.events.watch(({ type }) => type === "bind" && note("watcher")()))
    pull.events.on("bind", note("none"))
    await storage.run("the binder's", () => pull.bind(freeAddress("tcp")))
    await eventually(() =>
      expect([...heard].sort()).toEqual(["first in 1", "none in undefined", "second in 2", "watcher in 3"]),
    )
  })

  it("resolve a wait and a receive in the store of their caller", async () => {
    const pull = storage.run("the socket's", () => open(zmq.Pull))
    storage.run("the first reader's", () => pull.events)
    const stores = storage.run("waiting", async () => {
      const { type } = await pull.events.waitFor("bind")
      const event = await pull.events.receive()
      return [type, storage.getStore(), event.type, storage.getStore()]
    })
    await pull.bind(freeAddress("tcp"))
    expect(await stores).toEqual(["bind", "waiting", "bind", "waiting"])
  })

  it("forget a listener that is removed, and a watcher that is stopped", async () => {
    const { heard, note } = notebook()
    const pull = open(zmq.Pull)
    const [kept, taken] = [note("kept"), note("taken")]
    pull.events.on("bind", kept).on("bind", taken).off("bind", taken)
    const stop = pull.events.watch(taken)
    pull.events.watch(kept)
    stop()
    await pull.bind(freeAddress("tcp"))
    await eventually(() => expect(heard).toEqual(["kept in undefined", "kept in undefined"]))
  })
})

describe("peerEvents", () => {
  /** A router, and a function that connects one more peer. */
  async function routerWithPeers() {
    const router = storage.run("the socket's", () => open(zmq.Router))
    storage.run("the first reader's", () => router.peerEvents)
    await router.bind(freeAddress("tcp"))
    const greet = async () => {
      const dealer = open(zmq.Dealer)
      dealer.connect(router.lastEndpoint as string)
      await dealer.send("hello")
      await storage.run("the receiver's", () => router.receive())
    }
    return { router, greet }
  }

  it("run listeners in their own stores, however they were added", async () => {
    const { heard, note } = notebook()
    const { router, greet } = await routerWithPeers()
    const { peerEvents } = router
    storage.run("1", () => peerEvents.on("connect", note("on")))
    storage.run("2", () => peerEvents.addListener("connect", note("added")))
    storage.run("3", () => peerEvents.once("connect", note("once")))
    storage.run("4", () => peerEvents.prependListener("connect", note("before")))
    storage.run("5", () => peerEvents.prependOnceListener("connect", note("first")))
    const event = storage.run("6", () => once(peerEvents, "connect").then(() => storage.getStore()))
    await greet()
    expect(heard).toEqual(["first in 5", "before in 4", "on in 1", "added in 2", "once in 3"])
    expect(await event).toBe("6")
    await greet()
    expect(heard.slice(5)).toEqual(["before in 4", "on in 1", "added in 2"])
  })

  it("recognise listeners by the functions that were given", async () => {
    const { heard, note } = notebook()
    const { router, greet } = await routerWithPeers()
    const { peerEvents } = router
    const listeners = ["a", "b", "c", "d", "e"].map(note)
    const [a, b, c, d, e] = listeners as [() => void, () => void, () => void, () => void, () => void]
    peerEvents.on("connect", a).once("connect", b).on("connect", c).once("connect", d).prependOnceListener("connect", e)
    expect(peerEvents.listeners("connect")).toEqual([e, a, b, c, d])
    expect(peerEvents.listenerCount("connect", c)).toBe(1)
    peerEvents.off("connect", b).removeListener("connect", c).off("connect", e)
    expect(peerEvents.listeners("connect")).toEqual([a, d])
    await greet()
    expect(heard).toEqual(["a in undefined", "d in undefined"])
    expect(peerEvents.listeners("connect")).toEqual([a])
  })

  it("call a listener of once only once, even if another one emits the same event", async () => {
    const { router, greet } = await routerWithPeers()
    let calls = 0
    const again = () => router.peerEvents.emit("connect", Buffer.from("another"))
    const count = () => {
      calls += 1
    }
    router.peerEvents.prependOnceListener("connect", count).prependOnceListener("connect", again)
    await greet()
    expect(calls).toBe(1)
  })

  it.each(["on", "once", "prependListener", "prependOnceListener", "addListener"] as const)(
    "refuse a listener that is not a function: %s",
    (method) => {
      const { peerEvents } = open(zmq.Router)
      expect(() => peerEvents[method]("connect", "listener" as never)).toThrow(
        expect.objectContaining({ name: "TypeError", code: "ERR_INVALID_ARG_TYPE" }),
      )
    },
  )

  it("pass to the process what a listener throws, and keep receiving", async () => {
    const { router, greet } = await routerWithPeers()
    const thrown = new Promise((resolve) => {
      // Vitest would report an uncaught error as a failure of the test.
      const others = process.listeners("uncaughtException")
      process.removeAllListeners("uncaughtException")
      process.once("uncaughtException", resolve)
      onTestFinished(() => {
        for (const listener of others) process.on("uncaughtException", listener)
      })
    })
    const failure = new Error("The listener has failed")
    router.peerEvents.once("connect", () => {
      throw failure
    })
    await greet()
    expect(await thrown).toBe(failure)
    await greet()
  })
})

describe("an emitter of ohmq/security", () => {
  it("runs listeners of an Authenticator in their own stores", async () => {
    const { heard, note } = notebook()
    const { context, authenticator } = storage.run("the authenticator's", () => authenticate())
    storage.run("1", () => authenticator.on("denied", note("denied")))
    await ask(context, request("NULL"))
    await eventually(() => expect(heard).toEqual(["denied in 1"]))
  })

  it("runs listeners of a CertificateStore in their own stores", async () => {
    const { heard, note } = notebook()
    const name = folder()
    const store = storage.run("the store's", () => CertificateStore.open(name))
    onTestFinished(() => store.close())
    storage.run("1", () => store.on("change", note("change")))
    await generateKeyPair().savePublic(`${name}/one.key`)
    await storage.run("the reloader's", () => store.reload())
    await eventually(() => expect(heard[0]).toBe("change in 1"))
  })
})

describe("messages", () => {
  it("reach receives and loops in the store of each", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    const loop = storage.run("the loop's", async () => {
      for await (const message of pull) return [texts(message), storage.getStore()]
      return []
    })
    await storage.run("the sender's", async () => {
      await join(pull, push)
      await push.send("hello")
    })
    expect(await loop).toEqual([["hello"], "the loop's"])
  })
})
