// Who is connected to a guarded socket.

import * as zmq from "ohmq"
import { generateKeyPair } from "ohmq/security"
import { describe, expect, it } from "vitest"

import { eventually, freeAddress, open, thrown } from "../../support/sockets.js"
import { alice, authenticate, bob, server } from "../support.js"

const clientOf = (client: typeof alice) =>
  open(zmq.Push, { security: { client, serverKey: server }, linger: 0, reconnectInterval: 5 })

describe("connectionsOf", () => {
  it("lists who is connected, from where and since when, while they are", async () => {
    const began = Date.now()
    const { context, authenticator } = authenticate({ curve: [alice, bob] })
    const pull = open(zmq.Pull, { context, security: { server, authenticator } })
    const other = open(zmq.Pull, { context, security: { server, authenticator } })
    await pull.bind("tcp://127.0.0.1:*")
    expect(authenticator.connectionsOf(pull)).toEqual([])
    const endpoint = pull.lastEndpoint as string
    const users = () => authenticator.connectionsOf(pull).map(({ userIds }) => userIds.join())
    const first = clientOf(alice)
    first.connect(endpoint)
    await eventually(() => expect(users()).toEqual(["alice"]))
    const [connection] = authenticator.connectionsOf(pull)
    expect(connection).toMatchObject({ address: "127.0.0.1", count: 1 })
    expect(connection?.since).toBeGreaterThanOrEqual(began)
    expect(connection?.since).toBeLessThanOrEqual(Date.now())
    clientOf(bob).connect(endpoint)
    await eventually(() => expect(users()).toEqual(["alice", "bob"]))
    expect(authenticator.connectionsOf(other)).toEqual([])
    first.close()
    await eventually(() => expect(users()).toEqual(["bob"]))
  })

  it("lists nobody who was denied", async () => {
    const { context, authenticator, told } = authenticate({ curve: [alice] })
    const pull = open(zmq.Pull, { context, security: { server, authenticator } })
    await pull.bind("tcp://127.0.0.1:*")
    clientOf(bob).connect(pull.lastEndpoint as string)
    await eventually(() => expect(told.some(({ outcome }) => outcome === "denied")).toBe(true))
    expect(authenticator.connectionsOf(pull)).toEqual([])
  })

  it("names a peer without a certificate by its key", async () => {
    const { context, authenticator } = authenticate({ curve: "any" })
    const pull = open(zmq.Pull, { context, security: { server, authenticator } })
    await pull.bind("tcp://127.0.0.1:*")
    const stranger = generateKeyPair()
    clientOf(stranger).connect(pull.lastEndpoint as string)
    await eventually(() => expect(authenticator.connectionsOf(pull)).toMatchObject([{ userIds: [stranger.publicKey] }]))
  })

  it("counts the connections over ipc, which it cannot tell apart", async () => {
    const { context, authenticator } = authenticate({ curve: [alice, bob] })
    const pull = open(zmq.Pull, { context, security: { server, authenticator } })
    await pull.bind(freeAddress("ipc"))
    for (const client of [alice, bob]) clientOf(client).connect(pull.lastEndpoint as string)
    await eventually(() =>
      expect(authenticator.connectionsOf(pull)).toMatchObject([{ address: "", userIds: ["alice", "bob"], count: 2 }]),
    )
  })

  it("refuses what is not a socket", () => {
    const { authenticator } = authenticate({ curve: [alice] })
    expect(thrown(() => authenticator.connectionsOf("pull" as never)).message).toMatch(
      /^Expected socket to be a socket/,
    )
  })
})
