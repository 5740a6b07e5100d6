// Checks a document with schemas, and says what is wrong in plain words.

import { z } from "zod"
import type { ConfigDocument } from "./document.js"
import { suggestion } from "./spelling.js"

type Schema = z.core.$ZodType

const kinds: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
  array: "a list",
  object: "a map of options",
  record: "a map of names",
}

const kindOf = (value: unknown): string => {
  if (value === null || value === undefined) return "nothing"
  if (Array.isArray(value)) return "a list"
  return kinds[typeof value] ?? typeof value
}

/** The names of the options at a path. */
function optionsAt(schema: Schema, path: readonly PropertyKey[]): string[] {
  let at: Schema | undefined = schema
  const inner = () => {
    for (;;) {
      if (at instanceof z.ZodOptional || at instanceof z.ZodDefault || at instanceof z.ZodPrefault)
        at = at.def.innerType
      else if (at instanceof z.ZodPipe) at = at.def.in instanceof z.ZodTransform ? at.def.out : at.def.in
      else return
    }
  }
  for (const key of path) {
    inner()
    if (at instanceof z.ZodObject) at = at.shape[String(key)]
    else if (at instanceof z.ZodArray) at = at.element
    else if (at instanceof z.ZodRecord) at = at.valueType
    else return []
  }
  inner()
  return at instanceof z.ZodObject ? Object.keys(at.shape) : []
}

function sentence(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      if (!issue.message.startsWith("Invalid input")) return issue.message
      if (value === undefined) return `It is required, and must be ${kinds[issue.expected] ?? issue.expected}`
      return `Expected ${kinds[issue.expected] ?? issue.expected} but received ${kindOf(value)}`
    case "invalid_value": {
      const names = issue.values.map(String)
      if (value === undefined)
        return `It is required, and must be ${names.length === 1 ? "" : "one of "}${names.join(", ")}`
      return `Unknown value "${String(value)}".${suggestion(String(value), names)}`
    }
    case "too_small":
      return `Expected ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${issue.origin === "string" ? " characters" : ""}`
    case "too_big":
      return `Expected ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}${issue.origin === "string" ? " characters" : ""}`
    case "invalid_key":
      return issue.issues[0]?.message ?? issue.message
    default:
      return issue.message
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key], value)
}

/** The value of a part of a document, if the schema takes it. If not, the document has all mistakes. */
export function checkPart<S extends z.ZodType>(
  document: ConfigDocument,
  schema: S,
  value: unknown,
  path: readonly PropertyKey[] = [],
): z.infer<S> | undefined {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) {
    const place = [...path, ...issue.path]
    if (issue.code === "unrecognized_keys") {
      const known = optionsAt(schema, issue.path)
      for (const key of issue.keys) {
        document.report([...place, key], `Unknown option "${key}".${suggestion(key, known)}`, true)
      }
    } else if (issue.code === "invalid_key") {
      document.report(place, issue.issues.map(({ message }) => message).join(". "), true)
    } else document.report(place, sentence(issue, valueAt(value, issue.path)))
  }
  return undefined
}
