// Routes: which events go to which sinks.

import { isUint8Array } from "node:util/types"
import { celEnv, isCelError, parse, plan } from "@bufbuild/cel"
import { suggestion } from "../config/index.js"
import type { WhenFull } from "../store/index.js"
import type { Incoming } from "./components.js"

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

/** What a condition can name. */
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

/** A CEL expression over an event that is true or false. */
export class Condition {
  readonly text: string
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
    this.#evaluate = plan(celEnv(), parsed) as (bindings: never) => unknown
  }

  /** Whether an event meets it. Throws if that cannot be decided, such as when the event has no such field. */
  isMet({ event, sender }: Incoming): boolean {
    const bindings: Record<string, unknown> = { sender: sender ?? "", data: null }
    for (const name of attributes) bindings[name] = event[name] ?? ""
    const { data, ...rest } = event
    if (data !== undefined) bindings.data = isUint8Array(data) ? Uint8Array.from(data) : data
    bindings.attributes = rest
    const result = this.#evaluate(bindings as never)
    if (isCelError(result)) throw result
    if (typeof result !== "boolean") throw new Error(`Expected true or false but the result is a ${typeof result}`)
    return result
  }
}

/** A route. */
export interface Route {
  name: string
  from: readonly string[]
  when?: Condition | undefined
  to: readonly string[]
  whenFull: WhenFull
}

/** Where an event goes. */
export interface Plan {
  sinks: string[]
  whenFull: WhenFull
}

/** When the routes of one event differ, the one that loses least decides. */
const strictness: readonly WhenFull[] = ["drop-oldest", "refuse", "wait"]

/** Finds the sinks of an event. A route whose condition cannot be decided does not take it, and `failed` hears of that. */
export function planRoutes(
  routes: readonly Route[],
  from: string,
  incoming: Incoming,
  failed: (route: Route, error: Error) => void,
): Plan | undefined {
  const sinks = new Set<string>()
  let whenFull: WhenFull | undefined
  for (const route of routes) {
    if (!route.from.includes(from)) continue
    try {
      if (route.when !== undefined && !route.when.isMet(incoming)) continue
    } catch (error) {
      failed(route, error as Error)
      continue
    }
    for (const sink of route.to) sinks.add(sink)
    if (whenFull === undefined || strictness.indexOf(route.whenFull) > strictness.indexOf(whenFull))
      whenFull = route.whenFull
  }
  return whenFull === undefined ? undefined : { sinks: [...sinks], whenFull }
}
