// What a rule makes of an event. Nothing is done or written here, so that a test of rules decides by the same code.

import { createHash } from "node:crypto"
import type { Subject } from "../../relay/routes/expression.js"
import { exceeded, type Passes } from "../journal/passes.js"
import type { Cause, Decided, Suppression } from "../journal/steps.js"
import { checkValues, type Surroundings, type Value } from "../parameters/parameter.js"
import type { Rule } from "./rule.js"

/** An event that rules decide about. */
export interface Alert extends Subject {
  /** The source that took it in. */
  readonly from: string
  readonly position: number
  /** When it came, in milliseconds since 1970. */
  readonly received: number
  /** The size of its frames, in bytes. */
  readonly bytes: number
}

/** Nothing is done, and why. */
export interface Suppressing {
  readonly reason: Suppression
  readonly detail?: string
}

/** What is to be done. Undefined: the rule is not met. */
export type Decision = Decided | Suppressing | undefined

const isWhole = 200

/** A text that is kept for as long as a limit needs it. A long one is known by its hash. */
function keyText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value)
  return text.length <= isWhole ? text : `sha256:${createHash("sha256").update(text).digest("hex")}`
}

const cut = (text: string) => (text.length <= isWhole ? text : `${text.slice(0, isWhole)}…`)

/** The event, for the audit log. */
export const causeOf = ({ event, sender }: Subject): Cause => ({
  source: cut(event.source),
  id: cut(event.id),
  type: cut(event.type),
  ...(sender !== undefined && { sender: cut(sender) }),
})

/** The id of a response: the same whenever the same event comes to the same rule. */
const idOf = ({ position, received }: Alert, { name }: Rule): string =>
  createHash("sha256")
    .update(JSON.stringify([position, received, name]))
    .digest("hex")
    .slice(0, 16)

/**
 * Decides.
 *
 * @param passes What the rule has let pass.
 * @param now In milliseconds since 1970.
 * @throws Error if it cannot be decided whether the rule is met, such as when the event has no such field
 */
export function decide(rule: Rule, alert: Alert, passes: Passes, now: number, surroundings: Surroundings): Decision {
  if (rule.from !== undefined && !rule.from.includes(alert.from)) return undefined
  if (alert.bytes > rule.maxEvent)
    return { reason: "too large", detail: `The event has ${alert.bytes} bytes, and the rule takes ${rule.maxEvent}` }
  if (!rule.when.isMet(alert)) return undefined
  if (rule.senders !== undefined && !rule.senders.includes(alert.sender ?? ""))
    return {
      reason: "sender",
      detail:
        alert.sender === undefined ? "It has no authenticated sender" : `The sender ${cut(alert.sender)} is not listed`,
    }
  if (now - alert.received > rule.maxAge)
    return { reason: "too old", detail: `It came ${Math.round((now - alert.received) / 1000)} s ago` }
  let key: string | undefined
  let subject: string | undefined
  let parameters: Record<string, Value>
  let command: string[]
  try {
    key = rule.dedupe && keyText(rule.dedupe.key.valueFor(alert))
    if (key !== undefined && passes.isKnown(key, now)) return { reason: "duplicate" }
    subject = rule.subject && keyText(rule.subject.key.valueFor(alert))
    const limited = limitsExceeded(rule, passes, subject, now)
    if (limited !== undefined) return { reason: limited }
    parameters = checkValues(rule.action.parameters, valuesOf(rule, alert), surroundings)
    const { body, undo } = rule.action
    command = body.kind.describe(body.config, parameters)
    // What could not be undone must not be done.
    undo?.kind.describe(undo.config, parameters)
  } catch (error) {
    return { reason: "refused", detail: cut((error as Error).message) }
  }
  if (passes.isFull) return { reason: "full", detail: "The rule has too many keys or subjects to remember" }
  const { dedupe, approval, expires, isDryRun } = rule
  return {
    type: "response.decided",
    id: idOf(alert, rule),
    rule: rule.name,
    action: rule.action.name,
    decision: isDryRun ? "dry-run" : approval ? "approve" : "run",
    parameters,
    command,
    event: causeOf(alert),
    position: alert.position,
    received: alert.received,
    ...(key !== undefined && dedupe && { key: { value: key, until: now + dedupe.window } }),
    ...(subject !== undefined && { subject }),
    ...(expires !== undefined && { expires }),
    ...(approval && { approval: { people: approval.people, until: now + approval.timeout } }),
  }
}

function limitsExceeded(rule: Rule, passes: Passes, subject: string | undefined, now: number): Suppression | undefined {
  const own = exceeded(passes.times, rule.limits, now)
  if (own !== undefined || subject === undefined) return own
  const its = exceeded(passes.timesOf(subject), rule.subject?.limits ?? {}, now)
  return its && `subject ${its}`
}

/** The values of the parameters, unchecked. Throws if an expression has none. */
function valuesOf({ values }: Rule, alert: Alert): Record<string, unknown> {
  return Object.fromEntries(
    [...values].map(([name, expression]) => {
      try {
        return [name, expression.valueFor(alert)]
      } catch (error) {
        throw new Error(`${name}: ${(error as Error).message}`)
      }
    }),
  )
}
