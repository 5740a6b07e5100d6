// The options of a route, and what is made of them.

import { z } from "zod"
import { duration, RateLimit, suggestion } from "../../config/index.js"
import { checkAttribute } from "../../events/index.js"
import { type Assignment, type Changes, fixedAttributes, Pattern } from "./changes.js"
import { any, type DataPath, parseDataPath } from "./data-path.js"
import { Expression } from "./expression.js"
import type { Route } from "./route.js"

const pathList = () => z.array(z.string())

export const routeSchema = z.strictObject({
  name: z.string().min(1).describe("For logs and metrics."),
  from: z.array(z.string()).min(1).describe("The sources."),
  when: z.string().optional().describe("A [CEL](https://cel.dev) expression over the event. Every event, by default."),
  sample: z
    .number("Expected a fraction, such as 0.1")
    .gt(0)
    .max(1)
    .optional()
    .describe("The fraction of events that it takes, such as `0.1`, by a hash of source and id. All, by default."),
  rate: z
    .strictObject({
      limit: z.int().min(1).max(1_000_000).describe("At most this many events in any period."),
      per: duration()
        .refine((period) => period > 0, "Expected a period above 0, such as 1m")
        .describe("The period."),
      over: z
        .enum(["drop", "dead-letter"])
        .prefault("drop")
        .describe(
          "What becomes of events over the limit: they are dropped and counted, or become dead letters of the sinks.",
        ),
    })
    .optional()
    .describe("A limit to how many events it takes. None, by default."),
  set: z
    .record(z.string(), z.string("Expected a CEL expression. A fixed text has quotes inside the quotes: \"'text'\""))
    .optional()
    .describe(
      "New values of attributes, and of paths into the data: CEL expressions over the event as it came. `null` removes an attribute.",
    ),
  drop: pathList()
    .optional()
    .describe("Paths into the data of what is removed, such as `data.user.email` or `data.commits.*.author`."),
  redact: z
    .strictObject({
      paths: pathList().prefault([]).describe('Paths into the data whose values become `"[redacted]"`.'),
      patterns: z
        .array(z.string())
        .prefault([])
        .describe(
          "Regular expressions ([RE2](https://github.com/google/re2/wiki/Syntax)). What matches in text of the data or in an attribute becomes `[redacted]`.",
        ),
    })
    .refine(({ paths, patterns }) => paths.length + patterns.length > 0, "Expected paths or patterns, or both")
    .optional()
    .describe("What must not leave the relay by this route."),
  to: z.array(z.string()).describe("The sinks. None: the events are dropped, once stored."),
  whenFull: z
    .enum(["refuse", "wait", "drop-oldest"])
    .prefault("refuse")
    .describe(
      "If the store is full. `refuse`: a webhook gets 503 with `Retry-After`, a ROUTER's peer `refused`; other sources wait. `wait`: every source waits. `drop-oldest`: the oldest events go, and the log and metrics say how many each sink lost.",
    ),
})
export type RouteOptions = z.infer<typeof routeSchema>

/** Notes a mistake at an option of the route. */
type Report = (path: PropertyKey[], message: string, isKey?: boolean) => void

/** The route that some options describe. What is wrong with its expressions, paths and patterns is reported. */
export function compileRoute(options: RouteOptions, report: Report): Route {
  const { name, from, to, whenFull, when, sample, rate } = options
  const attempt = <Result>(path: PropertyKey[], make: () => Result, isKey = false): Result | undefined => {
    try {
      return make()
    } catch (error) {
      report(path, (error as Error).message, isKey)
      return undefined
    }
  }
  return {
    name,
    from,
    to,
    whenFull,
    when: when === undefined ? undefined : attempt(["when"], () => new Expression(when)),
    sample,
    rate: rate && { limit: new RateLimit(rate.limit, rate.per), over: rate.over },
    changes: compileChanges(options, attempt),
  }
}

type Attempt = <Result>(path: PropertyKey[], make: () => Result, isKey?: boolean) => Result | undefined

function compileChanges({ set, drop, redact }: RouteOptions, attempt: Attempt): Changes | undefined {
  if (set === undefined && drop === undefined && redact === undefined) return undefined
  const pathsOf = (list: readonly string[] | undefined, ...at: PropertyKey[]): DataPath[] =>
    (list ?? []).flatMap((text, index) => attempt([...at, index], () => parseDataPath(text)) ?? [])
  return {
    set: Object.entries(set ?? {}).flatMap(([target, text]): Assignment[] => {
      const place = attempt(["set", target], () => targetOf(target), true)
      const expression = attempt(["set", target], () => new Expression(text))
      return place === undefined || expression === undefined ? [] : [{ target: place, expression }]
    }),
    drop: pathsOf(drop, "drop"),
    redactPaths: pathsOf(redact?.paths, "redact", "paths"),
    redactPatterns: (redact?.patterns ?? []).flatMap(
      (text, index) => attempt(["redact", "patterns", index], () => new Pattern(text)) ?? [],
    ),
  }
}

const settable = ["type", "time", "subject", "dataschema", "traceparent", "tracestate", "partitionkey", "data"]

/** What `set` sets: an attribute, or a place in the data. */
function targetOf(target: string): string | DataPath {
  if (target === "data" || /^data[.[]/.test(target)) {
    const path = parseDataPath(target)
    if (path.segments.includes(any)) throw new Error('Expected one place: "*" stands for several')
    return path
  }
  if (fixedAttributes.includes(target))
    throw new Error(`The attribute ${target} stays as it is: it says which event this is, or how to read it`)
  try {
    checkAttribute(target, "1")
  } catch (error) {
    if ((error as { code?: string }).code !== "attribute-name") return target
    throw new Error(
      `Expected an attribute, whose name has the characters a-z and 0-9 only, or a path into the data.${suggestion(target, settable)}`,
    )
  }
  return target
}
