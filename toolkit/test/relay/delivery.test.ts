import { createHmac } from "node:crypto"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { answering, clockedRelay, type Received } from "./clocked-relay.js"
import { env, linesOf, standardSecret, until } from "./support.js"

process.env.STANDARD_SECRET = env.STANDARD_SECRET

const idsOf = (received: { body: string }[]) => received.map(({ body }) => JSON.parse(body).id as string)
const attempts = 'ohmq_relay_delivery_seconds_count{sink="out"}'
const delivered = 'ohmq_relay_events_out_total{sink="out"}'
const isOpen = 'ohmq_relay_sink_circuit_open{sink="out"}'

describe("A sink that fails for long", () => {
  it("is tried with one event at a time, says since when and why, and gets the rest once it works", async () => {
    let status = 503
    const { url, received } = await answering(() => [status])
    const { folder, clock, log, send, metric, archived, stop } = await clockedRelay(
      `{ type: webhook, url: "${url}", concurrency: 4, delivery: { retryMin: 1h, retryMax: 1h, openAfter: 2h, batchWait: 1m } }`,
    )
    const ids = ["a", "b", "c", "d", "e", "f", "g", "h"]
    for (const id of ids) expect(await send(id)).toBe(202)
    await archived(ids.length)
    expect(received).toEqual([])
    clock.advance(60e3)
    // Closed: as many requests as may be under way. Then open: one.
    for (const [count, open] of [
      [4, 0],
      [8, 0],
      [12, 1],
      [13, 1],
      [14, 1],
    ] as const) {
      await until(() => received.length >= count)
      await clock.waits()
      expect(received).toHaveLength(count)
      expect(await metric(isOpen)).toBe(open)
      clock.advanceHours(1)
    }
    await until(() => received.length >= 15)
    await clock.waits()
    expect(log.filter(({ msg }) => String(msg).startsWith("The circuit of the sink is open"))).toMatchObject([
      { sink: "out", reason: "The server answered 503", since: expect.stringMatching(/^20.*Z$/) },
    ])
    expect(await metric('ohmq_relay_sink_failing_seconds{sink="out"}')).toBeGreaterThan(0)
    status = 200
    clock.advanceHours(1)
    await until(async () => (await metric(delivered)) === ids.length)
    expect(idsOf(received.slice(15)).toSorted()).toEqual(ids)
    expect(received[15]?.body).toContain('"id":"a"')
    expect(await metric(isOpen)).toBe(0)
    expect(await metric('ohmq_relay_sink_failing_seconds{sink="out"}')).toBe(0)
    expect(log.filter(({ msg }) => msg === "The sink works again")).toHaveLength(1)
    await stop()
    expect(linesOf(join(folder, "archive.ndjson")).map(({ id }) => id)).toEqual(ids)
  })

  it("is left alone for as long as it asks for", async () => {
    let answer: [number, Record<string, string>?] = [429, { "retry-after": "1800" }]
    const { url, received } = await answering(() => answer)
    const { clock, send, metric } = await clockedRelay(
      `{ type: webhook, url: "${url}", delivery: { retryMin: 1ms, retryMax: 1ms } }`,
    )
    await send("a")
    expect(await clock.waits()).toEqual([1800e3])
    clock.advance(1799e3)
    expect(await clock.waits()).toEqual([1e3])
    expect(received).toHaveLength(1)
    answer = [200]
    clock.advance(1e3)
    await until(async () => (await metric(delivered)) === 1)
    expect(received).toHaveLength(2)
  })
})

