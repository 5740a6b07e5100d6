// A YAML text that knows where each of its values stands.

import { readFileSync } from "node:fs"
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml"

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

/** A YAML text. */
export class ConfigDocument {
  /** What it says, as plain objects. Undefined if it is not valid YAML. */
  readonly value: unknown
  readonly mistakes: Mistake[] = []
  readonly #lines = new LineCounter()
  readonly #root: Node | null

  constructor(text: string) {
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: "1.2" })
    this.#root = document.contents
    for (const { pos, message } of document.errors) this.mistakes.push({ ...this.#at(pos[0]), path: "", message })
    if (this.mistakes.length > 0) return
    try {
      this.value = document.toJS({ maxAliasCount: 100 })
    } catch (error) {
      this.mistakes.push({ line: 1, column: 1, path: "", message: (error as Error).message })
    }
  }

  #at(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  /** The offset of a value or of its key. If it is not there, of what would contain it. */
  #offset(path: readonly PropertyKey[], wantsKey: boolean): number {
    let node = this.#root
    let offset = node?.range?.[0] ?? 0
    for (const [index, name] of path.entries()) {
      if (isAlias(node)) return offset
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name))
        if (pair === undefined) return offset
        node = pair.value as Node | null
        const key = (pair.key as Node).range?.[0] ?? offset
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
    return parseDocument(text, { prettyErrors: false, version: "1.2" }).toJS({ maxAliasCount: 100 })
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
