// The event: CloudEvents 1.0.2 (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md).

/** The version of CloudEvents that events carry. */
export const specversion = "1.0"

/** A value of an attribute. Numbers are integers of 32 bits. URIs, times and Base64 are strings. */
export type AttributeValue = string | number | boolean

/** The attributes of an event. A name has the characters a-z and 0-9 only. */
export interface Attributes {
  /** Identifies the event among those of its source: two events with one source and id are duplicates. */
  readonly id: string
  /** Who reports: a URI reference, such as `https://ci.example.com/jobs/7` or `/scanners/eslint`. */
  readonly source: string
  /** What happened, such as `finding.reported`. Subscriptions select by prefixes of it. */
  readonly type: string
  /** When it happened, as RFC 3339 says. */
  readonly time?: string
  /** What the event is about, within the source. */
  readonly subject?: string
  /** The media type of the data. Without one, the data is JSON. */
  readonly datacontenttype?: string
  /** A URI of the schema of the data. */
  readonly dataschema?: string
  /** The trace that the event belongs to: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/distributed-tracing.md */
  readonly traceparent?: string
  /** What tracing systems add to `traceparent`. Ignored without it. */
  readonly tracestate?: string
  /** What keeps its order: https://github.com/cloudevents/spec/blob/main/cloudevents/extensions/partitioning.md */
  readonly partitionkey?: string
  /**
   * The authenticated user id of the connection that the event came in on. Only receivers set it: see {@link senderAttribute}.
   */
  readonly ohmqsender?: string
  /** Other attributes, called extensions. */
  readonly [extension: string]: unknown
}

/**
 * An event. Treat it as read-only: the data of a decoded event may be shared.
 *
 * `data` is a JSON value if `datacontenttype` is absent or says JSON, text for other types, and bytes if the producer sent bytes. No `data`
 * is not the same as `null`.
 */
export interface Event<Data = unknown> extends Attributes {
  /** The version of CloudEvents: `1.0`. */
  readonly specversion: typeof specversion
  /** What its type says about what happened: a JSON value, text or bytes. Absent if there is none. */
  readonly data?: Data
}

/**
 * The attribute that shows who sent an event. Nobody can claim it: a receiver drops it from what comes in, keeps the user id that the
 * connection authenticated beside the event, and adds it on the way out.
 */
export const senderAttribute = "ohmqsender"

/** An event as a relay keeps it: its frames, byte for byte, and who sent it. */
export interface Stored {
  /** The frames of the event, byte for byte as they came. */
  readonly frames: readonly Uint8Array[]
  /** The user id that the connection authenticated. */
  readonly sender?: string
}

/** The types of the toolkit's events. Those of others keep their own prefix, such as `com.github.push`. */
export const eventTypes = {
  scanRequested: "scan.requested",
  scanFinished: "scan.finished",
  findingReported: "finding.reported",
  stageStarted: "stage.started",
  stageFinished: "stage.finished",
  gateRequested: "gate.requested",
  gateDecided: "gate.decided",
  alertFired: "alert.fired",
  alertResolved: "alert.resolved",
  metricSampled: "metric.sampled",
  logRecorded: "log.recorded",
} as const

/** The prefixes of the toolkit's types that have one type for each step. */
export const eventTypePrefixes = ["task.", "response.", "audit."] as const
