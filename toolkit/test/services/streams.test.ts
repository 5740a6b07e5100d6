import { describe, expect, it } from "vitest"
import { errorOf, gate, pair, until } from "./support.js"

async function all(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const list: unknown[] = []
  for await (const item of items) list.push(item)
  return list
}

describe("Client.stream", () => {
  it("gives the items in order, and ends", async () => {
    const { client } = await pair((server) =>
      server
        .handle("count", async function* (to) {
          for (let number = 1; number <= Number(to); number++) yield { number }
        })
        .handle("one", () => "only"),
    )
    expect(await all(client.stream("count", 100))).toEqual(
      Array.from({ length: 100 }, (_, index) => ({ number: index + 1 })),
    )
    expect(await all(client.stream("count", 0))).toEqual([])
    expect(await all(client.stream("one", 1))).toEqual(["only"])
    expect(await errorOf(client.request("count", 3))).toMatchObject({ code: "STREAMED" })
  })

  it("holds the handler up while items are not read", async () => {
    let made = 0
    const { client } = await pair((server) =>
      server.handle("endless", async function* () {
        for (;;) yield made++
      }),
    )
    const stream = client.stream("endless", undefined, { window: 4 })
    expect((await stream.next()).value).toBe(0)
    // A round trip later, the credit of four items is used up.
    await errorOf(client.request("nothing", 1))
    await errorOf(client.request("nothing", 1))
    expect(made).toBeLessThanOrEqual(5)
    for (let number = 1; number < 50; number++) expect((await stream.next()).value).toBe(number)
    await stream.return(undefined)
  })

  it("ends the handler if the loop is left, or its signal aborts", async () => {
    const ended: string[] = []
    const { client, server } = await pair((one) =>
      one.handle("endless", async function* (name) {
        try {
          for (;;) yield 1
        } finally {
          ended.push(String(name))
        }
      }),
    )
    for await (const _ of client.stream("endless", "left")) break
    await until(() => ended.length === 1)
    const controller = new AbortController()
    const reading = all(client.stream("endless", "aborted", { signal: controller.signal }))
    await until(() => server.stats().running === 1)
    controller.abort(new Error("enough"))
    expect((await errorOf(reading)).message).toBe("enough")
    await until(() => server.stats().running === 0)
    expect(ended).toEqual(["left", "aborted"])
  })

  it("rejects in the middle if the handler fails, or the deadline passes", async () => {
    const hold = gate()
    const { client } = await pair((server) =>
      server
        .handle("fails", async function* () {
          yield 1
          throw new Error("x")
        })
        .handle("stops", async function* () {
          yield 1
          await hold.opened
        }),
    )
    const items: unknown[] = []
    const read = async (service: string, options = {}) => {
      for await (const item of client.stream(service, undefined, options)) items.push(item)
    }
    expect(await errorOf(read("fails"))).toMatchObject({ code: "FAILED" })
    expect(await errorOf(read("stops", { timeout: 100 }))).toMatchObject({ code: "TIMEOUT" })
    expect(items).toEqual([1, 1])
    hold.open()
  })
})
