// Reads and writes files of certificates and passwords: never half, and secret ones for their owner alone.

import { Buffer } from "node:buffer"
import { randomUUID } from "node:crypto"
import { constants, type Stats } from "node:fs"
import { open, rename, rm } from "node:fs/promises"
import process from "node:process"

/** No certificate is larger. Bytes. */
export const LARGEST = 64 << 10

const hasModes = process.platform !== "win32"

/** Throws unless it is a file, and not too large. */
export function checkFile(file: string, stats: Stats, largest: number): void {
  if (!stats.isFile()) throw Object.assign(new Error(`${file} is no file`), { code: "EINVAL", path: file })
  if (stats.size > largest) throw Object.assign(new Error(`${file} is too large`), { code: "EFBIG", path: file })
}

/** Throws if the mode allows what it should not. */
export function checkMode(file: string, { mode }: Stats, forbidden: number, why: string, remedy: string): void {
  if (!hasModes || (mode & forbidden) === 0) return
  const octal = (mode & 0o777).toString(8).padStart(4, "0")
  const message = `${file} ${why}. Its mode is ${octal}; run: ${remedy} ${file}`
  throw Object.assign(new Error(message), { code: "EACCES", path: file })
}

/** Throws if others than its owner can change what says who may connect. */
export const checkUnchangeable = (file: string, stats: Stats): void =>
  checkMode(file, stats, 0o022, "can be changed by others than its owner", "chmod go-w")

/** The contents of a file that was checked: the same one, since both are asked of one descriptor. */
export async function readFile(file: string, check: (stats: Stats) => void): Promise<Buffer> {
  // Without waiting for a writer, should it be a FIFO.
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

/** What a file that is replaced keeps, or is given. */
export interface FileOwner {
  mode: number
  uid?: number
  gid?: number
}

async function write(file: string, contents: Uint8Array, { mode, uid, gid }: FileOwner): Promise<void> {
  const handle = await open(file, "wx", mode)
  try {
    if (hasModes && uid !== undefined && gid !== undefined) await handle.chown(uid, gid)
    // The mode that open() was given is cut by the umask, which may leave more or less than wanted.
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

/** Writes a file under another name, and then gives it its own: readers see all of it or the one before. */
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

/** Writes a file that must not be there yet. */
export async function createFile(file: string, contents: Uint8Array, owner: FileOwner): Promise<void> {
  try {
    await write(file, contents, owner)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    const message = `${file} is there already; remove it, or choose another name`
    throw Object.assign(error as Error, { message })
  }
}
