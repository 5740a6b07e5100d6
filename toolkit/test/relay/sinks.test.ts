import { createHmac } from "node:crypto"
import { readdirSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { event, sinkRelay } from "./sink-relay.js"
import { basic, linesOf, ohmq, RelayProcess, standardSecret, temporaryFolder, until } from "./support.js"

interface Received {
  headers: IncomingMessage["headers"]
  body: string
}

/** A server that answers as told, and keeps what it was sent. */
async function server(
  answer: (id: string, count: number) => [status: number, headers?: Record<string, string>, text?: string],
) {
  const received: Received[] = []
  const counts = new Map<string, number>()
  const http = createServer(async (request, response) => {
    let body = ""
    for await (const chunk of request) body += chunk
    const { id } = JSON.parse(body) as { id: string }
    counts.set(id, (counts.get(id) ?? 0) + 1)
    const [status, headers = {}, text = ""] = answer(id, counts.get(id) as number)
    received.push({ headers: request.headers, body })
    response.writeHead(status, headers).end(text)
  })
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`, received }
}

const idsOf = (received: Received[]) => received.map(({ body }) => JSON.parse(body).id)

describe("The sink webhook", () => {
  it("signs, retries in order, and keeps what is refused as a dead letter that can be replayed", async () => {
    const folder = temporaryFolder()
    let isMended = false
    const { url, received } = await server((id, count) => {
      if (id === "busy" && count < 3) return [503, { "retry-after": "0" }]
      if (id === "secret" && count < 2) return [401]
      if (id === "bad" && !isMended) return [422, {}, "no such field"]
      return [200]
    })
    const both = basic
      .replace(
        "sinks:",
        `sinks:\n  out: { type: webhook, url: "${url}", secret: env:STANDARD_SECRET, delivery: { retryMin: 10ms } }`,
      )
      .replace("to: [archive]", "to: [archive, out]")
    const relay = await RelayProcess.start(folder, both)
    for (const id of ["first", "busy", "secret", "bad", "last"]) await relay.github("{}", id)
    await until(() => idsOf(received).includes("last"))
    expect(idsOf(received)).toEqual(["first", "busy", "busy", "busy", "secret", "secret", "bad", "last"])

    for (const { headers, body } of received) {
      const key = Buffer.from(standardSecret.slice("whsec_".length), "base64")
      const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`
      expect(headers["webhook-signature"]).toBe(`v1,${createHmac("sha256", key).update(signed).digest("base64")}`)
      expect(headers["content-type"]).toBe("application/cloudevents+json")
    }
    expect(received[1]?.headers["webhook-id"]).toBe(received[3]?.headers["webhook-id"])

    expect(await relay.logged("it is a dead letter now")).toMatchObject({
      sink: "out",
      reason: "The server answered 422: no such field",
    })
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(1)
    expect(await relay.metric('ohmq_relay_sink_dead_letters{sink="out"}')).toBe(1)
    isMended = true
    expect(ohmq(folder, "relay", "replay", "outt").stderr).toBe('error: There is no sink "outt". Did you mean "out"?\n')
    expect(ohmq(folder, "relay", "replay", "out").stdout).toBe("1 dead letters of out will be delivered again\n")
    await until(() => idsOf(received).at(-1) === "bad")
    expect(await relay.end()).toBe(0)
    expect(linesOf(join(folder, "events.ndjson")).map(({ id }) => id)).toEqual([
      "first",
      "busy",
      "secret",
      "bad",
      "last",
    ])
  })

  it("holds up no other sink while its server is away", async () => {
    const folder = temporaryFolder()
    const both = basic
      .replace("sinks:", 'sinks:\n  out: { type: webhook, url: "http://127.0.0.1:9/" }')
      .replace("to: [archive]", "to: [archive, out]")
    const relay = await RelayProcess.start(folder, both)
    await relay.github("{}", "one")
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="archive"}')) === 1)
    expect(await relay.logged("The sink fails")).toMatchObject({ sink: "out" })
    expect(await relay.metric('ohmq_relay_sink_lag_events{sink="out"}')).toBe(1)
    expect(await relay.end()).toBe(0)
    expect(relay.log).toContainEqual(
      expect.objectContaining({ msg: "Events wait in the store for the next start", sink: "out", waiting: 1 }),
    )
  })

  it("is given the time of the drain although it fails, if the relay is told so", async () => {
    const folder = temporaryFolder()
    let isBack = false
    const { url, received } = await server(() => [isBack ? 200 : 503])
    const slow = basic
      .replace("sinks:", `sinks:\n  out: { type: webhook, url: "${url}", delivery: { retryMin: 1h, retryMax: 1h } }`)
      .replace("to: [archive]", "to: [out]")
    const relay = await RelayProcess.start(folder, slow, "relay", "--drain", "30s", "--drain-failing")
    for (const id of ["one", "two"]) await relay.github("{}", id)
    await relay.logged("The sink fails")
    const ended = relay.end()
    await until(() => received.length >= 3)
    isBack = true
    expect(await ended).toBe(0)
    expect(idsOf(received).slice(-2)).toEqual(["one", "two"])
    expect(relay.log.map(({ msg }) => msg)).not.toContain("Events wait in the store for the next start")
  })
})

describe("The sink file", () => {
  it("writes nothing twice if what was under way when the relay ended comes again in smaller batches", async () => {
    const events = ["a", "b", "c", "d", "e", "f", "g"].map((id) => event(id))
    const first = await sinkRelay("type: file, path: ./out.ndjson", undefined, false, 100)
    first.add(...events)
    await first.drained(events.length)
    await first.stop()
    // The store of before: all events go to the sink again, and another one.
    rmSync(join(first.folder, "data"), { recursive: true })
    const again = await sinkRelay("type: file, path: ./out.ndjson", first.folder, false, 2)
    again.add(event("h"))
    await again.drained(events.length + 1)
    await again.stop()
    const ids = linesOf(join(first.folder, "out.ndjson")).map(({ id }) => id)
    expect(ids).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"])
  })

  it("begins a new file at its size and keeps so many old ones", async () => {
    const folder = temporaryFolder()
    const rotated = basic.replace("./events.ndjson", "./events.ndjson, maxBytes: 1000B, keep: 2")
    const relay = await RelayProcess.start(folder, rotated)
    for (let i = 0; i < 8; i++) {
      await relay.github(JSON.stringify("x".repeat(600)), `d${i}`)
      await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="archive"}')) === i + 1)
    }
    expect(await relay.end()).toBe(0)
    const files = readdirSync(folder).filter((name) => name.startsWith("events.ndjson"))
    expect(files).toHaveLength(3)
    const ids = files
      .toSorted((a, b) => b.length - a.length || a.localeCompare(b))
      .flatMap((name) => linesOf(join(folder, name)))
    expect(ids.map(({ id }) => id)).toEqual(["d5", "d6", "d7"])
  })
})
