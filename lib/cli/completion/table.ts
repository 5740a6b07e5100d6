// What can stand where on the command line, for the completions of all shells.

import { type Option, optionsOf, type Verb, wordOf } from "../command/spec.js"

/** What a value or an argument can be; a list is of words. */
export type Candidates = "files" | "profiles" | "@profiles" | "nothing" | readonly string[]

/** An option. */
export interface Flag {
  readonly name: string
  readonly short?: string
  /** The first sentence of its help. */
  readonly help: string
  /** Undefined if it takes no value. */
  readonly value?: Candidates
  readonly isList: boolean
}

/** A place: after the name of a verb or subcommand. */
export interface Place {
  /** "" for `ohmq` itself, "keys z85" for that. */
  readonly path: string
  /** The verbs or subcommands that can follow, and what they do. */
  readonly words: readonly (readonly [word: string, summary: string])[]
  readonly args: Candidates
  readonly flags: readonly Flag[]
}

function candidatesOf(name: string, { choices, placeholder, isFile }: Option): Candidates | undefined {
  if (placeholder === undefined) return undefined
  if (isFile) return "files"
  return choices ?? (name === "profile" ? "profiles" : "nothing")
}

/** What the arguments are, by the names that stand for them. */
function argumentsOf({ usage }: Verb): Candidates {
  const text = usage.join(" ")
  if (/\bENDPOINT\b/.test(text)) return "@profiles"
  if (/\bPROFILE\b/.test(text)) return "profiles"
  return /\b(FILE|DIR)\b/.test(text) ? "files" : "nothing"
}

const flagsOf = (verb: Verb): Flag[] =>
  Object.entries(optionsOf(verb)).map(([name, option]) => {
    const value = candidatesOf(name, option)
    return {
      name,
      help: option.help.replace(/\.( .*)?$/s, ""),
      isList: option.isList === true,
      ...(option.short !== undefined && { short: option.short }),
      ...(value !== undefined && { value }),
    }
  })

function placesOf(verb: Verb): Place[] {
  const { subcommands = [] } = verb
  const words = subcommands.map((one) => [wordOf(one), one.summary] as const)
  const args = subcommands.length > 0 ? "nothing" : argumentsOf(verb)
  return [{ path: verb.name, words, args, flags: flagsOf(verb) }, ...subcommands.flatMap(placesOf)]
}

/** What can follow `ohmq help`. */
function helpPlaces(path: string, verbs: readonly Verb[]): Place[] {
  const words = verbs.map((verb) => [wordOf(verb), verb.summary] as const)
  const below = verbs.flatMap((verb) =>
    verb.subcommands === undefined ? [] : helpPlaces(`${path} ${wordOf(verb)}`, verb.subcommands),
  )
  return [{ path, words, args: "nothing", flags: [] }, ...below]
}

/** All places, that of `ohmq` itself first. */
export function places(verbs: readonly Verb[]): Place[] {
  const words = verbs.map((verb) => [verb.name, verb.summary] as const)
  const help = { name: "help", help: "Show an overview", isList: false, short: "h" }
  const version = { name: "version", help: "Show the version", isList: false, short: "V" }
  return [
    { path: "", words: [...words, ["help", "Explains a verb"]], args: "nothing", flags: [help, version] },
    ...helpPlaces("help", verbs),
    ...verbs.flatMap(placesOf),
  ]
}

/** The name of an option in all its spellings. */
export const spellings = ({ name, short }: Flag) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]

/** A text in single quotes, for a POSIX shell. */
export const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** A command of a POSIX shell that prints the names of the profiles. */
export const profileNames = `sed -n 's/^\\[\\([A-Za-z0-9_-]*\\)\\] *$/\\1/p' "\${XDG_CONFIG_HOME:-$HOME/.config}/ohmq/profiles" 2>/dev/null`
