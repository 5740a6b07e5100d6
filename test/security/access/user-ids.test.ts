// libzmq passes the user id of an authenticated peer to the socket's session, which must not mistake it for a message.

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { open, texts } from "../../support/sockets.js"
import { alice, authenticate, server } from "../support.js"

const client = { client: alice, serverKey: server.publicKey }

describe("a guarded server that gives its peers user ids can be", () => {
  it("a Dish", async () => {
    const { context, authenticator } = authenticate({ curve: [alice] })
    const dish = open(draft.Dish, { context, security: { server, authenticator } })
    const radio = open(draft.Radio, { context, security: client, noDrop: true })
    dish.join("group")
    const ready = dish.connected({ timeout: 5000 })
    await dish.bind("tcp://127.0.0.1:*")
    radio.connect(dish.lastEndpoint as string)
    await ready
    const lost = dish.events.waitFor("disconnect").then(() => "disconnected")
    const received = dish.receive().then(([body]) => String(body))
    const timer = setInterval(() => radio.send("hello", { group: "group" }).catch(() => {}), 20)
    expect(await Promise.race([received, lost])).toBe("hello")
    clearInterval(timer)
  })

  it("a Request", async () => {
    const { context, authenticator } = authenticate({ curve: [alice] })
    const request = open(zmq.Request, { context, security: { server, authenticator } })
    const reply = open(zmq.Reply, { context, security: client })
    await request.bind("tcp://127.0.0.1:*")
    reply.connect(request.lastEndpoint as string)
    await request.send("question")
    expect(texts(await reply.receive({ timeout: 5000 }))).toEqual(["question"])
    await reply.send("answer")
    expect(texts(await request.receive({ timeout: 5000 }))).toEqual(["answer"])
  })
})
