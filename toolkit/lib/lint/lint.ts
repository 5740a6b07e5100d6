// Checks programs and configurations against the rules.

import { readdirSync, statSync } from "node:fs"
import { extname, join } from "node:path"
import { ConfigError, readText } from "../config/index.js"
import { withoutIgnored } from "./ignores.js"
import type { LintFinding } from "./place.js"
import { lintSockets } from "./program/socket-rules.js"
import { Sockets } from "./program/socket-use.js"
import { parseProgram } from "./program/syntax.js"
import { lintHeaders } from "./program/trusted-header.js"
import { isRelayFile, lintRelay } from "./relay-file.js"
import { rules } from "./rules.js"

const programs = new Set([".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"])
const configurations = new Set([".yaml", ".yml"])

/** The files that can be checked, by the ending of their names. */
export const lintedExtensions: readonly string[] = [...programs, ...configurations]

/** Declarations of types have nothing that runs. */
const isDeclaration = (file: string) => /\.d\.[cm]?ts$/.test(file)

function lintProgram(text: string, file: string) {
  try {
    const { tree, comments } = parseProgram(text, file)
    const sockets = new Sockets(tree)
    return { violations: [...lintSockets(sockets), ...lintHeaders(tree, sockets)], comments }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ConfigError(file, [
      { line: 1, column: 1, path: "", message: "The program is nested too deeply to check" },
    ])
  }
}

/**
 * What breaks the rules in a program or in a configuration of the relay, in the order of the lines.
 *
 * @param file Its name: the ending says what it is, and paths in a configuration are relative to its folder
 * @throws ConfigError if it cannot be parsed, or is not a valid configuration
 */
export function lintText(text: string, file: string): LintFinding[] {
  const extension = extname(file)
  if (!lintedExtensions.includes(extension)) {
    const message = `Expected a file that ends in one of ${lintedExtensions.join(" ")}`
    throw new ConfigError(file, [{ line: 1, column: 1, path: "", message }])
  }
  if (isDeclaration(file)) return []
  const { violations, comments } = configurations.has(extension) ? lintRelay(text, file) : lintProgram(text, file)
  return withoutIgnored(violations, comments).map((violation) => {
    const { level, advice } = rules[violation.rule]
    return { file, ...violation, level, advice }
  })
}

/** What breaks the rules in a file. See {@link lintText}. */
export const lintFile = (file: string): LintFinding[] =>
  lintText(readText(file, { ENOENT: "There is no such file" }), file)

/** Folders that hold what others wrote, or what was made of the files. */
const skipped = /^(node_modules|dist|build|\..*)$/

/**
 * The files to check: those that are named, and what folders have below them, without node_modules, dist, build and what is hidden. Of YAML
 * files in folders, those that are configurations of the relay.
 *
 * @throws ConfigError if a file or folder cannot be read
 */
export function lintedFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path]
    return readdirSync(path, { withFileTypes: true })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const inner = join(path, entry.name)
        if (entry.isDirectory()) return skipped.test(entry.name) ? [] : lintedFiles([inner])
        const extension = extname(entry.name)
        if (!entry.isFile() || !lintedExtensions.includes(extension)) return []
        return configurations.has(extension) && !isRelayFile(readText(inner)) ? [] : [inner]
      })
  })
}
