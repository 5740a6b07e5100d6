// Reads and writes certificate and password files: each whole or not at all, secret ones readable by their owner only.

import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import { constants, type Stats } from "node:fs"
import { open, rename, rm } from "node:fs/promises"
import process from "node:process"

/** The largest certificate file. Bytes. */
export const LARGEST = 64 << 10

const hasModes = process.platform !== "win32"

/** Throws EINVAL unless it is a regular file, and EFBIG if it is too large. */
export function checkFile(file: string, stats: Stats, largest: number): void {
  if (!stats.isFile()) throw Object.assign(new Error(`${file} is not a regular file`), { code: "EINVAL", path: file })
  if (stats.size > largest)
    throw Object.assign(new Error(`${file} is too large: it has ${stats.size} bytes, and ${largest} are allowed`), {
      code: "EFBIG",
      path: file,
    })
}

/** Throws EACCES if the mode has one of the forbidden bits. */
export function checkMode(file: string, { mode }: Stats, forbidden: number, why: string, remedy: string): void {
  if (!hasModes || (mode & forbidden) === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, "0")
  const message = `${file} ${why}. Its mode is ${octal}; run: ${remedy} ${file}`
  throw Object.assign(new Error(message), { code: "EACCES", path: file })
}

/** Throws EACCES if anyone but the owner can change a file or folder that says who may connect. */
export const checkUnchangeable = (file: string, stats: Stats): void =>
  checkMode(file, stats, 0o022, "can be changed by other users than its owner", "chmod go-w")

/** Checks a file and returns its contents, through one descriptor, so that it is the same file. */
export async function readFile(file: string, check: (stats: Stats) => void): Promise<Buffer> {
  // O_NONBLOCK: if it is a FIFO, do not wait for a writer.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stats = await handle.stat()
    check(stats)
    const contents = Buffer.alloc(stats.size)
    const { bytesRead } = await handle.read(contents, 0, stats.size, 0)
    return contents.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The mode and owner that a written file gets. */
export interface FileOwner {
  mode: number
  uid?: number
  gid?: number
}

async function write(file: string, contents: Uint8Array, { mode, uid, gid }: FileOwner): Promise<void> {
  const handle = await open(file, "wx", mode)
  try {
    if (hasModes && uid !== undefined && gid !== undefined) await handle.chown(uid, gid)
    // The umask changed the mode that open() was given.
    if (hasModes) await handle.chmod(mode)
    await handle.writeFile(contents)
    await handle.sync()
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

/** Writes a temporary file and renames it, so that readers see either the old file or the whole new one. */
export async function replaceFile(file: string, contents: Uint8Array, owner: FileOwner): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    await write(temporary, contents, owner)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    const { message } = error as Error
    throw Object.assign(error as Error, { message: message.replaceAll(temporary, file), path: file })
  }
}

/** Writes a new file. EEXIST if it exists already. */
export async function createFile(file: string, contents: Uint8Array, owner: FileOwner): Promise<void> {
  try {
    await write(file, contents, owner)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    const message = `${file} exists already. Remove it or choose another name`
    throw Object.assign(error as Error, { message })
  }
}
