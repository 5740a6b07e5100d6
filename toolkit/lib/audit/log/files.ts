// Files that are whole or not there, and on disk.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs"
import { type FileHandle, mkdir, open, rename } from "node:fs/promises"
import { dirname } from "node:path"
import { syncFolder } from "../../store/log/file-system.js"

const NEW = ".new"

/** Replaces a file. When this returns, the new content is on disk; before, the old one is. */
export function replaceFile(path: string, content: string, mode = 0o644): void {
  const file = openSync(path + NEW, "w", mode)
  try {
    writeFileSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(path + NEW, path)
  syncFolder(dirname(path))
}

/** A file to write. */
export interface NewFile {
  path: string
  bytes: Uint8Array
}

/** How many files are open at a time. */
const OPEN = 64
/** How many are written at a time: one less than Node has threads for that, so that the journal need not wait. */
const AT_ONCE = 3

/**
 * Writes many files, and makes their bytes and names durable. If it rejects, all writes have ended, and there may be some of the files.
 *
 * All are written before the first one is synchronized: a file system that groups what it commits then does most of the work once.
 */
export async function writeFiles(files: readonly NewFile[]): Promise<void> {
  const folders = new Set<string>()
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await makeFolder(folder, folders)
  for (let from = 0; from < files.length; from += OPEN) await writeSome(files.slice(from, from + OPEN))
  for (const folder of folders) syncFolder(folder)
}

async function writeSome(files: readonly NewFile[]): Promise<void> {
  const handles: { path: string; handle: FileHandle }[] = []
  try {
    await each(files, async ({ path, bytes }) => {
      const handle = await open(path + NEW, "w", 0o644)
      handles.push({ path, handle })
      await handle.writeFile(bytes)
    })
    await each(handles, ({ handle }) => handle.datasync())
  } finally {
    for (const { handle } of handles) await handle.close().catch(() => {})
  }
  for (const { path } of handles) await rename(path + NEW, path)
}

/** Does something with each, some at a time, and waits for all, also if one fails. */
async function each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  const results = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker))
  for (const result of results) if (result.status === "rejected") throw result.reason
}

/** Makes a folder, and notes those whose names must be durable: each new one is a name in the one above it. */
async function makeFolder(folder: string, changed: Set<string>): Promise<void> {
  changed.add(folder)
  if (existsSync(folder)) return
  const first = await mkdir(folder, { recursive: true, mode: 0o755 })
  for (let at = folder; first !== undefined; at = dirname(at)) {
    changed.add(dirname(at))
    if (at === first) break
  }
}

/** Creates a folder for files that are served. */
export function makeServedFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 })
  syncFolder(dirname(path))
}
