// SARIF 2.1.0 as it comes in: JSON that may be anything.

import { EventError } from "../error.js"

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

/** A log of SARIF 2.1.0. */
export interface SarifLog {
  /** The version of SARIF. */
  readonly version: "2.1.0"
  /** The URI of the JSON Schema of the log. */
  readonly $schema?: string
  /** The runs of tools, each with its results. */
  readonly runs: readonly Json[]
}

/** Whether a value is an object of JSON. */
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The object in a property, or an empty one. */
export function objectIn(parent: Json | undefined, name: string): Json {
  const value = parent?.[name]
  return isObject(value) ? value : {}
}

/** The objects in an array in a property. */
export function objectsIn(parent: Json | undefined, name: string): readonly Json[] {
  const value = parent?.[name]
  return Array.isArray(value) ? value.filter(isObject) : []
}

/** The text in a property, if it is not empty. */
export function textIn(parent: Json | undefined, name: string): string | undefined {
  const value = parent?.[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** The integer in a property, if it is not negative: -1 is SARIF's default for "none". */
export function indexIn(parent: Json | undefined, name: string): number | undefined {
  const value = parent?.[name]
  return typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined
}

/** An object without some properties. */
export function without(object: Json, ...names: string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

const refuse = (reason: string): never => {
  throw new EventError("data-invalid", reason)
}

/** Checks that a value is a SARIF log in so far as {@link fromSarif} reads it: its runs, tools, results and messages. */
export function checkSarif(value: unknown): asserts value is SarifLog {
  if (!isObject(value)) return refuse("A SARIF log must be an object")
  if (value.version !== "2.1.0")
    refuse(`The version of the SARIF log must be "2.1.0"; it is ${JSON.stringify(value.version)}`)
  if (!Array.isArray(value.runs)) return refuse("runs must be an array")
  for (const [index, run] of value.runs.entries()) {
    if (!textIn(objectIn(objectIn(run, "tool"), "driver"), "name"))
      refuse(`runs[${index}].tool.driver.name must be a string that is not empty`)
    const results = (run as Json).results ?? []
    if (!Array.isArray(results)) return refuse(`runs[${index}].results must be an array`)
    for (const [at, result] of results.entries()) {
      if (!isObject(result) || !isObject(result.message))
        refuse(`runs[${index}].results[${at}].message must be an object`)
    }
  }
}
