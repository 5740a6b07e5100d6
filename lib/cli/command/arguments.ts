// Parses a command line by the options of a verb.

import { parseArgs } from "node:util"

import { suggestion } from "../../base/spelling.js"
import { UsageError } from "./exit.js"
import { type Options, optionsOf, type Values, type Verb } from "./spec.js"

/** What a command line says. */
export interface Parsed {
  args: string[]
  values: Values<Options>
}

const dashed = (name: string) => (name.length === 1 ? `-${name}` : `--${name}`)

/** Makes the value of an option of its text. */
export function readValue(name: string, option: Options[string], given: string): unknown {
  const { choices, parse = (text: string) => text } = option
  if (choices !== undefined && !choices.includes(given)) {
    const hint = suggestion(given, choices) || `Choose one of: ${choices.join(", ")}.`
    throw new UsageError(`--${name} has no value ${JSON.stringify(given)}. ${hint}`)
  }
  try {
    return parse(given)
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`--${name}: ${error.message}`)
    throw error
  }
}

/**
 * Parses the arguments after the verb.
 * @throws {UsageError} for an unknown option, with the nearest spelling; for a missing, unwanted or wrong value; for one given twice.
 */
export function parseArguments(verb: Verb, args: readonly string[]): Parsed {
  const options = optionsOf(verb)
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { placeholder, short }]) => [
        name,
        { type: placeholder === undefined ? "boolean" : "string", ...(short !== undefined && { short }) },
      ]),
    ),
  })
  const values: Record<string, unknown> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value)
    if (token.kind !== "option") continue
    const { name, rawName, value } = token
    const option = Object.hasOwn(options, name) ? options[name] : undefined
    if (option === undefined) {
      const known = Object.keys(options).map(dashed)
      throw new UsageError(`Unknown option ${rawName}. ${suggestion(rawName, known)}`.trimEnd())
    }
    if (option.placeholder === undefined) {
      if (value !== undefined) throw new UsageError(`--${name} takes no value, but received ${JSON.stringify(value)}`)
      values[name] = true
      continue
    }
    if (value === undefined) throw new UsageError(`${rawName} needs a value: ${rawName} ${option.placeholder}`)
    const parsed = readValue(name, option, value)
    if (option.isList) {
      values[name] = [...((values[name] as unknown[] | undefined) ?? []), parsed]
    } else if (Object.hasOwn(values, name)) {
      throw new UsageError(`--${name} is given twice`)
    } else values[name] = parsed
  }
  return { args: positionals, values: values as Values<Options> }
}
