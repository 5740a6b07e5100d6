// The verbs, by what they are for. Each is loaded when it is used, because loading all of them would take longer than most commands.

import type { Verb } from "./command/spec.js"

type Load = () => Promise<Verb>

// Not by import(): of a CommonJS module, that starts Node's loader of ES modules first, which takes longer than the module itself.
const patternVerb = async (name: string): Promise<Verb> =>
  (require("./patterns/verb.js") as typeof import("./patterns/verb.js")).patternVerb(name)

const patterns = (...names: string[]): Record<string, Load> =>
  Object.fromEntries(names.map((name) => [name, () => patternVerb(name)]))

/** Verbs that have a file each, which exports them by their name. */
const files = (...names: string[]): Record<string, Load> =>
  Object.fromEntries(
    names.map((name) => [name, async () => (require(`./verbs/${name}.js`) as Record<string, Verb>)[name] as Verb]),
  )

/** Titles and the verbs below them, in the order of the overview. */
export const verbs: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  Send: patterns("push", "pub", "radio", "scatter"),
  Receive: patterns("pull", "sub", "dish", "gather"),
  "Send and receive": patterns(
    ..."req rep dealer router pair xpub xsub stream client server channel peer dgram".split(" "),
  ),
  "Record and forward": files("record", "replay", "proxy"),
  "Look and measure": files("doctor", "monitor", "bench"),
  "Set up": files("keys", "profile", "info", "completion", "build"),
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
