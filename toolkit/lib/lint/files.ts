// Which files are checked.

import { readdirSync, realpathSync, type Stats, statSync } from "node:fs"
import { extname, join } from "node:path"
import { ConfigError, readText } from "../config/index.js"
import { recognize } from "./configuration/kinds.js"

const programs = new Set([".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"])
export const configurations: ReadonlySet<string> = new Set([".yaml", ".yml"])

/** The files that can be checked, by the ending of their names. */
export const lintedExtensions: readonly string[] = [...programs, ...configurations]

/** Declarations of types have nothing that runs. */
export const isDeclaration = (file: string): boolean => /\.d\.[cm]?ts$/.test(file)

/** Folders that hold what others wrote, or what was made of the files. */
const skipped = /^(node_modules|dist|build|\..*)$/

/** Larger programs are made by tools, and take too long: the parser needs seconds for each MiB of short statements. */
const maxProgram = 5 * 2 ** 20

/** Why a file should not be read, if it should not: what is no file may never end. */
export function refusalOf(file: string): string | undefined {
  const stat = statOf(file)
  // Whoever reads a folder, or what is not there, is told what is wrong.
  if (stat === undefined || stat.isDirectory()) return undefined
  if (!stat.isFile()) return "It is not a regular file"
  return programs.has(extname(file)) && stat.size > maxProgram
    ? "It is larger than 5 MiB: too large to check"
    : undefined
}

/** What a path leads to, through symbolic links. Undefined if it leads nowhere, or cannot be reached. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

/** A file in a folder that may be meant to be checked, and why it is not. */
export interface Skipped {
  /** Its path. */
  readonly file: string
  /** Why it was not checked. */
  readonly reason: string
}

/** Finds files, each once. */
class Search {
  readonly files: string[] = []
  readonly #onSkipped: (skipped: Skipped) => void
  readonly #seen = new Set<string>()

  constructor(onSkipped: (skipped: Skipped) => void) {
    this.#onSkipped = onSkipped
  }

  /** Takes what is named: what cannot be read is an error then. */
  add(path: string): void {
    if (statOf(path)?.isDirectory()) this.#search(path)
    else this.#take(path)
  }

  #take(path: string): void {
    let real = path
    try {
      real = realpathSync(path)
    } catch {
      // Whoever reads it says what is wrong.
    }
    if (!this.#seen.has(real)) this.files.push(path)
    this.#seen.add(real)
  }

  #search(folder: string): void {
    let entries: ReturnType<typeof entriesOf>
    try {
      entries = entriesOf(folder)
    } catch {
      this.#take(folder)
      return
    }
    for (const entry of entries) {
      const path = join(folder, entry.name)
      // Links to folders are not followed: they may lead back.
      if (entry.isDirectory()) {
        if (!skipped.test(entry.name)) this.#search(path)
        continue
      }
      const extension = extname(entry.name)
      if (!lintedExtensions.includes(extension)) continue
      const isFile = entry.isFile() || (entry.isSymbolicLink() && statOf(path)?.isFile())
      if (!isFile) continue
      const reason = isDeclaration(path) ? undefined : refusalOf(path)
      if (reason !== undefined) this.#onSkipped({ file: path, reason })
      else if (!configurations.has(extension) || this.#isMeant(path)) this.#take(path)
    }
  }

  /** Whether a YAML file is one of ours. If it cannot be read, that is to be said later. */
  #isMeant(file: string): boolean {
    let text: string
    try {
      text = readText(file)
    } catch (error) {
      if (error instanceof ConfigError) return true
      throw error
    }
    const found = recognize(text)
    if (found.is === "like") this.#onSkipped({ file, reason: found.reason })
    return found.is === "configuration"
  }
}

const entriesOf = (folder: string) =>
  readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))

/**
 * The files to check: those that are named, and what folders have below them, without node_modules, dist, build and what is hidden. Of YAML
 * files in folders, those that are configurations.
 *
 * @param onSkipped Is called for each YAML file in a folder that is left out, but looks like a configuration, and for each program that is too large.
 */
export function lintedFiles(paths: readonly string[], onSkipped: (skipped: Skipped) => void = () => {}): string[] {
  const search = new Search(onSkipped)
  for (const path of paths) search.add(path)
  return search.files
}
