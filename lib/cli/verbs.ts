// The verbs, by what they are for. Each is loaded when it is used, because loading all of them would take longer than most commands.

import type { Verb } from "./command/spec.js"

interface Entry {
  /** The same as the verb's own; here, so that the overview need not load it. */
  readonly summary: string
  readonly load: () => Promise<Verb>
}

/** Titles and the verbs below them, in the order of the overview. */
export const verbs: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  Send: {},
  Receive: {},
  "Send and receive": {},
  "Look and measure": {},
  "Set up": {
    keys: {
      summary: "Generates certificates and writes password files; checks, lists and converts keys",
      load: async () => (await import("./verbs/keys.js")).keys,
    },
  },
}

/** The names of all verbs. */
export const names = Object.values(verbs).flatMap((group) => Object.keys(group))

/** Loads a verb. Undefined if there is none of that name. */
export async function loadVerb(name: string): Promise<Verb | undefined> {
  const group = Object.values(verbs).find((entries) => Object.hasOwn(entries, name))
  return group?.[name]?.load()
}
