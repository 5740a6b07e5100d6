// Finds the files to scan.

import { readdir, realpath, stat } from "node:fs/promises"
import path from "node:path"

import { Failure } from "./failure.mjs"

const SOURCE = /\.(?:[cm]?[jt]s|[jt]sx)$/
const SKIPPED = new Set(["node_modules", ".git", "build", "dist"])

/** Whether a path below the scanned folder is that of a source file. */
export const isSource = (file) => SOURCE.test(file) && !file.split(/[\\/]/).some((name) => SKIPPED.has(name))

async function walk(root, folder, files) {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true }).catch((error) => {
    if (folder === "") throw error
    console.error(`Skipped ${JSON.stringify(folder)}: ${error.message}`)
    return []
  })
  // A symbolic link is neither a file nor a directory here, so it is not followed: no loops, and no file twice.
  for (const entry of entries) {
    const name = path.join(folder, entry.name)
    if (entry.isDirectory() && !SKIPPED.has(entry.name)) await walk(root, name, files)
    if (entry.isFile() && SOURCE.test(entry.name)) files.push(name)
  }
}

/** If a large file came last, one worker would scan it while the others had nothing left to do. */
async function largestFirst(root, files) {
  const size = async (file) => (await stat(path.join(root, file)).catch(() => ({ size: 0 }))).size
  const sized = await Promise.all(files.map(async (file) => [file, await size(file)]))
  return sized.sort((a, b) => b[1] - a[1]).map(([file]) => file)
}

/** Finds the source files in a folder, or a single one. Resolves with the folder and their paths below it. */
export async function findFiles(target) {
  const quoted = JSON.stringify(target)
  const files = []
  try {
    const kind = await stat(target)
    const root = await realpath(kind.isFile() ? path.dirname(target) : target)
    if (kind.isDirectory()) await walk(root, "", files)
    else if (!kind.isFile()) throw new Failure(`${quoted} is neither a file nor a folder`, 2)
    else if (SOURCE.test(target)) files.push(path.basename(target))
    if (files.length === 0) throw new Failure(`No JavaScript or TypeScript files to scan: ${quoted}`, 2)
    return { root, files: await largestFirst(root, files) }
  } catch (error) {
    if (error instanceof Failure) throw error
    if (error.code === "ENOENT") throw new Failure(`No such file or folder: ${quoted}`, 2)
    throw new Failure(`Cannot read ${quoted}: ${error.message}`, 2)
  }
}