describe("A batch", () => {
  it("is delivered when it has its time, its events or its bytes, or the relay stops", async () => {
    const { url, received } = await answering(() => [200])
    const { clock, send, metric, archived, stop } = await clockedRelay(
      `{ type: webhook, url: "${url}", delivery: { batch: 3, batchBytes: 5kB, batchWait: 1h } }`,
    )
    await send("a")
    await send("b")
    await archived(2)
    expect(await clock.waits()).toEqual([3600e3])
    expect(await metric(attempts)).toBeNaN()
    clock.advanceHours(1)
    await until(async () => (await metric(delivered)) === 2)
    expect(await metric(attempts)).toBe(1)

    for (const id of ["c", "d", "e"]) await send(id)
    await until(async () => (await metric(delivered)) === 5)
    expect(await metric(attempts)).toBe(2)

    const large = JSON.stringify("x".repeat(3000))
    await send("f", large)
    await send("g", large)
    await until(async () => (await metric(delivered)) === 6)
    expect(await metric(attempts)).toBe(3)
    expect(await clock.waits()).toEqual([3600e3])
    await send("h", JSON.stringify("x".repeat(6000)))
    await until(async () => (await metric(delivered)) === 7)

    await stop()
    expect(idsOf(received)).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"])
  })
})

describe("The sink webhook", () => {
  it("has as many requests under way as it may, and one without concurrency", async () => {
    for (const [concurrency, count] of [
      ["", 1],
      [", concurrency: 3", 3],
    ] as const) {
      const { url, received, held } = await answering(() => "hold")
      const { clock, send, metric, archived, stop } = await clockedRelay(
        `{ type: webhook, url: "${url}"${concurrency}, delivery: { batchWait: 1h } }`,
      )
      const ids = ["a", "b", "c", "d", "e"]
      for (const id of ids) await send(id)
      await clock.waits()
      await archived(ids.length)
      clock.advanceHours(1)
      for (let done = 0; done < ids.length; done += count) {
        const most = Math.min(done + count, ids.length)
        await until(() => received.length >= most)
        expect(received).toHaveLength(most)
        for (const release of held.splice(0)) release()
      }
      await until(async () => (await metric(delivered)) === ids.length)
      if (count === 1) expect(idsOf(received)).toEqual(ids)
      else expect(idsOf(received).toSorted()).toEqual(ids)
      await stop()
    }
  })

  it("compresses bodies, and signs what they are when they are decompressed", async () => {
    const { url, received } = await answering(() => [200])
    const { send } = await clockedRelay(
      `{ type: webhook, url: "${url}", secret: env:STANDARD_SECRET, compression: gzip }`,
    )
    await send("a", JSON.stringify("x".repeat(20_000)))
    await until(() => received.length === 1)
    const { headers, body } = received[0] as Received
    expect(headers["content-encoding"]).toBe("gzip")
    expect(Number(headers["content-length"])).toBeLessThan(2000)
    expect(JSON.parse(body)).toMatchObject({ id: "a", data: "x".repeat(20_000) })
    const key = Buffer.from(standardSecret.slice("whsec_".length), "base64")
    const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`
    expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`)
  })
})

describe("A route with a rate", () => {
  it("lets in no more than its limit in any period", async () => {
    const { clock, send, metric } = await clockedRelay(
      "{ type: file, path: ./out.ndjson }",
      "rate: { limit: 2, per: 1h }",
    )
    const passed = async (id: string) => {
      const dropped = 'ohmq_relay_route_dropped_total{route="all",reason="rate"}'
      const before = (await metric(dropped)) || 0
      expect(await send(id)).toBe(202)
      return ((await metric(dropped)) || 0) === before
    }
    expect(await passed("0:00")).toBe(true)
    clock.advanceHours(0.75)
    expect(await passed("0:45")).toBe(true)
    expect(await passed("0:45:30")).toBe(false)
    clock.advanceHours(0.25)
    expect(await passed("1:00")).toBe(true)
    // A bucket that fills evenly would let this one in: 0:45, 1:00 and 1:30 are in one hour.
    clock.advanceHours(0.5)
    expect(await passed("1:30")).toBe(false)
    clock.advanceHours(0.25)
    expect(await passed("1:45")).toBe(true)
  })
})
