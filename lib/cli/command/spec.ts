// What a verb is: its name, options and examples, from which come the parser, --help, the man page and the completions.

/** An option of a verb. Its name is the key in its `Options`, without the dashes. */
export interface Option<T = unknown> {
  /** One letter. */
  readonly short?: string
  /** What stands for the value in the help, such as "DURATION". A flag has none. */
  readonly placeholder?: string
  /** One or two sentences, with the unit and the default. */
  readonly help: string
  /** The possible values, for completion and errors. */
  readonly choices?: readonly string[]
  /** Whether the value is the name of a file. */
  readonly isFile?: boolean
  /** Whether it may be given several times. */
  readonly isList?: boolean
  /** Makes a value of the text, or throws a UsageError that says what was expected. */
  readonly parse?: (text: string) => T
  /** Only in types: what the parser makes of it. */
  readonly type?: T
}

export type Options = Readonly<Record<string, Option>>

/** The values of options by their names. Those that were not given are missing. */
export type Values<O extends Options> = { readonly [Name in keyof O]?: O[Name] extends Option<infer T> ? T : never }

interface Details {
  short?: string
  isFile?: boolean
}

export const flag = (help: string, details: Details = {}): Option<true> => ({ help, ...details })

export const text = (placeholder: string, help: string, details: Details = {}): Option<string> => ({
  placeholder,
  help,
  ...details,
})

export const value = <T>(
  placeholder: string,
  help: string,
  parse: (text: string) => T,
  details: Details = {},
): Option<T> => ({ placeholder, help, parse, ...details })

/** One of several words. */
export const choice = <const C extends readonly string[]>(
  choices: C,
  help: string,
  details: Details = {},
): Option<C[number]> => ({ placeholder: choices.join("|"), help, choices, ...details })

/** An option that may be given several times: the values in their order. */
export const list = <T>(option: Option<T>): Option<T[]> => ({ ...option, isList: true }) as unknown as Option<T[]>

/** Options that belong together in the help. */
export interface Group<O extends Options = Options> {
  readonly title: string
  readonly options: O
}

/** A command line that works as it is, run by the tests. */
export interface Example {
  /** What it is for, in a few words. */
  readonly what: string
  /** The command line, for a POSIX shell. */
  readonly command: string
}

/** What a verb is called with. */
export interface Call<V> {
  /** The name of the verb. */
  readonly verb: string
  /** The arguments that are not options. */
  readonly args: readonly string[]
  readonly values: V
  /** Aborted at the first SIGINT, SIGTERM or SIGHUP, or when standard output was closed: end soon, and leave nothing half done. */
  readonly signal: AbortSignal
  /** Loads all verbs, for what is made from their table. */
  readonly allVerbs: () => Promise<readonly Verb[]>
}

export interface Verb {
  /** A subcommand's is the whole of it: "keys certificate". */
  readonly name: string
  /** What it does, in one line without a period. */
  readonly summary: string
  /** The arguments, without the name: "ENDPOINT... [MESSAGE...]". Several if there are several forms. */
  readonly usage: readonly string[]
  /** What a user must know beyond the options, in short paragraphs. */
  readonly about?: string
  readonly groups: readonly Group[]
  readonly examples: readonly Example[]
  /** The verbs below it, one of which the first argument names. Then it does nothing itself. */
  readonly subcommands?: readonly Verb[]
  /** Does it. Resolves to the exit code, nothing for 0. Throws a CommandError for what the user can mend. */
  run(call: Call<Values<Options>>): Promise<number | undefined>
}

type Intersection<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never
type OptionsOf<G extends readonly Group[]> = Intersection<G[number]["options"]> & Options

/** Defines a verb; `run` gets the values of its options with their types. */
export const defineVerb = <const G extends readonly Group[]>(
  verb: Omit<Verb, "groups" | "run"> & {
    readonly groups: G
    run(call: Call<Values<OptionsOf<G>>>): Promise<number | undefined>
  },
): Verb => verb as unknown as Verb

/** Defines a verb that has subcommands. */
export const defineVerbs = (
  verb: Pick<Verb, "name" | "summary" | "about" | "examples"> & { readonly subcommands: readonly Verb[] },
): Verb => ({ ...verb, usage: ["COMMAND ..."], groups: [], run: async () => undefined })

/** The last word of a verb's name. */
export const wordOf = ({ name }: Verb) => name.slice(name.lastIndexOf(" ") + 1)

/** All options of a verb, and the one that every verb has. */
export function optionsOf(verb: Pick<Verb, "groups">): Options {
  return Object.assign({}, ...verb.groups.map(({ options }) => options), common)
}

/** The options of every verb. */
export const common = {
  quiet: flag("Say nothing on standard error except errors and warnings.", { short: "q" }),
  help: flag("Show this help.", { short: "h" }),
} satisfies Options
