// The verbs that the `ohmq` command finds in this package.

import { relay } from "./relay.js"

/** The names of the verbs. */
export const verbs: readonly string[] = ["relay"]

/** Runs a verb, and resolves to the exit code. */
export async function run(verb: string, args: readonly string[]): Promise<number> {
  if (verb === "relay") return relay(args)
  throw new Error(`Unknown verb "${verb}"`)
}
