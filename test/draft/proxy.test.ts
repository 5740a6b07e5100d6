import * as zmq from "ohmq"
import { Dish, Gather, Radio, Scatter } from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { eventually, freeAddress, open } from "../support/sockets.js"

describe("A Proxy", () => {
  it("carries messages from Gather to Scatter", async () => {
    const [source, target] = [open(Scatter), open(Gather)]
    const proxy = new zmq.Proxy(open(Gather), open(Scatter))
    await proxy.frontEnd.bind(freeAddress("tcp"))
    await proxy.backEnd.bind(freeAddress("tcp"))
    source.connect(proxy.frontEnd.lastEndpoint as string)
    target.connect(proxy.backEnd.lastEndpoint as string)
    const running = proxy.run()
    for (let index = 0; index < 500; index += 1) await source.send(index)
    for (let index = 0; index < 500; index += 1) expect(Number((await target.receive())[0])).toBe(index)
    proxy.terminate()
    await running
  })

  it("carries messages from Dish to Radio, with their groups, those included that were fetched before", async () => {
    const [source, target] = [open(Radio), open(Dish)]
    const proxy = new zmq.Proxy(open(Dish), open(Radio))
    proxy.frontEnd.join("news")
    target.join("news")
    await proxy.frontEnd.bind(freeAddress("inproc"))
    await proxy.backEnd.bind(freeAddress("inproc"))
    source.connect(proxy.frontEnd.lastEndpoint as string)
    target.connect(proxy.backEnd.lastEndpoint as string)
    await eventually(async () => {
      await source.send("early", { group: "news" })
      await proxy.frontEnd.receive({ timeout: 5 })
    })
    const all = Array.from({ length: 50 }, (_, index) => `${index}`)
    await source.sendMany(all.map((text) => [text, { group: "news" }] as const))
    // A loop that keeps up fetches ahead of itself.
    const begun: string[] = []
    for await (const [part] of proxy.frontEnd) {
      if (String(part) !== "early") begun.push(String(part))
      if (begun.length === 5) break
    }
    const running = proxy.run()
    const came: string[] = []
    while (came.length < 45) {
      const [part, { group }] = await target.receive()
      expect(String(group)).toBe("news")
      came.push(String(part))
    }
    expect([...begun, ...came]).toEqual(all)
    proxy.terminate()
    await running
  })
})
