// Which connections are closed when a key is revoked or an address denied: over every transport, and after peers have left in the
// middle of a handshake.

import { EventEmitter, once } from "node:events"

import * as zmq from "ohmq"
import { type Authenticator, generateKeyPair } from "ohmq/security"
import { describe, expect, it, vi } from "vitest"

import { eventually, freeAddress, open, texts, thrown } from "../../support/sockets.js"
import { alice, authenticate, bob, server } from "../support.js"

/** A clock that tests can advance. The package reads the clock function once, so this is installed before it is loaded. */
const clock = vi.hoisted(() => {
  const prototype = Object.getPrototypeOf(performance) as typeof performance
  const { now } = prototype
  const skipped = { passed: 0 }
  prototype.now = () => now.call(performance) + skipped.passed
  return skipped
})

const guardedPull = (context: zmq.Context, authenticator: Authenticator) =>
  open(zmq.Pull, { context, security: { server, authenticator } })

const clientOf = (client: typeof alice) =>
  open(zmq.Push, { security: { client, serverKey: server }, linger: 0, reconnectInterval: 5 })

type Join = (pull: zmq.Pull, push: zmq.Push) => Promise<void>

/** The server binds. */
const at = (address: string): [string, Join] => [
  address,
  async (pull, push) => {
    await pull.bind(address)
    push.connect(pull.lastEndpoint as string)
  },
]

/** The client binds, and the server connects to it by this host name. */
const from = (transport: string, host: string): [string, Join] => [
  `${transport}, to a bound client at ${host}`,
  async (pull, push) => {
    await push.bind(`${transport}://127.0.0.1:*`)
    pull.connect((push.lastEndpoint as string).replace("127.0.0.1", host))
  },
]

const reach = [
  ...["tcp://127.0.0.1:*", "ws://127.0.0.1:*", "ws://127.0.0.1:*/path"].map(at),
  ...["127.0.0.1", "localhost"].flatMap((host) => ["tcp", "ws"].map((transport) => from(transport, host))),
]

describe.each(reach)("over %s", (_, join) => {
  it.each<[string, (authenticator: Authenticator) => number]>([
    ["revoke", (authenticator) => authenticator.revoke("alice")],
    ["deny", (authenticator) => authenticator.deny("127.0.0.1")],
  ])("%s closes the connection", async (_, end) => {
    const { context, authenticator } = authenticate({ curve: [alice] })
    const pull = guardedPull(context, authenticator)
    const push = clientOf(alice)
    const ready = pull.connected()
    await join(pull, push)
    await ready
    expect(pull.events.peers).toBe(1)
    await push.send("before")
    expect(texts(await pull.receive({ timeout: 5000 }))).toEqual(["before"])
    const gone = pull.events.waitFor("disconnect", { timeout: 5000 })
    expect(end(authenticator)).toBe(1)
    await gone
    expect(pull.events.peers).toBe(0)
  })
})

it("revoke tells a socket's peers over ws and ipc apart", async () => {
  const { context, authenticator } = authenticate({ curve: [alice, bob] })
  const pull = guardedPull(context, authenticator)
  const ready = pull.connected({ count: 2 })
  for (const [address, client] of [
    [freeAddress("ipc"), alice],
    ["ws://127.0.0.1:*", bob],
  ] as const) {
    await pull.bind(address)
    clientOf(client).connect(pull.lastEndpoint as string)
  }
  await ready
  const gone = pull.events.waitFor("disconnect", { timeout: 5000 })
  expect(authenticator.revoke("alice")).toBe(1)
  expect((await gone).localAddress).toMatch(/^ipc:/)
  expect(pull.events.peers).toBe(1)
  expect(authenticator.revoke("bob")).toBe(1)
})

describe("after a client has left while the handler was deciding", () => {
  /** A server whose handler allowed a client that had left by then. `pass` advances the clock. */
  async function abandoned() {
    const userIds = new Map<string, string>()
    const gate = new EventEmitter()
    let isShut = true
    const asked = once(gate, "asked")
    const made = authenticate({
      curve: async ({ publicKey }) => {
        gate.emit("asked")
        if (isShut) await once(gate, "open")
        return userIds.get(publicKey) ?? false
      },
    })
    const pull = guardedPull(made.context, made.authenticator)
    await pull.bind(freeAddress("tcp"))
    const begin = (name: string) => {
      const client = generateKeyPair({ name })
      userIds.set(client.publicKey, name)
      const push = clientOf(client)
      push.connect(pull.lastEndpoint as string)
      return push
    }
    const gone = pull.events.waitFor("disconnect", { timeout: 5000 })
    const quitter = begin("quitter")
    await asked
    quitter.close()
    await gone
    const allowed = once(made.authenticator, "allowed")
    isShut = false
    gate.emit("open")
    await allowed

    return {
      ...made,
      pull,
      enter: async (name: string) => {
        const ready = pull.events.waitFor("handshake", { timeout: 5000 })
        begin(name)
        await ready
      },
      pass: (time: number) => {
        clock.passed += time
      },
    }
  }

  it("revoking a client may close earlier ones soon after, but never later ones", async () => {
    const { authenticator, enter, pass, pull } = await abandoned()
    for (const name of ["a", "b", "c"]) {
      pass(1000)
      await enter(name)
    }
    expect(authenticator.revoke("c")).toBe(1)
    await eventually(() => expect(pull.events.peers).toBe(2))
    expect(authenticator.revoke("a")).toBe(2)
  })

  it("clients are told apart again later, even if others kept connecting", async () => {
    const { authenticator, enter, pass, pull } = await abandoned()
    for (const name of ["a", "b"]) {
      pass(20_000)
      await enter(name)
    }
    for (const name of ["c", "d", "e"]) await enter(name)
    for (const name of ["c", "d"]) expect(authenticator.revoke(name)).toBe(1)
    await eventually(() => expect(pull.events.peers).toBe(3))
  })
})

it("guard() throws if the socket may already have connections", async () => {
  const { context, authenticator } = authenticate({ curve: [alice] })
  const keys = { curveServer: true, curveSecretKey: server.secretKey as Buffer, zapDomain: "global" }
  const bound = open(zmq.Pull, { context, ...keys } as object)
  await bound.bind(freeAddress("tcp"))
  const connected = open(zmq.Pull, { context, ...keys } as object)
  connected.connect("tcp://127.0.0.1:9")
  for (const socket of [bound, connected])
    expect(thrown(() => authenticator.guard(socket))).toMatchObject({ name: "TypeError", message: /already/ })
  authenticator.guard(open(zmq.Pull, { context, ...keys } as object))
})
