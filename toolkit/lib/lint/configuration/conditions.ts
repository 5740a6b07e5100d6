// The rule against decisions by what a sender wrote itself, for the conditions of routes and rules.

import { parse } from "@bufbuild/cel"
import type { SourceKind } from "../../relay/components.js"
import type { Component } from "../../relay/configuration/configuration.js"
import { isClaim } from "../claims.js"
import type { Report } from "./report.js"

/** A node of a CEL expression (https://github.com/google/cel-spec/blob/master/proto/cel/expr/syntax.proto). */
interface Node {
  readonly exprKind: { readonly case?: string; readonly value?: unknown }
}

interface Call {
  readonly function: string
  readonly target?: Node
  readonly args: readonly Node[]
}

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && "exprKind" in value

const callOf = ({ exprKind }: Node): Call | undefined =>
  exprKind.case === "callExpr" ? (exprKind.value as Call) : undefined

/** What a call is about: `a.f(b)` and `f(a, b)` are the same. */
const operandsOf = ({ target, args }: Call): readonly Node[] => (target === undefined ? args : [target, ...args])

/** The nodes below a node, whatever holds them. */
function below(value: unknown): Node[] {
  if (typeof value !== "object" || value === null) return []
  return Object.values(value).flatMap((member) => (isNode(member) ? [member] : below(member)))
}

const textOf = ({ exprKind }: Node): unknown =>
  exprKind.case === "constExpr"
    ? (exprKind.value as { constantKind: { value?: unknown } }).constantKind.value
    : undefined

/** The names by which a value is taken out of the event: `data.user.name`, `data["user"]`. */
function pathOf(node: Node): string[] | undefined {
  const { case: kind, value } = node.exprKind
  if (kind === "identExpr") return [(value as { name: string }).name]
  if (kind === "selectExpr") {
    const { operand, field, testOnly } = value as { operand: Node; field: string; testOnly: boolean }
    const path = testOnly ? undefined : pathOf(operand)
    return path && [...path, field]
  }
  const call = callOf(node)
  const [object, key] = call?.function === "_[_]" ? call.args : []
  const name = key && textOf(key)
  const path = object && typeof name === "string" ? pathOf(object) : undefined
  return path && [...path, name as string]
}

/** Functions that make something else of a text, which says nothing of who it names. */
const measures = new Set(["size", "has"])

/** What of an event a value is, if whoever sends the event chose it: `source`, or a field such as `data.role`. */
function claimOf(node: Node): string | undefined {
  const [root, field = ""] = pathOf(node) ?? []
  if (root === "source") return root
  if (root === "data" && isClaim(field)) return `data.${field}`
  const call = callOf(node)
  if (
    call === undefined ||
    !/^[a-z]\w*$/i.test(call.function) ||
    measures.has(call.function) ||
    tests.has(call.function)
  )
    return undefined
  const [first] = operandsOf(call)
  return first && claimOf(first)
}

/** What decides by the operands. */
const tests = new Set(["_==_", "_!=_", "@in", "startsWith", "endsWith", "contains", "matches"])

const mentions = (node: Node, name: string): boolean =>
  (node.exprKind.case === "identExpr" && (node.exprKind.value as { name: string }).name === name) ||
  below(node.exprKind.value).some((inner) => mentions(inner, name))

/** Whether a value is there to be compared with: not nothing, and not another part of the same event. */
function isMeasure(node: Node): boolean {
  const { case: kind, value } = node.exprKind
  if (kind === "constExpr") {
    const { case: type, value: text } = (value as { constantKind: { case?: string; value?: unknown } }).constantKind
    return type === "stringValue" && text !== ""
  }
  return !["sender", "source", "data", "subject", "attributes"].some((name) => mentions(node, name))
}

