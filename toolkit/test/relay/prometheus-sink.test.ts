import { describe, expect, it } from "vitest"
import { event, sinkRelay } from "./sink-relay.js"

const start = (rules: string, more = "") => sinkRelay(`type: prometheus, rules: [${rules}]${more}`, undefined, true)

describe("The sink prometheus", () => {
  it("makes counters, gauges and histograms of events, with labels", async () => {
    const relay = await start(`
      { counter: findings_total, help: Findings by severity, when: 'data.kind == "finding"', labels: { severity: data.severity, by: attributes.team } },
      { counter: lines_total, when: has(data.lines), value: data.lines },
      { gauge: temperature_celsius, when: has(data.temperature), value: data.temperature },
      { histogram: scan_seconds, when: has(data.seconds), value: data.seconds, buckets: [1, 10] }`)
    relay.add(
      { ...event("1", { kind: "finding", severity: "high" }), team: "red" },
      { ...event("2", { kind: "finding", severity: "high" }), team: "red" },
      event("3", { kind: "finding", lines: 40 }),
      event("4", { lines: 2, temperature: 20.5 }),
      event("5", { temperature: -3 }),
      event("6", { seconds: 0.5 }),
      event("7", { seconds: 60 }),
      event("8", "text"),
    )
    await relay.drained(8)
    expect(await relay.metric('findings_total{severity="high",by="red"}')).toBe(2)
    expect(await relay.metric('findings_total{severity="",by=""}')).toBe(1)
    expect(await relay.metric("lines_total")).toBe(42)
    expect(await relay.metric("temperature_celsius")).toBe(-3)
    expect(await relay.metric('scan_seconds_bucket{le="1"}')).toBe(1)
    expect(await relay.metric("scan_seconds_count")).toBe(2)
    expect(await relay.metric("scan_seconds_sum")).toBe(60.5)
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(0)
  })

  it("gives up events whose value is not a number, or would make a counter go down", async () => {
    const relay = await start("{ counter: lines_total, value: data.lines }")
    relay.add(event("1", { lines: 1 }), event("2", { lines: "many" }), event("3", { lines: -1 }), event("4", {}))
    await relay.drained(4)
    expect(await relay.metric("lines_total")).toBe(1)
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(3)
    const reasons = relay.log.flatMap(({ msg, reason }) => (String(msg).includes("dead letter") ? [reason] : []))
    expect(reasons).toEqual([
      'lines_total: The value is not a number but "many"',
      "lines_total: A counter cannot go down: the value is -1",
      expect.stringMatching(/^lines_total: /),
    ])
  })

  it("counts no more series than are allowed, and says so once", async () => {
    const relay = await start("{ counter: seen_total, labels: { id: id } }", ", maxSeries: 3")
    relay.add(...Array.from({ length: 10 }, (_, index) => event(String(index % 5))))
    await relay.drained(10)
    expect(await relay.metric('seen_total{id="2"}')).toBe(2)
    expect(await relay.metric('seen_total{id="3"}')).toBe(0)
    expect(await relay.metric('ohmq_relay_series_dropped_total{sink="out",metric="seen_total"}')).toBe(4)
    expect(relay.log.filter(({ msg }) => String(msg).includes("too many series"))).toHaveLength(1)
  })
})
