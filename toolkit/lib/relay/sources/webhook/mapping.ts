// The option `map`: attributes of an event by CEL expressions over the request, for senders that have no preset.

import { type Event, EventError, specversion } from "../../../events/index.js"
import type { HttpRequest } from "../../http/paths.js"
import { Expression } from "../../routes/expression.js"
import { type MapName, type MapOptions, mapNames } from "./map-options.js"
import { type Draft, isName, isSeverity } from "./presets/preset.js"

/** What is wrong with an expression, and where. */
export function mapProblem(map: MapOptions): [path: string[], problem: string] | undefined {
  for (const name of mapNames) {
    try {
      if (map[name] !== undefined) new Expression(map[name])
    } catch (error) {
      return [["map", name], (error as Error).message]
    }
  }
  return undefined
}

/** Maps requests to attributes. */
export class Mapping {
  readonly #expressions: [name: MapName, expression: Expression][]

  constructor(map: MapOptions) {
    this.#expressions = mapNames.flatMap((name) =>
      map[name] === undefined ? [] : [[name, new Expression(map[name])] as [MapName, Expression]],
    )
  }

  /** The draft with what the request says. What an expression cannot find stays as it was. */
  apply(draft: Draft, { headers }: HttpRequest, data: unknown): Draft {
    // For the expressions only. The event itself is made, and checked, later.
    const event: Event = {
      specversion,
      id: "",
      source: "/",
      type: draft.type,
      data: data ?? null,
      headers: { ...headers },
    }
    const found: Partial<Record<MapName, string>> = {}
    for (const [name, expression] of this.#expressions) {
      const value = textOf(expression, event)
      if (value !== undefined) found[name] = value
    }
    const { id, severity, type, ...rest } = found
    if (!isName(type ?? draft.type))
      throw new EventError("data-invalid", `The type is not a name: ${String(type).slice(0, 100)}`)
    return {
      ...draft,
      ...rest,
      ...(type !== undefined && { type }),
      ...(id !== undefined && { delivery: id }),
      ...(isSeverity(severity) && { severity }),
    }
  }
}

function textOf(expression: Expression, event: Parameters<Expression["valueFor"]>[0]["event"]): string | undefined {
  try {
    const value = expression.valueFor({ event })
    if (typeof value === "number" || typeof value === "boolean") return String(value)
    return typeof value === "string" && value !== "" ? value : undefined
  } catch {
    return undefined
  }
}
