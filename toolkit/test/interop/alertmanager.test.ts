// Prometheus' Alertmanager sends its alerts to a relay.

import { join } from "node:path"
import { expect, it } from "vitest"
import { githubSecret, type Line, linesOf, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { alertmanager } from "./alertmanager.js"

const alert = (instance: string, more: object = {}) => ({
  labels: { alertname: "DiskFull", instance, severity: "critical" },
  annotations: { summary: `The disk of ${instance} is full` },
  startsAt: new Date(Date.now() - 60_000).toISOString(),
  generatorURL: "http://prometheus.example.com/graph",
  ...more,
})

it.each([
  ["a bearer token", (secret: string) => `authorization: { credentials: "${secret}" }`],
  ["basic authentication", (secret: string) => `basic_auth: { username: alertmanager, password: "${secret}" }`],
])(
  "Alertmanager, with %s, tells of each alert once when it fires and once when it is resolved",
  async (_how, authorization) => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(
      folder,
      `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  alerts: { type: webhook, preset: alertmanager, path: /alerts, secret: env:GITHUB_SECRET }
routes:
  - { name: all, from: [alerts], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
    )
    const send = await alertmanager(`${relay.url}/alerts`, authorization(githubSecret))
    const lines = () => linesOf(join(folder, "events.ndjson")) as (Line & Record<string, unknown>)[]
    const [first, second] = [alert("db1"), alert("db2")]
    await send(first, second)
    await until(() => lines().length >= 2)
    // It repeats what fires, which is not stored again.
    await until(async () => Number(await relay.metric('ohmq_relay_events_duplicate_total{source="alerts"}')) >= 2)
    await send({ ...first, endsAt: new Date().toISOString() })
    await until(() => lines().length >= 3)

    const found = lines()
    expect(found).toHaveLength(3)
    expect(
      found
        .slice(0, 2)
        .map(({ data }) => (data as { labels: { instance: string } }).labels.instance)
        .toSorted(),
    ).toEqual(["db1", "db2"])
    expect(found[0]).toMatchObject({
      type: "alert.fired",
      subject: "DiskFull",
      severity: "critical",
      data: { status: "firing", title: "DiskFull", group: { receiver: "relay" } },
    })
    expect(found[2]).toMatchObject({
      type: "alert.resolved",
      data: { labels: { instance: "db1" }, message: "The disk of db1 is full" },
    })
    expect(await relay.end()).toBe(0)
  },
)
