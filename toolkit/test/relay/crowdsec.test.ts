// The preset `crowdsec` of the source webhook. The payloads are what CrowdSec 1.4.6 sent, with another path of the log.

import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { githubSecret, type Line, linesOf, RelayProcess, temporaryFolder, until } from "./support.js"

const payload = (name: string) => readFileSync(join(import.meta.dirname, "payloads", `crowdsec-${name}.json`), "utf8")

const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  crowdsec: { type: webhook, preset: crowdsec, path: /crowdsec, secret: env:GITHUB_SECRET }
routes:
  - { name: all, from: [crowdsec], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`

interface Event extends Line {
  subject?: string
  time?: string
  severity?: string
  data: Record<string, unknown>
}

/** A relay, and what sends to it. */
async function start() {
  const folder = temporaryFolder()
  const relay = await RelayProcess.start(folder, config)
  return {
    relay,
    send: async (body: string, token = githubSecret) => {
      // The plugin sends no content type unless it is told to.
      const request = { method: "POST", body: Buffer.from(body), headers: { authorization: `Bearer ${token}` } }
      const answer = await fetch(`${relay.url}/crowdsec`, request)
      return { status: answer.status, ...((await answer.json()) as object) }
    },
    events: async (count: number) => {
      const lines = () => linesOf(join(folder, "events.ndjson")) as Event[]
      await until(() => lines().length >= count)
      return lines()
    },
  }
}

/** The first alert of a payload, changed. */
const changed = (name: string, changes: object) =>
  JSON.stringify(JSON.parse(payload(name)).map((alert: object) => ({ ...alert, ...changes })))

const alert = { scenario: "test", machine_id: "gateway", start_at: "2026-11-30T18:55:31Z", source: { value: "a" } }
const ban = { type: "ban", scope: "Ip", value: "203.0.113.1" }

describe("The preset crowdsec", () => {
  it("makes an event of each decision, the same one if it comes again", async () => {
    const { relay, send, events } = await start()
    expect(await send(payload("alerts"))).toEqual({ status: 202, stored: 4, duplicates: 0 })
    expect(await send(payload("alerts"))).toEqual({ status: 202, stored: 0, duplicates: 4 })
    // From its database: with ids, with what is left of the duration, and times in another form.
    expect(await send(payload("reinjected"))).toEqual({ status: 202, stored: 0, duplicates: 2 })
    // Another one about the same address.
    expect(await send(changed("reinjected", { start_at: "2026-11-30 19:55:30.382592767 +0000 UTC" }))).toEqual({
      status: 202,
      stored: 2,
      duplicates: 0,
    })
    const found = await events(6)
    const common = { type: "alert.fired", source: "/crowdsec/gateway" }
    expect(found.slice(0, 4)).toMatchObject([
      {
        ...common,
        // It must not change from one version to the next: what is sent again would be new.
        id: "fadc94889523909f07bcd5cc386333422e2024f7",
        subject: "203.0.113.9",
        time: "2026-11-30T18:55:30.383Z",
        severity: "high",
      },
      { ...common, subject: "203.0.113.9", severity: "medium", data: { decision: { type: "captcha" } } },
      { ...common, subject: "203.0.113.64/29", severity: "medium", data: { decision: { scope: "Range" } } },
      { ...common, subject: "bob", severity: "high", data: { title: "manual 'ban' from 'gateway'" } },
    ])
    const { decisions, ...rest } = JSON.parse(payload("alerts"))[0]
    const more = { title: "crowdsecurity/ssh-bf", rule: "crowdsecurity/ssh-bf", severity: "high" }
    expect(found[0]?.data).toEqual({ ...rest, ...more, decision: decisions[0] })
    expect(new Set(found.map(({ id }) => id)).size).toBe(6)
    expect(await relay.end()).toBe(0)
  })

  it("does not make gigabytes of an alert with many decisions", async () => {
    const { relay, send, events } = await start()
    const decisions = Array.from({ length: 4000 }, (_, index) => ({
      type: "ban",
      value: `203.0.${index >> 8}.${index & 255}`,
    }))
    const long = [{ meta: "x".repeat(500_000) }]
    // One that is the only one of its alert is no copy.
    const bodies = [
      { ...alert, decisions, events: long },
      { ...alert, start_at: "now", decisions: [ban], events: [{ meta: "y" }] },
    ]
    expect(await send(JSON.stringify(bodies))).toMatchObject({ status: 202, stored: 4001 })
    const found = await events(4001)
    expect(found[3999]?.data).toEqual({
      ...alert,
      title: "test",
      rule: "test",
      severity: "high",
      decision: decisions[3999],
    })
    expect(found[4000]?.data.events).toEqual([{ meta: "y" }])
    expect(await send(JSON.stringify([{ ...alert, decisions, message: "x".repeat(500_000) }]))).toEqual({
      status: 413,
      error: expect.stringContaining("send fewer at a time"),
    })
    // With few decisions, all have the events.
    const few = [{ ...alert, start_at: "then", decisions: decisions.slice(0, 2), events: long }]
    expect(await send(JSON.stringify(few))).toMatchObject({ status: 202, stored: 2 })
    expect((await events(4003)).slice(4001).map(({ data }) => data.events)).toEqual([long, long])
    expect(await relay.end()).toBe(0)
  })

  it("has no decision where there is none in effect", async () => {
    const { relay, send, events } = await start()
    await send(payload("simulated"))
    await send(JSON.stringify([{ ...alert, decisions: [{ ...ban, simulated: true }] }]))
    await send(JSON.stringify([{ ...alert, scenario: "no decision", decisions: null }]))
    const found = await events(3)
    expect(found).toMatchObject([
      { subject: "203.0.113.11", severity: "low", data: JSON.parse(payload("simulated"))[0] },
      { subject: "a", severity: "low", data: { decisions: [{ value: "203.0.113.1" }] } },
      { subject: "a", severity: "low", data: { decisions: null, title: "no decision" } },
    ])
    expect(found.filter(({ data }) => "decision" in data)).toEqual([])
    expect(await relay.end()).toBe(0)
  })

  it("takes in what comes with odd names, and refuses what CrowdSec does not send", async () => {
    const { relay, send, events } = await start()
    const odd = { ...alert, machine_id: "a b", scenario: "\u0000\ud800", start_at: "soon", stop_at: "then" }
    const decisions = [ban, { ...ban, value: "root\u0007" }]
    expect(await send(JSON.stringify([{ ...odd, decisions }]))).toMatchObject({ status: 202, stored: 2 })
    const found = await events(2)
    expect(found).toMatchObject([
      { source: "/webhook/crowdsec", subject: "203.0.113.1" },
      { data: { decision: { value: "root\u0007" } } },
    ])
    expect(found[1]?.subject).toBeUndefined()

    const { scenario: _, ...nameless } = alert
    for (const [body, error] of [
      [payload("alerts").slice(1), "not valid JSON"],
      [JSON.stringify(alert), "set the format of the plugin to {{.|toJson}}"],
      [JSON.stringify([alert, nameless]), "no scenario"],
      [JSON.stringify([{ ...alert, start_at: "" }]), "no scenario or start_at"],
      [JSON.stringify([{ ...alert, decisions: [{ type: "ban" }] }]), "decision no type or value"],
      [JSON.stringify([{ ...alert, decisions: [null] }]), "decision no type or value"],
      [JSON.stringify([null]), "no scenario"],
    ] as const)
      expect(await send(body)).toEqual({ status: 400, error: expect.stringContaining(error) })
    expect(await send(payload("alerts"), "another")).toEqual({ status: 401, error: "The secret does not match" })
    expect(await relay.metric('ohmq_relay_events_in_total{source="crowdsec"}')).toBe(2)
    expect(await relay.end()).toBe(0)
  })
})
