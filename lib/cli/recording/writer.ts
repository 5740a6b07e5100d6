// Writes a recording.

import { Buffer } from "node:buffer"
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from "node:fs"
import { crc32 } from "node:zlib"

import { CommandError } from "../command/exit.js"
import { warn } from "../command/terminal.js"
import { encodeHeader, RECORD_START, VARINT_MAX, writeVarint } from "./layout.js"
import { problemOf, RecordingReader } from "./reader.js"

/** What is collected before it is written, in bytes. */
const BUFFER = 1024 * 1024

/** What to do with a file that exists. */
export type Existing = "refuse" | "replace" | "append"

/** Checks a recording that is to be continued, and cuts off a record that is not complete. */
function checkEnd(file: string, fd: number): void {
  const reader = new RecordingReader(file, fd)
  for (const _ of reader.batches()) {
    // Reading checks.
  }
  const { torn } = reader
  if (torn === undefined) return
  warn(`${file}: the last record was not complete; its ${torn.bytes} bytes are removed`)
  ftruncateSync(fd, torn.at)
}

function open(file: string, existing: Existing): number {
  try {
    // Others must not read what may have come encrypted. Replacing begins with the recording, when nothing can fail any more.
    const fd = openSync(file, existing === "refuse" ? "wx" : "a+", 0o600)
    try {
      if (existing === "append" && fstatSync(fd).size > 0) checkEnd(file, fd)
    } catch (error) {
      closeSync(fd)
      throw error
    }
    return fd
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw problemOf(file, error)
    throw new CommandError(`${file} exists already. Add --append to continue it, or --force to replace it`)
  }
}

/**
 * Writes messages to a file. What `flush` has written survives the process, however it ends, because the kernel has it.
 */
export class RecordingWriter {
  readonly file: string
  readonly #existing: Existing
  readonly #isNew: boolean
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafe(BUFFER)
  #used = 0
  /** By performance.now(). */
  #begin: number | undefined
  /** The time of the last record, in microseconds after that. */
  #last = 0
  /** How much was written. */
  bytes = 0

  /** Opens the file, and checks what is in it. */
  constructor(file: string, existing: Existing) {
    this.file = file
    this.#existing = existing
    this.#isNew = !existsSync(file)
    this.#fd = open(file, existing)
  }

  /** Begins a recording. */
  begin(type: string): void {
    if (this.#existing === "replace" && fstatSync(this.#fd).isFile()) ftruncateSync(this.#fd)
    this.#begin = performance.now()
    this.#write(encodeHeader({ start: Date.now() * 1000, type }))
  }

  /** Adds a message that has just come. */
  add(parts: readonly Uint8Array[]): void {
    const now = Math.round((performance.now() - (this.#begin as number)) * 1000)
    let size = 0
    for (const { length } of parts) size += length
    const room = RECORD_START + VARINT_MAX * (2 + parts.length)
    if (this.#used + room + size > BUFFER) this.flush()
    if (room + size > 0xffffffff)
      throw new CommandError("A message is larger than 4 GiB, which a recording cannot hold")
    // Large messages are not copied.
    const isLarge = room + size > BUFFER
    const buffer = isLarge ? Buffer.allocUnsafe(room) : this.#buffer
    const start = isLarge ? 0 : this.#used
    const body = start + RECORD_START
    let at = writeVarint(buffer, body, now - this.#last)
    at = writeVarint(buffer, at, parts.length)
    for (const { length } of parts) at = writeVarint(buffer, at, length)
    const head = at
    if (!isLarge) {
      for (const part of parts) {
        buffer.set(part, at)
        at += part.length
      }
    }
    let checksum = crc32(buffer.subarray(body, at))
    if (isLarge) for (const part of parts) checksum = crc32(part, checksum)
    const length = head - body + size
    buffer.writeUInt32LE(length, start)
    buffer.writeUInt32LE(~length >>> 0, start + 4)
    buffer.writeUInt32LE(checksum, start + 8)
    this.#last = now
    if (!isLarge) {
      this.#used = at
      return
    }
    this.#write(buffer.subarray(0, head))
    for (const part of parts) this.#write(part)
  }

  /** Writes what was added. */
  flush(): void {
    const end = this.#used
    this.#used = 0
    this.#write(this.#buffer.subarray(0, end))
  }

  #write(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at)
    } catch (error) {
      throw problemOf(this.file, error)
    }
    this.bytes += bytes.length
  }

  /** Writes the rest, to the disk. A new file in which nothing was begun is removed. */
  close(): void {
    try {
      this.flush()
      if (fstatSync(this.#fd).isFile()) fdatasyncSync(this.#fd)
    } finally {
      closeSync(this.#fd)
      if (this.#isNew && this.#begin === undefined) unlinkSync(this.file)
    }
  }
}
