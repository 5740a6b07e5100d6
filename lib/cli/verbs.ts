// The verbs, by what they are for. Each is loaded when it is used, because loading all of them would take longer than most commands.

import type { Verb } from "./command/spec.js"

type Load = () => Promise<Verb>

/** The verb of a row of the table of patterns. */
const pattern =
  (name: string): Load =>
  async () =>
    (await import("./patterns/verb.js")).patternVerb(name)

const patterns = (...names: string[]) => Object.fromEntries(names.map((name) => [name, pattern(name)]))

/** Titles and the verbs below them, in the order of the overview. */
export const verbs: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  Send: patterns("push", "pub", "radio", "scatter"),
  Receive: patterns("pull", "sub", "dish", "gather"),
  "Send and receive": patterns(
    ..."req rep dealer router pair xpub xsub stream client server channel peer dgram".split(" "),
  ),
  "Record and forward": {
    record: async () => (await import("./verbs/record.js")).record,
    replay: async () => (await import("./verbs/replay.js")).replay,
    proxy: async () => (await import("./verbs/proxy.js")).proxy,
  },
  "Look and measure": {
    bench: async () => (await import("./verbs/bench.js")).bench,
    doctor: async () => (await import("./verbs/doctor.js")).doctor,
  },
  "Set up": {
    keys: async () => (await import("./verbs/keys.js")).keys,
    profile: async () => (await import("./verbs/profile.js")).profile,
    info: async () => (await import("./verbs/info.js")).info,
    completion: async () => (await import("./verbs/completion.js")).completion,
    build: async () => (await import("./verbs/build.js")).build,
  },
}

/** The names of all verbs. */
export const names = Object.values(verbs).flatMap((group) => Object.keys(group))

/** Loads a verb. Undefined if there is none of that name. */
export async function loadVerb(name: string): Promise<Verb | undefined> {
  const group = Object.values(verbs).find((entries) => Object.hasOwn(entries, name))
  return group?.[name]?.()
}

/** Loads all verbs, in the order of the overview. */
export const allVerbs = (): Promise<Verb[]> =>
  Promise.all(Object.values(verbs).flatMap((group) => Object.values(group).map((load) => load())))
