// The audit log as a file of lines: `log.ndjson` in its folder. A line is on disk before it counts.

import { Buffer } from "node:buffer"
import { constants } from "node:fs"
import { type FileHandle, open } from "node:fs/promises"
import { join, resolve } from "node:path"
import { LineSplitter } from "../../relay/formats/lines.js"
import { makeFolder, syncFolder } from "../../store/log/file-system.js"
import { Owner } from "../../store/owner.js"
import type { RespondConfig } from "../configuration/configuration.js"
import type { AuditTrail } from "./journal.js"

/** No entry is longer. */
const maxEntry = 65_535

/** So much is read at a time. */
const chunkBytes = 1 << 16

/** Lines in a file. */
class LineTrail implements AuditTrail {
  readonly #file: FileHandle
  readonly #owner: Owner
  #size = 0
  /** The bytes that count. */
  #end = 0
  /** Whether what is behind these bytes may have to be removed. */
  #isTorn = false

  constructor(file: FileHandle, owner: Owner) {
    this.#file = file
    this.#owner = owner
  }

  get size(): number {
    return this.#size
  }

  /** Counts what is there. A line without an end was not acknowledged. */
  async load(): Promise<void> {
    for await (const line of this.entries(0)) {
      this.#size++
      this.#end += Buffer.byteLength(line) + 1
    }
    this.#isTorn = true
  }

  async append(entry: string): Promise<{ index: number }> {
    if (this.#isTorn) await this.#file.truncate(this.#end)
    this.#isTorn = true
    const bytes = Buffer.from(`${entry}\n`)
    await this.#file.write(bytes, 0, bytes.length, this.#end)
    await this.#file.datasync()
    this.#isTorn = false
    this.#end += bytes.length
    return { index: this.#size++ }
  }

  async *entries(from: number): AsyncGenerator<string> {
    const splitter = new LineSplitter(maxEntry)
    const chunk = Buffer.alloc(chunkBytes)
    let index = 0
    for (let at = 0; ; ) {
      const { bytesRead } = await this.#file.read(chunk, 0, chunkBytes, at)
      if (bytesRead === 0) return
      at += bytesRead
      for (const { bytes } of splitter.push(Buffer.from(chunk.subarray(0, bytesRead))))
        if (index++ >= from) yield String(bytes)
    }
  }

  async close(): Promise<void> {
    await this.#file.close()
    await this.#owner.release()
  }
}

/** Opens the audit log of a configuration. */
export async function openTrail({ folder, audit }: RespondConfig): Promise<AuditTrail> {
  const path = resolve(folder, audit.path)
  makeFolder(path)
  const owner = await Owner.claim(path)
  try {
    const file = await open(join(path, "log.ndjson"), constants.O_RDWR | constants.O_CREAT, 0o600)
    syncFolder(path)
    const trail = new LineTrail(file, owner)
    await trail.load()
    return trail
  } catch (error) {
    await owner.release()
    throw error
  }
}
