// Finds the subcommand that the arguments name.

import { suggestion } from "../../base/spelling.js"
import { UsageError } from "./exit.js"
import { type Verb, wordOf } from "./spec.js"

/**
 * Follows arguments down the subcommands of a verb.
 * @returns The verb that is meant, and its arguments. It has subcommands itself only if its help is wanted.
 * @throws {UsageError} if the next argument names no subcommand, with the nearest spelling.
 */
export function findSubcommand(verb: Verb, args: readonly string[]): { verb: Verb; args: readonly string[] } {
  const { subcommands } = verb
  const [word, ...rest] = args
  if (subcommands === undefined || word === "--help" || word === "-h") return { verb, args }
  const known = subcommands.map(wordOf)
  const found = subcommands.find((one) => wordOf(one) === word)
  if (found !== undefined) return findSubcommand(found, rest)
  const hint = (word !== undefined && suggestion(word, known)) || `Choose one of: ${known.join(", ")}.`
  const problem =
    word === undefined
      ? `Expected a command after "ohmq ${verb.name}". ${hint}`
      : `"ohmq ${verb.name}" has no command ${JSON.stringify(word)}. ${hint}`
  throw Object.assign(new UsageError(problem), { verb: verb.name })
}
