// The metrics of a relay, as Prometheus reads them: Debian's package prometheus, with promtool.

import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { expect, it } from "vitest"
import { freePort, linesOf, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { prometheus } from "./prometheus.js"

/** A relay with a metric of each kind: events that were delivered, refused, that go nowhere, that came twice, and a sink that is down. */
async function busyRelay(): Promise<RelayProcess> {
  const folder = temporaryFolder()
  const relay = await RelayProcess.start(
    folder,
    `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  hooks: { type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }
routes:
  - { name: all, from: [hooks], when: 'type != "com.github.ping"', to: [archive, away] }
  - { name: undecided, from: [hooks], when: 'data.missing == 1', to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
  away: { type: webhook, url: "http://127.0.0.1:${await freePort()}/", delivery: { retryMin: 10ms, retryMax: 50ms } }
`,
  )
  for (let i = 0; i < 7; i++) expect((await relay.github("{}", `delivery-${i}`)).status).toBe(202)
  expect((await relay.github("{}", "delivery-0")).status).toBe(202)
  expect((await relay.github("{}", "ping", { event: "ping" })).status).toBe(202)
  expect((await relay.github("{}", "forged", { secret: "wrong" })).status).toBe(401)
  await until(() => linesOf(join(folder, "events.ndjson")).length === 7)
  await until(async () => Number(await relay.metric('ohmq_relay_delivery_retries_total{sink="away"}')) > 0)
  return relay
}

it("promtool check metrics finds nothing wrong with them", async () => {
  const relay = await busyRelay()
  const metrics = await (await fetch(`${relay.url}/metrics`)).text()
  for (const name of ["events_in_total", "events_out_total", "events_refused_total", "delivery_seconds_bucket"])
    expect(metrics).toMatch(new RegExp(`^ohmq_relay_${name}\\{`, "m"))
  const checked = execFileSync("sh", ["-c", "promtool check metrics 2>&1"], { input: metrics, encoding: "utf8" })
  expect(checked).toBe("")
  await relay.end()
})

it("a Prometheus scrapes them and answers queries", async () => {
  const relay = await busyRelay()
  const { get, query } = await prometheus([relay.url])
  const value = async (text: string) => Number((await query(text))[0]?.value[1])
  await until(async () => (await value("ohmq_relay_events_in_total")) === 7)

  expect(await query('up{job="relay"}')).toMatchObject([{ value: [expect.any(Number), "1"] }])
  const { activeTargets } = await get<{ activeTargets: object[] }>("targets")
  expect(activeTargets).toMatchObject([{ health: "up", lastError: "" }])
  expect(await query("ohmq_relay_events_in_total")).toMatchObject([{ metric: { source: "hooks", job: "relay" } }])
  expect(await value('ohmq_relay_events_out_total{sink="archive"}')).toBe(7)
  expect(await value("ohmq_relay_events_unrouted_total")).toBe(1)
  expect(await value("ohmq_relay_events_duplicate_total")).toBe(1)
  expect(await value("sum(ohmq_relay_events_refused_total)")).toBe(1)
  expect(await value('ohmq_relay_sink_lag_events{sink="away"}')).toBe(7)
  expect(await value('ohmq_relay_sink_lag_events{sink="archive"}')).toBe(0)
  expect(await value("histogram_quantile(0.99, ohmq_relay_store_write_seconds_bucket)")).toBeGreaterThan(0)

  // A rate needs a second sample, after more events.
  await relay.github("{}", "one-more")
  await until(async () => (await value("rate(ohmq_relay_events_in_total[1m])")) > 0)

  // Prometheus has read a type and a description of each.
  const metadata = (await get<{ metric: string; type: string; help: string }[]>("targets/metadata")).filter(
    ({ metric }) => metric.startsWith("ohmq_relay_"),
  )
  expect(metadata.length).toBeGreaterThan(12)
  for (const { metric, type, help } of metadata) {
    expect({ metric, type }).toEqual({
      metric,
      type: metric.endsWith("_total") ? "counter" : expect.stringMatching(/gauge|histogram/),
    })
    expect(help).not.toBe("")
  }
  await relay.end()
})
