// The arguments of commands.

import { parseArgs } from "node:util"

/** A command line that is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError"
}

/** Splits arguments into positional ones and options with a value. */
export function parseUsage<const Name extends string>(
  args: readonly string[],
  max: number,
  options: readonly Name[] = [],
): { positionals: string[]; values: Partial<Record<Name, string>> } {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: Object.fromEntries(options.map((name) => [name, { type: "string" as const }])),
      allowPositionals: true,
    })
    if (positionals.length > max) throw new Error(`Unexpected argument "${positionals[max]}"`)
    return { positionals, values: values as Partial<Record<Name, string>> }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** The configuration, unless another is named. */
export const defaultFile = "relay.yaml"
