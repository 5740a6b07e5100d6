// What a gate is asked: the event `gate.requested`.

import { createHash } from "node:crypto"
import { type Accepted, acceptJson, dataBytes, type Event, EventError, eventTypes } from "../events/index.js"

/** A request, as the gate keeps it. */
export interface GateRequest {
  /** Identifies the request: whoever asks again with it gets the same answer. At most 255 bytes. */
  readonly id: string
  /** What is asked for, such as `deploy.production`. */
  readonly request: string
  /** What it is about, such as a revision. */
  readonly subject?: string
  /** Who asks, as they say: the `source` of the event. */
  readonly source: string
  /** Who asks, as the connection has authenticated them. Absent without CURVE. */
  readonly requester?: string
  /** The SHA-256 of the data, in hexadecimal: an answer is for these bytes only. */
  readonly digest: string
  /** When the gate received it, in milliseconds since 1970. */
  readonly time: number
  /** What those who decide should see. Any JSON. */
  readonly details?: unknown
}

/** The largest data of a request, in bytes: those who decide read it. */
export const maxDataBytes = 64 << 10

const requestPattern = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/

/** What is wrong with the name of a request. Undefined if it is valid. */
export const requestProblem = (request: unknown): string | undefined =>
  typeof request === "string" && requestPattern.test(request)
    ? undefined
    : `Expected a request such as "deploy.production": 1 to 200 letters, digits and . _ : / -, but received ${JSON.stringify(request)?.slice(0, 100)}`

const lengthProblem = (name: string, text: string, max: number): string | undefined =>
  Buffer.byteLength(text) <= max
    ? undefined
    : `Expected the ${name} of a request to have at most ${max} bytes, but received ${Buffer.byteLength(text)}`

const invalid = (message: string) => new EventError("data-invalid", message)

/** What a request is made of. */
export interface RequestInit {
  /** Identifies the request: whoever asks again with it gets the same answer. At most 255 bytes. */
  readonly id: string
  /** What is asked for, such as `deploy.production`. */
  readonly request: string
  /** Who asks: the `source` of the event. */
  readonly source: string
  /** What it is about, such as a revision. */
  readonly subject?: string | undefined
  /** What those who decide should see: JSON text, at most 64 KiB with the rest of the data. */
  readonly details?: Uint8Array | undefined
}

/**
 * Makes the event of a request. The details stay as they are, byte for byte.
 *
 * @throws EventError if something is invalid or too large
 */
export function encodeRequest({ id, request, source, subject, details }: RequestInit): Accepted {
  const head = JSON.stringify({ request })
  const data = details
    ? Buffer.concat([Buffer.from(`${head.slice(0, -1)},"details":`), details, Buffer.from("}")])
    : Buffer.from(head)
  const attributes = { specversion: "1.0", id, source, type: eventTypes.gateRequested, time: new Date().toISOString() }
  const accepted = acceptJson({ ...attributes, ...(subject !== undefined && { subject }) } as Event, data)
  readRequest(accepted, undefined)
  return accepted
}

/**
 * Reads a request out of its event.
 *
 * @throws EventError if the event is not a valid request
 */
export function readRequest(
  { event, frames }: Pick<Accepted, "event" | "frames">,
  sender: string | undefined,
): GateRequest {
  const { id, source, subject, data } = event
  const bytes = dataBytes(frames)
  if (
    bytes === undefined ||
    typeof data !== "object" ||
    data === null ||
    Array.isArray(data) ||
    data instanceof Uint8Array
  )
    throw invalid('The data of a request must be an object such as {"request":"deploy.production","details":{}}')
  if (bytes.length > maxDataBytes)
    throw invalid(
      `The data of a request has ${bytes.length} bytes; the limit is ${maxDataBytes}. Put a link to it there`,
    )
  const unknown = Object.keys(data).find((name) => name !== "request" && name !== "details")
  if (unknown !== undefined)
    throw invalid(`Unknown member "${unknown}" in the data of a request. It has request and details`)
  const { request, details } = data as { request?: unknown; details?: unknown }
  const problem =
    requestProblem(request) ??
    lengthProblem("id", id, 255) ??
    lengthProblem("subject", subject ?? "", 1024) ??
    lengthProblem("source", source, 2048)
  if (problem !== undefined) throw invalid(problem)
  return {
    id,
    request: request as string,
    ...(subject !== undefined && { subject }),
    source,
    ...(sender !== undefined && { requester: sender }),
    digest: createHash("sha256").update(bytes).digest("hex"),
    time: Date.now(),
    ...(details !== undefined && { details }),
  }
}
