import fc from "fast-check"
import { Dealer } from "ohmq"
import { Client } from "ohmq-toolkit/services"
import { describe, expect, it, onTestFinished } from "vitest"
import { pair, until } from "./support.js"

const PING = Buffer.from([1, 4, 0, 0, 0, 0, 0, 0, 10, 0, 0, 16, 0, 0])
const request = (id: number, service: string) =>
  Buffer.concat([Buffer.from([1, 1, 0, 0, 0, id, 0, 0, 39, 16, 0, 0, 0, 0, 2]), Buffer.from(service)])

/** A socket that speaks the protocol byte by byte. */
async function raw() {
  const { server, endpoint } = await pair((one) => one.handle("echo", (body) => body))
  const dealer = new Dealer({ linger: 0 })
  dealer.connect(endpoint)
  onTestFinished(() => dealer.close())
  return { server, dealer, endpoint }
}

describe("The protocol", () => {
  it("is what docs/services.md says, byte by byte", async () => {
    const { dealer } = await raw()
    await dealer.send([PING])
    expect(await dealer.receive()).toEqual([Buffer.from([1, 0x85, 0, 0, 0, 0, 0, 0, 16, 0, 0])])
    await dealer.send([request(7, "echo"), "hello"])
    expect(await dealer.receive()).toEqual([Buffer.from([1, 0x81, 0, 0, 0, 7, 2]), Buffer.from("hello")])
    await dealer.send([request(8, "none"), "hello"])
    expect(await dealer.receive()).toEqual([
      Buffer.from(`\x01\x84\0\0\0\x08\0\0\0\0\x01\nNO_SERVICEThere is no service "none"`, "latin1"),
    ])
  })

  it.each([
    [
      "another version",
      [Buffer.from([2, 4, 0, 0, 0, 0])],
      "VERSION",
      "Expected version 1 of the protocol but received 2",
    ],
    ["too short", [Buffer.from([1])], "MALFORMED", "Expected a header of 6 bytes or more"],
    ["an unknown kind", [Buffer.from([1, 99, 0, 0, 0, 0])], "MALFORMED", "A client cannot send a message of kind 99"],
    [
      "a request without a service",
      [request(1, "")],
      "MALFORMED",
      "Expected a header of 16 bytes or more but received 15",
    ],
    ["the id 0", [request(0, "echo")], "MALFORMED", "A request cannot have the id 0"],
    ["three frames", [PING, "", ""], "MALFORMED", "but received 3 frames"],
    ["a name that is not UTF-8", [Buffer.concat([request(1, ""), Buffer.from([0xff])])], "MALFORMED", "is not UTF-8"],
  ])("has an answer to %s", async (_, frames, code, message) => {
    const { dealer, server } = await raw()
    await dealer.send(frames)
    const [answer] = await dealer.receive()
    expect(answer?.toString("latin1", 12)).toContain(code)
    expect(String(answer)).toContain(message)
    expect(server.stats().malformed).toBe(1)
    await dealer.send([request(2, "echo"), "still there"])
    expect(String((await dealer.receive())[1])).toBe("still there")
  })

  it("answers a malformed body to the request, and a second request with an id under way to nobody", async () => {
    const { dealer } = await raw()
    const json = request(3, "echo")
    json[14] = 3
    await dealer.send([json, "{"])
    const [answer] = await dealer.receive()
    expect(answer?.[5]).toBe(3)
    expect(String(answer)).toContain("MALFORMEDThe body is not JSON")
  })

  it("survives whatever bytes come", async () => {
    const { dealer, endpoint } = await raw()
    const seed = Date.now() % 1_000_000
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 3 })
    const almost = frames.map(([head, ...rest]) => [
      Uint8Array.from([1, (head?.[0] ?? 0) % 6, ...(head ?? [])]),
      ...rest,
    ])
    await fc.assert(
      fc.asyncProperty(fc.oneof(frames, almost), async (message) => dealer.send(message)),
      { seed, numRuns: 2000 },
    )
    const client = new Client({ connect: endpoint })
    onTestFinished(() => client.close())
    expect(await client.request("echo", `seed ${seed}`)).toBe(`seed ${seed}`)
    await until(() => client.stats()[0]?.outstanding === 0)
  })
})
