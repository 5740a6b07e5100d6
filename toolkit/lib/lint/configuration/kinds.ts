// Which configuration a YAML text is.

import { isMap } from "../../config/index.js"

/** What a file configures: a relay, a responder, the store that the processes of a task queue share, or unit tests of one of them. */
export type Kind = "relay" | "responder" | "jetstream" | "tests"

/** The members that a relay or a responder must have, beside `version`. */
const required = {
  relay: ["store", "sources", "routes", "sinks"],
  responder: ["store", "audit", "sources", "actions", "rules"],
} as const

/** What a configuration is, by the names of its members. Undefined if there is nothing to tell by. */
function kindOf(has: (name: string) => boolean): Kind | undefined {
  if (has("tests")) return "tests"
  if (has("actions") || (has("rules") && !has("sinks") && !has("routes"))) return "responder"
  if (required.relay.some(has)) return "relay"
  return has("servers") && has("stream") ? "jetstream" : undefined
}

/** What the value of a document configures. Undefined if it is nothing of ohmq's. */
export const kindOfValue = (value: unknown): Kind | undefined =>
  isMap(value) ? kindOf((name) => Object.hasOwn(value, name)) : undefined

/** What a text that was found in a folder is. `like` is one that may be meant as a configuration. */
export type Recognized = { is: "configuration" } | { is: "like"; reason: string } | { is: "other" }

/** The members of maps in block style, by their indentation. Texts of others are not parsed for that: they may be large, or templates. */
function membersByIndent(text: string): Map<number, Set<string>> {
  const members = new Map<number, Set<string>>()
  for (const [, indent = "", name = ""] of text.matchAll(/^([ ]*)["']?([a-z]+)["']?[ ]*:(?=\s|$)/gm)) {
    const names = members.get(indent.length) ?? new Set()
    members.set(indent.length, names.add(name))
  }
  return members
}

/** How many members of a kind are there, and which are missing. */
function matchOf(kind: "relay" | "responder", names: ReadonlySet<string>) {
  const missing = required[kind].filter((name) => !names.has(name))
  return { count: required[kind].length - missing.length, missing }
}

const isComplete = (names: ReadonlySet<string>): boolean =>
  matchOf("relay", names).count >= 3 ||
  matchOf("responder", names).count >= 4 ||
  (names.has("actions") && names.has("rules") && names.has("version"))

/** What a YAML text in a folder is: others have files of that kind, too, which must not be taken for ours. */
export function recognize(text: string): Recognized {
  // All members of a map in flow style are on lines of their own, or after a comma.
  const lines = /^\s*\{/.test(text) ? text.replace(/[{,]\s*/g, "\n") : text
  const members = membersByIndent(lines)
  const top = members.get(0) ?? new Set<string>()
  if (kindOf((name) => top.has(name)) === "tests") return { is: "other" }
  if (isComplete(top)) return { is: "configuration" }
  if (top.has("servers") && top.has("stream") && /\b(nats|tls):\/\//.test(text)) return { is: "configuration" }
  for (const kind of ["relay", "responder"] as const) {
    const { count, missing } = matchOf(kind, top)
    if (count >= 2)
      return {
        is: "like",
        reason: `it looks like a configuration of a ${kind}, without ${missing.join(", ").replace(/, (?=[a-z]+$)/, " and ")}. If it is one, name the file to check it`,
      }
  }
  members.delete(0)
  const isInside = [...members.values()].some(isComplete)
  return isInside
    ? { is: "like", reason: "there is a configuration within it. Check that from a file of its own" }
    : { is: "other" }
}
