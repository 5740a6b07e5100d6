// Reads and writes certificate files: never half, and secret ones for their owner alone.

import { randomUUID } from "node:crypto"
import { constants } from "node:fs"
import { open, rename, rm } from "node:fs/promises"

/** No certificate is larger. Bytes. */
const LARGEST = 64 << 10

const hasModes = process.platform !== "win32"

/** The contents of a file, and whether its owner alone can read and change it: asked of the same descriptor. */
export async function readCertificateFile(file: string) {
  // Without waiting for a writer, should it be a FIFO.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw Object.assign(new Error(`${file} is no file`), { code: "EINVAL", path: file })
    if (stat.size > LARGEST) {
      throw Object.assign(new Error(`${file} is too large for a certificate`), { code: "EFBIG", path: file })
    }
    const contents = Buffer.alloc(stat.size)
    const { bytesRead } = await handle.read(contents, 0, stat.size, 0)
    return {
      contents: contents.subarray(0, bytesRead),
      isPrivate: !hasModes || (stat.mode & 0o077) === 0,
      remedy: `Its mode is ${(stat.mode & 0o777).toString(8).padStart(4, "0")}; run: chmod 600 ${file}`,
    }
  } finally {
    await handle.close()
  }
}

/** Writes a file under another name, and then gives it its own: readers see all of it or the one before. */
export async function writeCertificateFile(file: string, contents: Uint8Array, mode: number): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, "wx", mode)
    try {
      // The mode that open() was given is cut by the umask, which may leave more or less than wanted.
      if (hasModes) await handle.chmod(mode)
      await handle.writeFile(contents)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