/** What a test decides by, if it is a claim. */
function decidedBy(call: Call): string | undefined {
  const operands = operandsOf(call)
  if (call.function === "_[_]") {
    // A table of rights, say: `{"admin": true}[data.role]`.
    const [object, key] = operands
    return object && key && isMeasure(object) ? claimOf(key) : undefined
  }
  if (!tests.has(call.function)) return undefined
  const [left, right] = operands
  if (left === undefined || right === undefined) return undefined
  return (isMeasure(right) ? claimOf(left) : undefined) ?? (isMeasure(left) ? claimOf(right) : undefined)
}

/** Whether a condition is met by some authenticated senders only. That there is one at all is not enough: each could claim anything. */
function asksSender(node: Node): boolean {
  const call = callOf(node)
  const args = call?.args ?? []
  if (call?.function === "_&&_") return args.some(asksSender)
  if (call?.function === "_||_") return args.every(asksSender)
  if (call?.function === "_?_:_")
    return args.slice(1).every(asksSender) || (args[0] !== undefined && asksSender(args[0]))
  if (call && /^_[!=<>]=?_$/.test(call.function) && args.some((one) => textOf(one) === "")) return false
  return mentions(node, "sender")
}

/** The claims that a condition decides by, without asking for the sender, too. */
function claimsOf(node: Node): string[] {
  const call = callOf(node)
  if (call?.function === "_&&_" && call.args.some(asksSender)) return []
  const [condition, , otherwise] = call?.function === "_?_:_" ? call.args : []
  if (condition && otherwise && asksSender(condition)) return claimsOf(otherwise)
  const own = call && decidedBy(call)
  return [...(own === undefined ? [] : [own]), ...below(node.exprKind.value).flatMap(claimsOf)]
}

/** What is known of the events of a source. */
interface Openness {
  /** Whether whoever sends an event chooses its `source`. Otherwise the relay does. */
  readonly choosesSource: boolean
  readonly hasSender: boolean
}

/** Formats in which messages say what their source is. */
const withSource = new Set(["events", "cloudevents"])

/** Undefined of sources whose events are signed, or of this machine. */
function opennessOf({ type, config }: Component<SourceKind>): Openness | undefined {
  if (!["zmq", "link", "gate"].includes(type)) return undefined
  const { connect, format = "events", security } = config as { connect?: unknown; format?: string; security?: object }
  const hasSender = security !== undefined
  // It can only come from the server with the key that is named. Such events have no sender.
  if (connect !== undefined && hasSender) return undefined
  return { choosesSource: withSource.has(format), hasSender }
}

/** A route or a rule. */
interface Conditional {
  readonly name: string
  readonly from?: readonly string[] | undefined
  readonly when?: { readonly text: string } | undefined
  /** The authenticated senders whose events count. */
  readonly senders?: readonly string[] | undefined
}

/** Checks by what the conditions of routes or rules decide about events of sources over ØMQ. */
export function checkConditions(
  room: "routes" | "rules",
  conditionals: readonly Conditional[],
  sources: readonly Component<SourceKind>[],
  report: Report,
): void {
  const open = new Map(
    sources.flatMap((source) => {
      const openness = opennessOf(source)
      return openness ? [[source.name, openness] as const] : []
    }),
  )
  for (const [index, { name, from = [...open.keys()], when, senders }] of conditionals.entries()) {
    const { expr } = when && senders === undefined ? parse(when.text) : {}
    if (expr === undefined) continue
    for (const claim of new Set(claimsOf(expr as unknown as Node))) {
      const among = from.filter((one) => (claim !== "source" ? open.has(one) : open.get(one)?.choosesSource))
      if (among.length === 0) continue
      const lacking = among.filter((one) => open.get(one)?.hasSender === false).map((one) => `sources.${one}`)
      const what = `${room}.${name} decides by ${claim}, which the sender of an event chooses`
      const instead = "The attribute sender is who was authenticated"
      const limit = lacking.length > 0 ? `, and needs security in ${lacking.join(", ")}` : ""
      const advice = room === "rules" ? "Ask for sender, too, or set senders of the rule" : "Ask for sender, too"
      report("trusted-header", [room, index, "when"], `${what}. ${instead}${limit}`, advice)
    }
  }
}
