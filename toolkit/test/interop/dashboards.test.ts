// The dashboard and the alert rules: each of their queries, in a real Prometheus that scrapes two real relays under load.

import { execFileSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { answering } from "../relay/clocked-relay.js"
import { decision, gatePlace, request, tell } from "../relay/gates.js"
import { linked } from "../relay/links.js"
import { freePort, RelayProcess } from "../relay/support.js"
import { prometheus } from "./prometheus.js"

const shipped = (name: string) => resolve(import.meta.dirname, "../../dashboards", name)

interface Rule {
  alert: string
  expr: string
  for?: string
  labels: { severity: string }
  annotations: Record<string, string>
}

const rules = (parse(readFileSync(shipped("alerts.yaml"), "utf8")) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

interface Panel {
  type: string
  title: string
  targets?: { expr: string; refId: string }[]
}

const dashboard = JSON.parse(readFileSync(shipped("grafana.json"), "utf8")) as { panels: Panel[] }

const queries = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr, refId }): [string, string] => [`${title} ${refId}`, expr]),
)

/** What Grafana puts in for the variables. */
const filled = (expr: string) =>
  expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "1m").replaceAll("$__range", "5m")

/** A rule without its thresholds: what it looks at. */
const withoutThresholds = (expr: string) => expr.replace(/ (>|<|==) \d+(\.\d+)?/g, "")

/** Two relays in every kind of trouble that can be made within seconds, and load on them. */
async function troubledRelays() {
  const away = await freePort()
  const nowhere = await freePort()
  const { url: picky } = await answering(() => [400])
  const { edge, hub, folders } = await linked()
  const gate = await gatePlace(folders.edge)
  const config = edge
    .replace("sources:\n", `sources:\n  deploys: ${gate.source()}\n`)
    .replace("store: { path: ./data }", "store: { path: ./data, maxBytes: 256KiB }")
    .replace("    heartbeat: 500ms\n", "    heartbeat: 500ms\n    stream: shared\n")
    .replace(
      "sinks:\n",
      `  - { name: gates, from: [deploys], to: [local] }
  - { name: rest, from: [hooks], to: [away, numbers, twin, nowhere] }
  - { name: refused, from: [hooks], when: 'data.number < 3', to: [picky] }
  - { name: undecided, from: [hooks], when: 'data.missing == 1', to: [local] }
  - { name: broken, from: [hooks], when: 'data.number < 3', set: { subject: data.missing }, to: [local] }
  - { name: few, from: [hooks], rate: { limit: 1, per: 1h }, to: [local] }
sinks:
  away: { type: webhook, url: "http://127.0.0.1:${away}/", delivery: { retryMin: 10ms, retryMax: 50ms } }
  picky: { type: webhook, url: "${picky}" }
  numbers: { type: prometheus, maxSeries: 1, rules: [{ counter: pushes_total, labels: { number: data.number } }] }
  twin:
    type: link
    connect: "${/tcp:\/\/[^"]*/.exec(edge)?.[0]}"
    security: { cert: ./edge.key_secret, serverKey: ./hub.key }
    stream: shared
    retryMax: 100ms
  nowhere:
    type: link
    connect: "tcp://127.0.0.1:${nowhere}"
    security: { cert: ./edge.key_secret, serverKey: ./hub.key }
`,
    )
  const far = await RelayProcess.start(folders.hub, hub)
  const near = await RelayProcess.start(folders.edge, config)
  return { near, far, gate, breakConfiguration: () => writeFileSync(join(folders.edge, "relay.yaml"), "version: 2\n") }
}

const padding = "x".repeat(4096)

/** Deliveries until the store is full, twice each, and some with a wrong signature. */
async function load(relay: RelayProcess): Promise<void> {
  for (let number = 0; ; number++) {
    const body = JSON.stringify({ number, padding })
    const { status } = await relay.github(body, `delivery-${number}`)
    if (status === 503) break
    expect(status).toBe(202)
  }
  for (let number = 0; number < 15; number++) {
    await relay.github("{}", `forged-${number}`, { secret: "wrong" })
    await relay.github("{}", "delivery-0")
  }
}

