// Traces: W3C Trace Context on the way through (https://www.w3.org/TR/trace-context/), and spans if the program has set an OpenTelemetry SDK.

import {
  context,
  createTraceState,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api"
import type { Event } from "../../events/index.js"

export type { Span }

/** The values of the headers `traceparent` and `tracestate`. */
export interface TraceContext {
  /** The trace and the span, as the [W3C](https://www.w3.org/TR/trace-context/) has them. */
  readonly traceparent: string
  /** What tracing systems add to it. */
  readonly tracestate?: string
}

const traceparentSyntax = /^([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]*)?$/
const memberSyntax = /^[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/

/** A trace context, without what is invalid: a tracestate says nothing without its traceparent (section 3.3). */
export function traceContext(traceparent: unknown, tracestate: unknown): TraceContext | undefined {
  if (typeof traceparent !== "string" || traceparent.length > 512) return undefined
  const [, version, more] = traceparentSyntax.exec(traceparent) ?? []
  // Version ff is invalid, and only later versions may have more fields.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined
  return isTraceState(tracestate) ? { traceparent, tracestate } : { traceparent }
}

function isTraceState(text: unknown): text is string {
  if (typeof text !== "string" || text.length > 8192) return false
  const members = text.split(",").map((member) => member.trim())
  const present = members.filter((member) => member !== "")
  return present.length > 0 && present.length <= 32 && present.every((member) => memberSyntax.test(member))
}

const none = new ProxyTracerProvider().getDelegate()

/** Whether an SDK is set. If not, no span is made at all. */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== none
}

/** What a span says of an event: https://opentelemetry.io/docs/specs/semconv/cloudevents/cloudevents-spans/ */
const attributesOf = ({ id, source, type, subject }: Partial<Event>) => ({
  "cloudevents.event_spec_version": "1.0",
  ...(id !== undefined && { "cloudevents.event_id": id }),
  ...(source !== undefined && { "cloudevents.event_source": source }),
  ...(type !== undefined && { "cloudevents.event_type": type }),
  ...(subject !== undefined && { "cloudevents.event_subject": subject }),
})

function parentOf(parent: TraceContext | undefined) {
  // A span of the program itself, such as of its HTTP server, is nearer.
  if (trace.getSpan(context.active()) !== undefined || parent === undefined) return context.active()
  const [, traceId = "", spanId = "", flags = "0"] = parent.traceparent.split("-")
  const traceState = parent.tracestate === undefined ? {} : { traceState: createTraceState(parent.tracestate) }
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true, ...traceState }
  return trace.setSpanContext(ROOT_CONTEXT, remote)
}

/** Begins a span: of an event that a source receives, or of an attempt to send it to a sink. */
export function startSpan(what: "receive" | "send", where: string, parent: TraceContext | undefined): Span {
  const kind = what === "receive" ? SpanKind.CONSUMER : SpanKind.PRODUCER
  const part = what === "receive" ? "ohmq.relay.source" : "ohmq.relay.sink"
  const options = { kind, attributes: { [part]: where } }
  return trace.getTracer("ohmq-toolkit").startSpan(`${what} ${where}`, options, parentOf(parent))
}

/** Ends a span. */
export function endSpan(span: Span, event: Partial<Event>, problem?: string): void {
  span.setAttributes(attributesOf(event))
  if (problem !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: problem })
  span.end()
}

/** The context of a span, for whoever comes next. */
export function contextOf(span: Span): TraceContext | undefined {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const flags = traceFlags.toString(16).padStart(2, "0")
  return traceContext(`00-${traceId}-${spanId}-${flags}`, traceState?.serialize())
}
