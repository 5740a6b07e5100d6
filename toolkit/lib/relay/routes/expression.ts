// CEL expressions over events (https://cel.dev): the language of conditions and of new values.

import { Buffer } from "node:buffer"
import { isUint8Array } from "node:util/types"
import { celEnv, isCelError, isCelList, isCelMap, isCelUint, parse, plan } from "@bufbuild/cel"
import { suggestion } from "../../config/index.js"
import type { Incoming } from "../components.js"

const attributes = [
  "id",
  "source",
  "type",
  "time",
  "subject",
  "datacontenttype",
  "dataschema",
  "traceparent",
  "tracestate",
  "partitionkey",
] as const

/** What an expression can name. */
const names = [...attributes, "data", "sender", "attributes"]

/** Names of types, which are identifiers too. */
const typeNames = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "uint", "google"]

type Node = { exprKind?: { case?: string; value?: unknown } }

/** The first name in an expression that stands for nothing. */
function unknownName(node: unknown, bound: ReadonlySet<string>): string | undefined {
  if (typeof node !== "object" || node === null) return undefined
  const { case: kind, value } = (node as Node).exprKind ?? {}
  if (kind === "identExpr") {
    const { name } = value as { name: string }
    return bound.has(name) ? undefined : name
  }
  let inner = bound
  if (kind === "comprehensionExpr") {
    const { iterVar, iterVar2, accuVar } = value as Record<string, string>
    inner = new Set([...bound, iterVar ?? "", iterVar2 ?? "", accuVar ?? ""])
  }
  for (const member of Object.values(node)) {
    const name = unknownName(member, inner)
    if (name !== undefined) return name
  }
  return undefined
}

/** How many macros such as `all` or `map` stand within one another: the work grows with the size of the event to the power of that. */
function nestingOf(node: unknown): number {
  if (typeof node !== "object" || node === null) return 0
  const own = (node as Node).exprKind?.case === "comprehensionExpr" ? 1 : 0
  return own + Math.max(0, ...Object.values(node).map(nestingOf))
}

/** An event, as expressions see it. */
export type Subject = Pick<Incoming, "event" | "sender">

/** A CEL expression over an event. */
export class Expression {
  readonly text: string
  /** How many macros such as `all` or `map` stand within one another. */
  readonly nesting: number
  readonly #evaluate: (bindings: never) => unknown

  /** @throws Error if the expression is invalid */
  constructor(text: string) {
    this.text = text
    let parsed: ReturnType<typeof parse>
    try {
      parsed = parse(text)
    } catch (error) {
      const { location, rawMessage, message } = error as Error & {
        location?: { start?: { column?: number } }
        rawMessage?: string
      }
      const column = location?.start?.column
      const where = column === undefined ? "" : ` at character ${column}`
      throw new Error(`Invalid CEL expression${where}: ${rawMessage ?? message}`)
    }
    const name = unknownName(parsed.expr, new Set([...names, ...typeNames]))
    if (name !== undefined)
      throw new Error(
        `Unknown name "${name}".${suggestion(name, names)} (Extension attributes are read as attributes.NAME)`,
      )
    this.nesting = nestingOf(parsed.expr)
    this.#evaluate = plan(celEnv(), parsed) as (bindings: never) => unknown
  }

  #result({ event, sender }: Subject): unknown {
    const bindings: Record<string, unknown> = { sender: sender ?? "", data: null }
    for (const name of attributes) bindings[name] = event[name] ?? ""
    const { data, ...rest } = event
    if (data !== undefined) bindings.data = isUint8Array(data) ? Uint8Array.from(data) : data
    bindings.attributes = rest
    const result = this.#evaluate(bindings as never)
    if (isCelError(result)) throw result
    return result
  }

  /** Whether an event meets it. Throws if that cannot be decided, such as when the event has no such field. */
  isMet(subject: Subject): boolean {
    const result = this.#result(subject)
    if (typeof result !== "boolean") throw new Error(`Expected true or false but the result is a ${typeof result}`)
    return result
  }

  /** Its value, as JSON knows values. Throws if it has none, such as when the event has no such field. */
  valueFor(subject: Subject): unknown {
    return jsonOf(this.#result(subject))
  }
}

/** The JSON value of a value of CEL. Bytes become Base64, as JSON has no bytes. */
function jsonOf(value: unknown): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value
  if (typeof value === "bigint" || isCelUint(value)) {
    const number = Number(typeof value === "bigint" ? value : value.value)
    if (!Number.isSafeInteger(number))
      throw new Error(`The integer ${number} is beyond 2^53: JSON may lose digits of it`)
    return number
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Error(`The result is ${value}, which JSON cannot express`)
    return value
  }
  if (isUint8Array(value)) return Buffer.from(value).toString("base64")
  if (isCelList(value)) return Array.from(value, jsonOf)
  if (isCelMap(value)) return Object.fromEntries(Array.from(value, ([key, member]) => [keyOf(key), jsonOf(member)]))
  throw new Error("The result is of a type that JSON cannot express. Convert it, such as with string()")
}

function keyOf(key: unknown): string {
  if (typeof key === "string") return key
  throw new Error("The keys of a map must be strings")
}
