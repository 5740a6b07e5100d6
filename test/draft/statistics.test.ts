import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { eventually, join, open, transports } from "../support/sockets.js"

describe.each(transports)("the statistics of draft sockets over %s", (transport) => {
  it("count messages without their routing ids", async () => {
    const [server, client] = [open(draft.Server), open(draft.Client)]
    await join(server, client, transport)
    await client.sendMany(["abc", Buffer.alloc(2000)])
    const [, options] = await server.receive()
    await server.receiveWithMetadata()
    await server.send("ä", options)
    await server.send(Buffer.alloc(3000), options)
    await server.sendMany([["x", options]])
    for (let count = 0; count < 3; count += 1) await client.receive()
    const question = { messages: 2, bytes: 2003 }
    const answer = { messages: 3, bytes: 3003 }
    expect(client.statistics()).toMatchObject({ sent: question, received: answer, fetched: 0 })
    expect(server.statistics()).toMatchObject({ sent: answer, received: question, fetched: 0 })
  })

  it("count messages without their groups", async () => {
    const [radio, dish] = [open(draft.Radio), open(draft.Dish)]
    await join(radio, dish, transport)
    dish.join("news")
    let sent = 0
    await eventually(async () => {
      await radio.send("abc", { group: "news" })
      sent += 1
      await dish.receive({ timeout: 10 })
    })
    expect(radio.statistics().sent).toEqual({ messages: sent, bytes: 3 * sent })
    const { received } = dish.statistics()
    expect(received.messages).toBeGreaterThan(0)
    expect(received.bytes).toBe(3 * received.messages)
  })
})
