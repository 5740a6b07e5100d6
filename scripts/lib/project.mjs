// Helpers that all scripts share: paths, output, fingerprints.

import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..")

/** A path inside the project. */
export const inProject = (...parts) => path.join(root, ...parts)

/** Prints progress to stderr. stdout is for the result of a command. */
export function say(topic, text) {
  process.stderr.write(`${topic}: ${text}\n`)
}

/** An error that is printed without a stack, because its message says everything. */
export class Failure extends Error {}

/** Runs `main`, prints a Failure as text, and sets the exit status. */
export async function runMain(main) {
  try {
    process.exitCode = (await main(process.argv.slice(2))) ?? 0
  } catch (error) {
    process.stderr.write(`\n${error instanceof Failure ? error.message : error.stack}\n`)
    process.exitCode = 1
  }
}

/** All files below a path, sorted. For a file, the file itself. */
export function filesBelow(start) {
  if (!existsSync(start)) return []
  if (!statSync(start).isDirectory()) return [start]
  return readdirSync(start, { withFileTypes: true })
    .flatMap((entry) => filesBelow(path.join(start, entry.name)))
    .sort()
}

/** A hash over the content of files and folders, and over any further values. */
export function fingerprint(paths, ...values) {
  const hash = createHash("sha256")
  for (const file of paths.flatMap(filesBelow)) {
    hash.update(path.relative(root, file)).update("\0").update(readFileSync(file)).update("\0")
  }
  return hash.update(JSON.stringify(values)).digest("hex")
}

/** The content of a JSON file; undefined if it is missing or invalid. */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return undefined
  }
}
