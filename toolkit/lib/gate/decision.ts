// What a gate answers: the event `gate.decided`, and the answer that is made of it.

import { type Event, EventError } from "../events/index.js"

/** What can be decided. */
export const outcomes = ["allow", "deny"] as const

/** What was decided. */
export type Outcome = (typeof outcomes)[number]

/** A decision, as the event `gate.decided` has it in its data. */
export interface GateDecision {
  /** The id of the request. */
  readonly id: string
  /** Whether it is allowed. */
  readonly decision: Outcome
  /** Why. At most 2,000 characters. */
  readonly reason: string
  /** Who decided, as the sender says. */
  readonly by?: string
  /** A DSSE envelope, as JSON text, of the signed decision. At most 64 KiB. */
  readonly statement?: string
}

/** The answer to a request, as those who ask get it. */
export interface GateAnswer extends GateDecision {
  /** What was asked for. */
  readonly request: string
  /** Who decided, as the relay knows them. */
  readonly by: string
  /** When the gate took the decision in, as RFC 3339 says. */
  readonly time: string
}

const maxReason = 2000
const maxStatement = 64 << 10
const maxName = 255

const invalid = (message: string) => new EventError("data-invalid", message)

/** The text at a name, within a length. */
function textIn(data: Record<string, unknown>, name: string, max: number): string | undefined {
  const value = data[name]
  if (value === undefined) return undefined
  if (typeof value !== "string" || value.length > max)
    throw invalid(`Expected "${name}" of a decision to be text of at most ${max} characters`)
  return value
}

/**
 * Reads a decision out of its event.
 *
 * @throws EventError if the event has none
 */
export function readDecision({ data }: Event): GateDecision {
  if (typeof data !== "object" || data === null || Array.isArray(data) || data instanceof Uint8Array)
    throw invalid('The data of a decision must be an object such as {"id":"…","decision":"allow","reason":"…"}')
  const members = data as Record<string, unknown>
  const id = textIn(members, "id", maxName)
  if (id === undefined || id === "") throw invalid('A decision needs "id", the id of the request')
  const { decision } = members
  if (decision !== "allow" && decision !== "deny")
    throw invalid(
      `Expected "decision" to be "allow" or "deny", but received ${JSON.stringify(decision)?.slice(0, 100)}`,
    )
  const by = textIn(members, "by", maxName)
  const statement = textIn(members, "statement", maxStatement)
  const reason = textIn(members, "reason", maxReason) ?? ""
  return { id, decision, reason, ...(by && { by }), ...(statement && { statement }) }
}

/**
 * Reads the answer of a gate to a request.
 *
 * @throws EventError if it is not an answer to this request
 */
export function readAnswer(text: string, { id, request }: { id: string; request: string }): GateAnswer {
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw invalid("It is not JSON")
  }
  const decision = readDecision({ data } as Event)
  const { by } = decision
  const { request: answered, time } = data as Record<string, unknown>
  if (decision.id !== id || answered !== request || typeof by !== "string" || typeof time !== "string")
    throw invalid(`Expected an answer to ${request} (${id})`)
  return { ...decision, request, by, time }
}