describe("The alert rules", () => {
  it("pass promtool check rules, and promtool test rules", () => {
    const promtool = (...args: string[]) => execFileSync("promtool", args, { encoding: "utf8", cwd: shipped("") })
    expect(promtool("check", "rules", "alerts.yaml")).toContain(`SUCCESS: ${rules.length} rules found`)
    expect(promtool("test", "rules", "alerts.test.yaml")).toContain("SUCCESS")
  })

  it("are each tested, both when they fire and when they do not", () => {
    interface Tests {
      tests: { alert_rule_test: { alertname: string; exp_alerts?: unknown[] }[] }[]
    }
    const { tests } = parse(readFileSync(shipped("alerts.test.yaml"), "utf8")) as Tests
    const cases = tests.flatMap((test) => test.alert_rule_test)
    for (const { alert } of rules) {
      const ofThis = cases.filter(({ alertname }) => alertname === alert)
      expect({ alert, fires: ofThis.some((one) => (one.exp_alerts ?? []).length > 0) }).toEqual({ alert, fires: true })
      expect({ alert, rests: ofThis.some((one) => (one.exp_alerts ?? []).length === 0) }).toEqual({
        alert,
        rests: true,
      })
    }
  })

  it("say what happened and what to do", () => {
    for (const { alert, annotations, labels } of rules) {
      expect({ alert, keys: Object.keys(annotations) }).toEqual({
        alert,
        keys: ["summary", "description", "runbook"],
      })
      expect(labels.severity).toMatch(/^(critical|warning|info)$/)
    }
  })
})

describe("In a Prometheus that scrapes relays under load", () => {
  it("every query of the dashboard and of the alert rules returns data, and alerts fire", {
    timeout: 120_000,
  }, async () => {
    const { near, far, gate, breakConfiguration } = await troubledRelays()
    const { get, query } = await prometheus([near.url, far.url], shipped("alerts.yaml"))
    const hasData = async (expr: string) => (await query(expr)).some(({ value }) => Number.isFinite(Number(value[1])))
    const seen = (expr: string) => expect.poll(() => hasData(expr), { timeout: 30_000, message: expr }).toBe(true)
    // Prometheus sees increases only of what it has seen before.
    await near.github("{}", "forged", { secret: "wrong" })
    await seen('ohmq_relay_events_refused_total{reason!="FULL"}')
    await seen("ohmq_relay_gate_decision_seconds_count")
    const ci = gate.dealer("ci")
    for (const id of ["decided", "open"]) expect(await tell(ci, request(id))).toEqual(["stored", id])
    expect((await tell(gate.dealer("alice"), decision("decided", "allow")))[0]).toBe("stored")
    await load(near)
    await seen('increase(ohmq_relay_events_refused_total{reason="FULL"}[5m]) > 0')
    breakConfiguration()
    await seen("ohmq_relay_last_reload_successful == 0")
    await seen('increase(ohmq_relay_link_streams_refused_total{code="stream-in-use"}[10m]) > 0')

    const empty: string[] = []
    for (const [name, expr] of queries) if (!(await hasData(filled(expr)))) empty.push(`${name}: ${filled(expr)}`)
    for (const { alert, expr } of rules) {
      for (const one of withoutThresholds(expr).split(" or ")) if (!(await hasData(one))) empty.push(`${alert}: ${one}`)
    }
    expect(queries.length).toBeGreaterThan(40)
    expect(empty).toEqual([])

    interface Alert {
      labels: Record<string, string>
      annotations: Record<string, string>
      state: "pending" | "firing"
    }
    const alerts = async () => (await get<{ alerts: Alert[] }>("alerts")).alerts
    const states = async () => new Map((await alerts()).map(({ labels, state }) => [labels.alertname, state]))
    const expected = {
      OhmqRelayReloadFailed: "firing",
      OhmqRelayStoreNearlyFull: "pending",
      OhmqRelayStoreFull: "firing",
      OhmqRelayDeadLetters: "firing",
      OhmqRelayDeadLettersWait: "pending",
      OhmqRelaySeriesDropped: "firing",
      OhmqRelayInputRefused: "firing",
      OhmqRelayRouteFails: "firing",
      OhmqRelayLinkDown: "pending",
      OhmqRelayLinkRefused: "firing",
    }
    await expect.poll(async () => Object.fromEntries(await states()), { timeout: 30_000 }).toMatchObject(expected)
    // What the labels and values make of the texts.
    for (const { annotations } of await alerts())
      for (const text of Object.values(annotations)) expect(text).not.toMatch(/no value|error|\{\{/i)
    const { groups } = await get<{ groups: { rules: { name: string; health: string; lastError?: string }[] }[] }>(
      "rules",
    )
    for (const { name, health, lastError } of groups.flatMap((group) => group.rules))
      expect({ name, health, lastError }).toEqual({ name, health: "ok", lastError: undefined })

    await near.end("SIGKILL")
    await expect
      .poll(async () => (await alerts()).filter(({ labels }) => labels.alertname === "OhmqRelayDown"), {
        timeout: 30_000,
      })
      .toMatchObject([{ labels: { instance: new URL(near.url).host }, state: "pending" }])
    await far.end()
  })
})
