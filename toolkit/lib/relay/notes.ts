// What a source remembers between two starts: a small JSON file, replaced as a whole.

import { mkdir, open, readFile, rename } from "node:fs/promises"
import { dirname } from "node:path"

/** Undefined if there is none, or if it cannot be read. */
export async function readNote<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T
  } catch {
    return undefined
  }
}

/** Resolves once it is on disk. */
export async function saveNote(path: string, value: unknown): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const file = await open(`${path}.new`, "w", 0o600)
  try {
    await file.writeFile(JSON.stringify(value))
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}
