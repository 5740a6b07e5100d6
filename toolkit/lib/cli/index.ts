// The verbs that the `ohmq` command finds in this package.

/** The names of the verbs. */
export const verbs: readonly string[] = []

/** Runs a verb, and resolves to the exit code. */
export async function run(verb: string, _args: readonly string[]): Promise<number> {
  throw new Error(`Unknown verb "${verb}"`)
}
