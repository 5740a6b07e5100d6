// A path that stays under a folder.

import { realpathSync, statSync } from "node:fs"
import { relative, resolve, sep } from "node:path"

export interface PathOptions {
  readonly root: string
  readonly kind: "file" | "folder" | "any"
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/**
 * The path with all links followed. It must be there, and under the root with the root's links followed.
 *
 * @param folder What the root is relative to. The path is relative to the root.
 * @throws Error if it leads elsewhere, or is not there
 */
export function filePath(text: string, { root, kind }: PathOptions, folder: string): string {
  let top: string
  let real: string
  try {
    top = realpathSync(resolve(folder, root))
  } catch (error) {
    throw new Error(`The root ${root} cannot be used: ${codeOf(error)}`)
  }
  const path = resolve(top, text)
  try {
    real = realpathSync(path)
  } catch (error) {
    // Before the text has proved to be under the root, what is elsewhere is not told.
    if (!isUnder(top, path)) throw new Error(`${JSON.stringify(text)} is not under ${root}`)
    throw new Error(`There is no ${JSON.stringify(text)} under ${root}: ${codeOf(error)}`)
  }
  if (!isUnder(top, real)) throw new Error(`${JSON.stringify(text)} is not under ${root}`)
  const stats = statSync(real)
  const isRight =
    kind === "any" ? stats.isFile() || stats.isDirectory() : kind === "file" ? stats.isFile() : stats.isDirectory()
  if (!isRight) throw new Error(`${JSON.stringify(text)} is not a ${kind === "folder" ? "folder" : "regular file"}`)
  return real
}

function isUnder(top: string, path: string): boolean {
  const way = relative(top, path)
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`)
}
