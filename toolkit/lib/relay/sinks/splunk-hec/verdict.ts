// What an answer of Splunk's HTTP Event Collector says about the events of a request. The codes are those of
// https://docs.splunk.com/Documentation/Splunk/latest/Data/TroubleshootHTTPEventCollector

import type { Answer } from "../../http/client.js"

/** What became of the events of a request, in order. */
export interface Verdict {
  /** So many were taken. */
  readonly taken: number
  /** For the acknowledgement of those that were taken. */
  readonly ackId?: number
  /**
   * What to do with the others: nothing is left (`done`); the first of them is invalid (`invalid`); the request is too large (`split`);
   * or the server does not take events now (`stop`).
   */
  readonly next: "done" | "invalid" | "split" | "stop"
  readonly reason: string
  /** For `stop`: a person must change something, so that trying again soon is of no use. */
  readonly isHeld?: boolean
  readonly afterMs?: number | undefined
}

interface Body {
  text?: unknown
  code?: unknown
  ackId?: unknown
  "invalid-event-number"?: unknown
}

/** About the token or the configuration, and not about an event. */
const held: Readonly<Record<number, string>> = {
  1: "the token is disabled",
  2: "the token is missing",
  3: "the authorization is invalid",
  4: "the token is invalid",
  10: "the token uses indexer acknowledgement. Set ack: true",
  14: "the token does not use indexer acknowledgement. Set ack: false, or enable it in Splunk",
  16: "it expects the token in the query",
  21: "the token is invalid",
  22: "the token is disabled",
}

/** About one event: `invalid-event-number` says which. */
const invalid = new Set([6, 12, 13, 15])

function parse(text: string): Body {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === "object" && value !== null ? (value as Body) : {}
  } catch {
    return {}
  }
}

const indexIn = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** Reads the answer to a request with a number of events. */
export function readAnswer({ status, text, retryAfter }: Answer, count: number): Verdict {
  const body = parse(text)
  const code = typeof body.code === "number" ? body.code : undefined
  const said = typeof body.text === "string" ? body.text : text.slice(0, 200).trim()
  const reason = `Splunk answered ${status}${code === undefined ? "" : `, code ${code}`}${said === "" ? "" : `: ${said}`}`
  const id = indexIn(body.ackId)
  const ack = id === undefined ? {} : { ackId: id }
  // A proxy can answer 200 too: the code decides. 24 and 25 say that a queue is nearly full.
  if (status === 200 && (code === 0 || code === 24 || code === 25))
    return { taken: count, ...ack, next: "done", reason }
  if (status === 413) return { taken: 0, next: "split", reason }
  if (status === 400 && code !== undefined && invalid.has(code)) {
    const number = indexIn(body["invalid-event-number"])
    if (number !== undefined && number < count) {
      // A body that is too large may get this answer about its first event.
      if (code === 6 && number === 0 && count > 1) return { taken: 0, next: "split", reason }
      return { taken: number, ...ack, next: "invalid", reason }
    }
    return count === 1 ? { taken: 0, next: "invalid", reason } : { taken: 0, next: "split", reason }
  }
  if (code === 7) {
    return {
      taken: 0,
      next: "stop",
      isHeld: true,
      reason: `${reason}. The token may not write to the index: change index, or the token in Splunk`,
    }
  }
  const why = code === undefined ? undefined : held[code]
  if (why !== undefined) return { taken: 0, next: "stop", isHeld: true, reason: `${reason} (${why})` }
  const isHeld = status >= 400 && status < 500 && status !== 408 && status !== 429
  return { taken: 0, next: "stop", isHeld, reason, afterMs: retryAfter }
}
