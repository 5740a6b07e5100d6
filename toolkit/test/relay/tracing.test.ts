import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api"
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { afterEach, describe, expect, it } from "vitest"
import { answering, clockedRelay } from "./clocked-relay.js"
import { until } from "./support.js"

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
const parent = `00-${traceId}-00f067aa0ba902b7-01`
const state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"

afterEach(() => trace.disable())

describe("The trace of a webhook", () => {
  it.each([
    ["passes", { traceparent: parent, tracestate: state }, { traceparent: parent, tracestate: state }],
    ["passes without a state", { traceparent: parent }, { traceparent: parent }],
    [
      "passes in a later version",
      { traceparent: `01${parent.slice(2)}-more` },
      { traceparent: `01${parent.slice(2)}-more` },
    ],
    ["is ignored in version ff", { traceparent: `ff${parent.slice(2)}`, tracestate: state }, {}],
    ["is ignored if it is too long for its version", { traceparent: `${parent}-more` }, {}],
    ["is ignored if the trace has no id", { traceparent: parent.replace(traceId, "0".repeat(32)) }, {}],
    ["is ignored if the parent has no id", { traceparent: parent.replace("00f067aa0ba902b7", "0".repeat(16)) }, {}],
    ["is ignored in capitals", { traceparent: parent.toUpperCase() }, {}],
    ["is ignored if there is only a state", { tracestate: state }, {}],
    ["loses a state that is invalid", { traceparent: parent, tracestate: "Rojo=1" }, { traceparent: parent }],
    [
      "loses a state with too many members",
      { traceparent: parent, tracestate: Array.from({ length: 33 }, (_, i) => `k${i}=1`).join() },
      { traceparent: parent },
    ],
  ] as [string, Record<string, string>, Record<string, string>][])("%s", async (_name, sent, expected) => {
    const { url, received } = await answering(() => [200])
    const { send } = await clockedRelay(`{ type: webhook, url: "${url}" }`)
    expect(await send("a", "{}", sent)).toBe(202)
    await until(() => received.length === 1)
    const { headers, body } = received[0] as (typeof received)[0]
    const { traceparent, tracestate } = JSON.parse(body)
    expect(JSON.parse(JSON.stringify({ traceparent, tracestate }))).toEqual(expected)
    expect(JSON.parse(JSON.stringify({ traceparent: headers.traceparent, tracestate: headers.tracestate }))).toEqual(
      expected,
    )
  })

  it("has spans from the source to the sinks, if there is an SDK", async () => {
    const exporter = new InMemorySpanExporter()
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
    let status = 503
    const { url, received } = await answering(() => [status])
    const { clock, send, metric, stop } = await clockedRelay(`{ type: webhook, url: "${url}" }`)
    expect(await send("a", "{}", { traceparent: parent, tracestate: state })).toBe(202)
    expect(await send("deep", "[".repeat(70) + "]".repeat(70), { traceparent: parent })).toBe(400)
    await clock.waits()
    status = 200
    clock.advanceHours(1)
    await until(async () => (await metric('ohmq_relay_events_out_total{sink="out"}')) === 1)
    await stop()

    const spans = exporter.getFinishedSpans()
    const named = (name: string) => spans.filter((span) => span.name === name)
    const [receipt] = named("receive hooks")
    expect(named("receive hooks").map(({ attributes }) => attributes["cloudevents.event_id"])).toEqual(["a", undefined])
    expect(named("receive hooks").map((span) => span.status.code)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR])
    expect(receipt).toMatchObject({
      kind: SpanKind.CONSUMER,
      parentSpanContext: { traceId, spanId: "00f067aa0ba902b7", isRemote: true },
      attributes: { "ohmq.relay.source": "hooks", "cloudevents.event_type": "webhook.received" },
    })
    const attempts = named("send out")
    expect(attempts.map(({ kind, status: { code, message } }) => [kind, code, message])).toEqual([
      [SpanKind.PRODUCER, SpanStatusCode.ERROR, "The server answered 503"],
      [SpanKind.PRODUCER, SpanStatusCode.UNSET, undefined],
    ])
    expect(named("send archive")).toHaveLength(1)
    for (const span of [...attempts, ...named("send archive")]) {
      expect(span.parentSpanContext?.spanId).toBe(receipt?.spanContext().spanId)
      expect(span.spanContext().traceId).toBe(traceId)
    }
    // The receiver goes on from the attempt that reached it.
    expect(received.map(({ headers }) => headers.traceparent)).toEqual(
      attempts.map((span) => `00-${traceId}-${span.spanContext().spanId}-01`),
    )
    expect(received[0]?.headers.tracestate).toBe(state)
  })
})
