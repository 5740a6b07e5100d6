// The sink `file`: a line of JSON for each event, on disk before it counts as delivered.

import { Buffer } from "node:buffer"
import { hash } from "node:crypto"
import { type FileHandle, mkdir, open, readdir, rename, unlink } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import process from "node:process"
import { z } from "zod"
import { duration, size } from "../../config/index.js"
import { type ComponentContext, type Outcome, type Outgoing, type Sink, sinkKind } from "../components.js"
import { eventLine } from "../formats/event-lines.js"

const schema = z.strictObject({
  path: z.string().min(1).describe("The file. It is created if it does not exist."),
  maxBytes: size()
    .optional()
    .describe(
      "The size at which the file is renamed (the time is added to its name) and a new one begun. Never, by default.",
    ),
  maxAge: duration().optional().describe("The age at which the file is renamed. Never, by default."),
  keep: z.int().min(1).optional().describe("How many renamed files are kept. All, by default."),
})
type Config = z.infer<typeof schema>

/** What is read of an existing file: at least the largest batch. */
const endBytes = 16 << 20
/** How much of it is read at a time, so that a large file takes no more memory than a small one. */
const blockBytes = 256 << 10
/** How many lines at the end of a file are looked at. */
const maxLines = 10_000

/** Of a line without its end. Two events of one id can have different lines: each route that changes an event makes one. */
const digestOf = (line: Uint8Array): string => hash("sha256", line, "binary")

class FileSink implements Sink {
  readonly #config: Config
  readonly #path: string
  #file: FileHandle | undefined
  #length = 0
  #begun = 0
  /** The last lines of the file. The relay may have ended after it wrote them, and before it noted that: then they come again, in the same order. */
  #written = new Set<string>()
  /** The position of the last event that was written. If that could not be noted, it comes again. */
  #last = -1

  constructor(config: Config, { folder }: ComponentContext) {
    this.#config = config
    this.#path = resolve(folder, config.path)
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#path), { recursive: true })
    await this.#open()
  }

  async #open(): Promise<void> {
    const file = await open(this.#path, "a+", 0o640)
    try {
      const { size, birthtimeMs } = await file.stat()
      this.#begun = size === 0 ? Date.now() : birthtimeMs || Date.now()
      this.#length = await this.#readEnd(file, size)
      // A line without an end was not delivered.
      if (this.#length < size) await file.truncate(this.#length)
      this.#file = file
    } catch (error) {
      await file.close()
      throw error
    }
    await syncFolder(dirname(this.#path))
  }

  /** Notes the events at the end of the file. Resolves to the end of its last complete line. */
  async #readEnd(file: FileHandle, size: number): Promise<number> {
    const first = Math.max(size - endBytes, 0)
    const digests: string[] = []
    let end: number | undefined
    let memory = Buffer.alloc(Math.min(size - first, blockBytes))
    // Backwards. What is before `at` was not looked at yet; once `end` is known, there is the end of a line.
    for (let at = size; at > first && digests.length < maxLines; ) {
      const from = Math.max(at - memory.length, first)
      const bytes = await readAt(file, from, memory.subarray(0, at - from))
      let to = bytes.lastIndexOf(0x0a)
      if (to !== -1) end ??= from + to + 1
      while (to !== -1 && digests.length < maxLines) {
        const before = to === 0 ? -1 : bytes.lastIndexOf(0x0a, to - 1)
        // It begins in the block before.
        if (before === -1 && from > first) break
        digests.push(digestOf(bytes.subarray(before + 1, to)))
        to = before
      }
      const next = to === -1 ? from : from + to + 1
      // A line that is longer than a block.
      if (next === at) memory = Buffer.alloc(Math.min(memory.length * 2, endBytes))
      at = next
    }
    this.#written = new Set(digests)
    return end ?? first
  }

  async deliver(batch: readonly Outgoing[]): Promise<Outcome[]> {
    let file = this.#file
    if (file === undefined) throw new Error("The file is not open")
    const lines = this.#unwritten(batch)
    if (lines.length === 0) return batch.map(() => "done")
    const bytes = Buffer.concat(lines)
    if (this.#isDue(bytes.length)) file = await this.#rotate(file)
    try {
      await file.appendFile(bytes)
      await file.datasync()
    } catch (error) {
      // So that a retry does not write lines twice.
      await file.truncate(this.#length).catch(() => {})
      throw error
    }
    this.#length += bytes.length
    this.#last = batch.at(-1)?.position ?? this.#last
    this.#written.clear()
    return batch.map(() => "done")
  }

  /** The lines of a batch that are not in the file. What comes again after a kill may come in smaller batches than before. */
  #unwritten(batch: readonly Outgoing[]): Buffer[] {
    const lines = batch.filter(({ position }) => position > this.#last).map((outgoing) => eventLine(outgoing))
    if (this.#written.size === 0) return lines
    const first = lines.findIndex((line) => !this.#written.has(digestOf(line.subarray(0, -1))))
    return first === -1 ? [] : lines.slice(first)
  }

  #isDue(more: number): boolean {
    const { maxBytes = Number.POSITIVE_INFINITY, maxAge = Number.POSITIVE_INFINITY } = this.#config
    return this.#length > 0 && (this.#length + more > maxBytes || Date.now() - this.#begun > maxAge)
  }

  async #rotate(file: FileHandle): Promise<FileHandle> {
    this.#file = undefined
    await file.close()
    const stamp = new Date().toISOString().replace(/[:.]/g, "-")
    await rename(this.#path, `${this.#path}.${stamp}`)
    await this.#open()
    const { keep } = this.#config
    if (keep !== undefined) {
      const prefix = `${basename(this.#path)}.2`
      const old = (await readdir(dirname(this.#path))).filter((name) => name.startsWith(prefix)).sort()
      for (const name of old.slice(0, -keep)) await unlink(join(dirname(this.#path), name))
    }
    return this.#file as unknown as FileHandle
  }

  async stop(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }
}

/** Reads from a place in a file: what there is, if that is less. */
async function readAt(file: FileHandle, from: number, bytes: Buffer): Promise<Buffer> {
  let read = 0
  while (read < bytes.length) {
    const { bytesRead } = await file.read(bytes, read, bytes.length - read, from + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return bytes.subarray(0, read)
}

/** A new name in a folder is durable once the folder is. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const fileSink = sinkKind<Config>({
  schema,
  claims: ({ path }) => [`the file ${path}`],
  create: (config, context) => new FileSink(config, context),
})
