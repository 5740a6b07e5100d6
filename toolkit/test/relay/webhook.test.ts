import { createHmac } from "node:crypto"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { basic, githubSecret, linesOf, RelayProcess, standardSecret, temporaryFolder } from "./support.js"

const config = basic
  .replace(
    "routes:",
    `  standard: { type: webhook, preset: standard-webhooks, path: /standard, secret: env:STANDARD_SECRET, maxBytes: 1KiB }
  plain: { type: webhook, preset: hmac, path: /plain, secret: env:GITHUB_SECRET, header: X-Sig, prefix: "", idHeader: X-Id }
routes:`,
  )
  .replace("from: [hooks]", "from: [hooks, standard, plain]")

function standard(url: string, body: string, id: string, { seconds = Date.now() / 1000, key = standardSecret } = {}) {
  const timestamp = String(Math.floor(seconds))
  const bytes = Buffer.from(key.slice("whsec_".length), "base64")
  const signature = createHmac("sha256", bytes).update(`${id}.${timestamp}.${body}`).digest("base64")
  return fetch(`${url}/standard`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      // An older key signs too while keys are rotated.
      "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")} v1,${signature}`,
    },
  })
}

const plain = (url: string, body: string, type: string, id?: string) =>
  fetch(`${url}/plain`, {
    method: "POST",
    body,
    headers: {
      "content-type": type,
      "x-sig": createHmac("sha256", githubSecret).update(body).digest("hex"),
      ...(id !== undefined && { "x-id": id }),
    },
  })

describe("The source webhook", () => {
  it("takes in what is signed, once, and refuses the rest with a reason", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, config)
    const answer = async (response: Promise<Response>) => {
      const { status, headers } = await response
      const text = await (await response).text()
      return [status, headers.get("content-type")?.includes("json") ? JSON.parse(text) : text.trim()]
    }
    const body = '{ "repository": {\n "html_url": "https://github.com/a/b" }, "n": 1.0 }'

    expect(await answer(relay.github(body, "g1"))).toEqual([202, { stored: 1, duplicates: 0 }])
    expect(await answer(relay.github(body, "g1"))).toEqual([202, { stored: 0, duplicates: 1 }])
    expect(await answer(relay.github("{}", "g2", { event: "ping" }))).toEqual([202, { stored: 0, duplicates: 0 }])
    expect(await answer(relay.github(body, "g3", { secret: "wrong" }))).toEqual([
      401,
      { error: "The signature does not match" },
    ])
    expect(await answer(relay.github("{", "g4"))).toEqual([400, { error: "The body is not valid JSON" }])
    expect(await answer(relay.github(`[${" ".repeat(1 << 20)}]`, "g5"))).toEqual([
      413,
      "The body is larger than 1048576 bytes",
    ])
    expect(await answer(relay.github(body, "g6", { path: "/other" }))).toEqual([404, "Nothing is here"])
    expect((await fetch(`${relay.url}/github`)).status).toBe(405)

    expect(await answer(standard(relay.url, '{"type":"invoice.paid"}', "s1"))).toEqual([
      202,
      { stored: 1, duplicates: 0 },
    ])
    expect((await standard(relay.url, "{}", "s2", { seconds: Date.now() / 1000 - 301 })).status).toBe(401)
    expect((await standard(relay.url, "{}", "s3", { seconds: Date.now() / 1000 + 301 })).status).toBe(401)
    expect((await standard(relay.url, "{}", "s4", { key: `whsec_${"A".repeat(32)}` })).status).toBe(401)

    expect((await plain(relay.url, "some text", "text/plain", "p1")).status).toBe(202)
    expect((await plain(relay.url, "some text", "text/plain")).status).toBe(400)

    expect(await relay.metric('ohmq_relay_events_in_total{source="hooks"}')).toBe(1)
    expect(await relay.metric('ohmq_relay_events_duplicate_total{source="hooks"}')).toBe(1)
    expect(await relay.metric('ohmq_relay_events_unrouted_total{source="hooks"}')).toBe(1)
    expect(await relay.metric('ohmq_relay_events_refused_total{source="standard",reason="replay"}')).toBe(2)
    expect(await (await fetch(`${relay.url}/readyz`)).text()).toBe("ready\n")
    expect(await relay.end()).toBe(0)

    const lines = linesOf(join(folder, "events.ndjson"))
    expect(lines).toMatchObject([
      { id: "g1", type: "com.github.push", source: "https://github.com/a/b", data: { n: 1 } },
      { id: "s1", type: "invoice.paid", source: "/webhook/standard" },
      { id: "p1", type: "webhook.received", data_base64: Buffer.from("some text").toString("base64") },
    ])
    expect(JSON.stringify(relay.log)).not.toContain(githubSecret)
    expect(relay.log).toContainEqual(
      expect.objectContaining({
        msg: "Not taken in",
        source: "hooks",
        reason: "signature",
        address: expect.stringMatching(/127\.0\.0\.1$/),
      }),
    )
  })

  it("answers 503 with Retry-After when the store is full, and takes events in again later", async () => {
    const folder = temporaryFolder()
    // The sink's server does not exist, so that nothing leaves the store.
    const full = basic
      .replace("path: ./data", "path: ./data, maxBytes: 64KiB, retention: 0s")
      .replace("{ type: file, path: ./events.ndjson }", '{ type: webhook, url: "http://127.0.0.1:9/" }')
    let relay = await RelayProcess.start(folder, full)
    let refused: Response | undefined
    let stored = 0
    for (; stored < 1000 && refused === undefined; stored++) {
      const response = await relay.github(JSON.stringify("x".repeat(4000)), `d${stored}`)
      if (response.status !== 202) refused = response
    }
    expect(refused?.status).toBe(503)
    expect(refused?.headers.get("retry-after")).toBe("10")
    expect(await refused?.json()).toEqual({ error: "The store is full" })
    expect(await relay.metric('ohmq_relay_events_refused_total{source="hooks",reason="FULL"}')).toBe(1)
    await relay.end()
    // The same sink name, now one that works: what had been acknowledged is delivered.
    relay = await RelayProcess.start(
      folder,
      full.replace(/\{ type: webhook, url.*\}/, "{ type: file, path: ./late.ndjson }"),
    )
    await relay.end()
    expect(linesOf(join(folder, "late.ndjson"))).toHaveLength(stored - 1)
  })

  it("counts what is refused because there is no room for dead letters", async () => {
    const relay = await RelayProcess.start(
      temporaryFolder(),
      basic
        .replace("path: ./data", "path: ./data, maxBytes: 64KiB")
        .replace("to: [archive]", "set: { subject: data.missing }, to: [archive]"),
    )
    let status = 202
    for (let i = 0; i < 1000 && status === 202; i++)
      ({ status } = await relay.github(JSON.stringify("x".repeat(4000)), `d${i}`))
    expect(status).toBe(503)
    expect(await relay.metric('ohmq_relay_events_refused_total{source="hooks",reason="FULL"}')).toBe(1)
    await relay.end()
  })
})
