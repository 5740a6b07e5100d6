// A YAML text that knows where each of its values stands.

import { readFileSync } from "node:fs"
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml"

/** Something that is wrong with a configuration, and where. */
export interface Mistake {
  /** From 1. */
  line: number
  /** From 1. */
  column: number
  /** The option, such as `sources.hooks.secret`. Empty for the whole text. */
  path: string
  /** What is wrong, and what was expected. */
  message: string
}

const isBare = (key: PropertyKey) => /^[\w-]+$/.test(String(key))

const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`
    const name = isBare(key) ? String(key) : JSON.stringify(String(key))
    return text === "" ? name : `${text}.${name}`
  }, "")

const tooDeep = "It is nested too deeply"

/** Runs without stacks of errors, which nobody sees: hundreds of thousands of mistakes in a text would take half a minute. */
function withoutStacks<T>(run: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/** Parses a text, whatever is wrong with it. The parser does not look for repeated keys: it would compare each key with all others, which takes a minute for 60,000. */
const parse = (text: string, lineCounter = new LineCounter()) =>
  withoutStacks(() => parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, version: "1.2" }))

/** A key of a map, as the parser leaves it: what is empty has a node, too. */
const keyNodeOf = (pair: Pair) => pair.key as Node

/** The offsets of keys that a map has already. */
function repeatedKeys(root: Node | null): number[] {
  const found: number[] = []
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (isSeq(node)) for (const item of node.items) waiting.push(item)
    if (!isMap(node)) continue
    const seen = new Set<unknown>()
    for (const pair of node.items) {
      const key = keyNodeOf(pair)
      waiting.push(key, pair.value)
      // A number that is none equals nothing, and what is no scalar equals itself only.
      if (!isScalar(key) || Number.isNaN(key.value)) continue
      if (seen.has(key.value)) found.push(key.range?.[0] ?? 0)
      seen.add(key.value)
    }
  }
  return found
}

/** A YAML text. */
export class ConfigDocument {
  /** What it says, as plain objects. Undefined if it is not valid YAML. */
  readonly value: unknown
  readonly mistakes: Mistake[] = []
  readonly #lines = new LineCounter()
  readonly #root: Node | null
  /** The members of maps by their keys, once somebody asked for a member of that map. */
  readonly #members = new WeakMap<YAMLMap, Map<string, Pair>>()

  constructor(text: string) {
    const document = parse(text, this.#lines)
    this.#root = document.contents
    const deep = document.errors.find(({ code }) => code === "RESOURCE_EXHAUSTION")
    if (deep) {
      // What is wrong besides comes from the end that was not read.
      this.mistakes.push({ ...this.#at(deep.pos[0]), path: "", message: tooDeep })
      return
    }
    for (const { pos, message } of document.errors) this.mistakes.push({ ...this.#at(pos[0]), path: "", message })
    for (const offset of repeatedKeys(this.#root))
      this.mistakes.push({ ...this.#at(offset), path: "", message: "Map keys must be unique" })
    if (this.mistakes.length > 0) return
    try {
      this.value = document.toJS({ maxAliasCount: 100 })
    } catch (error) {
      const message = error instanceof RangeError ? tooDeep : (error as Error).message
      this.mistakes.push({ line: 1, column: 1, path: "", message })
    }
  }

  #at(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  #membersOf(map: YAMLMap): Map<string, Pair> {
    const known = this.#members.get(map)
    if (known) return known
    const members = new Map<string, Pair>()
    for (const pair of map.items) {
      const name = isScalar(pair.key) ? String(pair.key.value) : undefined
      if (name !== undefined && !members.has(name)) members.set(name, pair)
    }
    this.#members.set(map, members)
    return members
  }

  /** The offset of a value or of its key. If it is not there, of what would contain it. */
  #offset(path: readonly PropertyKey[], wantsKey: boolean): number {
    let node = this.#root
    let offset = node?.range?.[0] ?? 0
    for (const [index, name] of path.entries()) {
      if (isAlias(node)) return offset
      if (isMap(node)) {
        const pair = this.#membersOf(node).get(String(name))
        if (pair === undefined) return offset
        node = pair.value as Node | null
        const key = keyNodeOf(pair).range?.[0] ?? offset
        offset = wantsKey && index === path.length - 1 ? key : (node?.range?.[0] ?? key)
      } else if (isSeq(node)) {
        const item = node.items[Number(name)] as Node | undefined
        if (item === undefined) return offset
        node = item
        offset = item.range?.[0] ?? offset
      } else return offset
    }
    return offset
  }

  /** Where a value is, from 1. */
  place(path: readonly PropertyKey[]): { line: number; column: number } {
    return this.#at(this.#offset(this.#written(path), false))
  }

  /** Notes what is wrong with a value, or with its key. */
  report(path: readonly PropertyKey[], message: string, isKey = false): void {
    const written = this.#written(path)
    this.mistakes.push({ ...this.#at(this.#offset(written, isKey)), path: pathText(written), message })
  }

  /** A path without the indexes of lists that were written as a single value. */
  #written(path: readonly PropertyKey[]): PropertyKey[] {
    let at = this.value
    return path.filter((key) => {
      if (typeof key === "number" && !Array.isArray(at)) return false
      at = (at as Record<PropertyKey, unknown> | null | undefined)?.[key]
      return true
    })
  }
}

/** What a YAML text says, as far as it can be read, whatever is wrong with it. */
export function looseValue(text: string): unknown {
  try {
    return parse(text).toJS({ maxAliasCount: 100 })
  } catch {
    return undefined
  }
}

/** A configuration with mistakes. The message has a line for each: `FILE:LINE:COLUMN: OPTION: what is wrong`. */
export class ConfigError extends Error {
  override readonly name = "ConfigError"
  readonly mistakes: readonly Mistake[]

  constructor(file: string, mistakes: readonly Mistake[]) {
    const sorted = mistakes.toSorted((a, b) => a.line - b.line || a.column - b.column)
    super(
      sorted
        .map(
          ({ line, column, path, message }) => `${file}:${line}:${column}: ${path === "" ? "" : `${path}: `}${message}`,
        )
        .join("\n"),
    )
    this.mistakes = sorted
  }
}

/**
 * The text of a document.
 *
 * @param advice What to say instead of the system's code, by that code.
 * @throws {@link ConfigError} if it cannot be read
 */
export function readText(file: string, advice: Readonly<Record<string, string>> = {}): string {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException
    const message = advice[code] ?? `Cannot read the file: ${code}`
    throw new ConfigError(file, [{ line: 1, column: 1, path: "", message }])
  }
}
