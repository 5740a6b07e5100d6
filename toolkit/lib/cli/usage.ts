// The arguments of commands.

import process from "node:process"
import { parseArgs } from "node:util"
import { suggestion } from "../config/index.js"

/** A command line that is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** Splits arguments into positional ones, options with a value, flags, and options that can be given more than once. */
export function parseUsage<
  const Name extends string = never,
  const Flag extends string = never,
  const List extends string = never,
>(
  args: readonly string[],
  max: number,
  options: readonly Name[] = [],
  flags: readonly Flag[] = [],
  lists: readonly List[] = [],
): {
  positionals: string[]
  values: Partial<Record<Name, string> & Record<Flag, boolean> & Record<List, string[]>>
} {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: {
        ...Object.fromEntries(options.map((name) => [name, { type: "string" as const }])),
        ...Object.fromEntries(flags.map((name) => [name, { type: "boolean" as const }])),
        ...Object.fromEntries(lists.map((name) => [name, { type: "string" as const, multiple: true }])),
      },
      allowPositionals: true,
    })
    if (positionals.length > max) throw new Error(`Unexpected argument "${positionals[max]}"`)
    return {
      positionals,
      values: values as Partial<Record<Name, string> & Record<Flag, boolean> & Record<List, string[]>>,
    }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** The value of `--output`: text, unless one of the others is given. */
export function outputOf<const Name extends string>(output: string | undefined, ...others: Name[]): Name | "text" {
  const known = ["text", ...others] as const
  const found = known.find((name) => name === (output ?? "text"))
  if (found === undefined)
    throw new UsageError(`--output: Unknown value "${output}".${suggestion(output ?? "", known)}`)
  return found
}

/** Says on standard error what is wrong with a configuration, for a command that can do its work in spite of it. */
export function warnOfMistakes(file: string, mistakes: Error | undefined): void {
  if (mistakes === undefined) return
  process.stderr.write(
    `warning: ${file} has mistakes. This command does not need what is wrong:\n${mistakes.message}\n`,
  )
}

/** Whether `--output json` was given. */
export const isJson = (output: string | undefined): boolean => outputOf(output, "json") === "json"

/** The configuration, unless another is named. */
export const defaultFile = "relay.yaml"
