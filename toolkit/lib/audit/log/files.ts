// Files that are whole or not there, and on disk.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs"
import { mkdir, open, rename } from "node:fs/promises"
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

/** Writes many files at once, and makes them and their names durable. */
export class FileBatch {
  readonly #folders = new Set<string>()

  /** Writes a file. Its bytes are on disk when this resolves; its name is after `sync`. */
  async write(path: string, bytes: Uint8Array): Promise<void> {
    const folder = dirname(path)
    if (!this.#folders.has(folder)) await this.#makeFolder(folder)
    const file = await open(path + NEW, "w", 0o644)
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
    await rename(path + NEW, path)
  }

  async #makeFolder(folder: string): Promise<void> {
    this.#folders.add(folder)
    if (existsSync(folder)) return
    const first = await mkdir(folder, { recursive: true, mode: 0o755 })
    // Each new folder is a name in the one above it.
    for (let at = folder; first !== undefined; at = dirname(at)) {
      this.#folders.add(dirname(at))
      if (at === first) break
    }
  }

  /** Makes all names durable. */
  sync(): void {
    for (const folder of this.#folders) syncFolder(folder)
    this.#folders.clear()
  }
}

/** Creates a folder for files that are served. */
export function makeServedFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o755 })
  syncFolder(dirname(path))
}
