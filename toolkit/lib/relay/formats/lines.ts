// Lines of text as events, for the sources that read them.

import { Buffer } from "node:buffer"
import { createHash } from "node:crypto"
import { z } from "zod"
import { size } from "../../config/index.js"
import { accept, acceptJson, createEvent, EventError, encode } from "../../events/index.js"
import type { Incoming } from "../components.js"

export const lineOptions = {
  format: z
    .enum(["text", "json", "events"])
    .prefault("text")
    .describe("What a line is: text, JSON, or an event (CloudEvents in JSON) as the sink `file` writes them."),
  eventType: z.string().min(1).prefault("log.recorded").describe("The type of the events (`text`, `json`)."),
  maxLine: size().prefault("64KiB").describe("A longer line is refused, and counted."),
}
export interface LineOptions {
  format: "text" | "json" | "events"
  eventType: string
  maxLine: number
}

/** A line, and where it ends. */
export interface Line {
  bytes: Buffer
  /** The offset behind its line break. */
  end: number
  isTooLong: boolean
}

/** Splits a stream of bytes into lines. */
export class LineSplitter {
  readonly #maxLine: number
  #chunks: Buffer[] = []
  #length = 0
  #offset: number

  constructor(maxLine: number, offset = 0) {
    this.#maxLine = maxLine
    this.#offset = offset
  }

  /** The lines that end in a chunk. */
  push(chunk: Buffer): Line[] {
    const lines: Line[] = []
    let start = 0
    for (;;) {
      const end = chunk.indexOf(0x0a, start)
      if (end < 0) break
      this.#keep(chunk.subarray(start, end))
      lines.push(this.#line(this.#offset + end + 1))
      start = end + 1
    }
    this.#keep(chunk.subarray(start))
    this.#offset += chunk.length
    return lines
  }

  /** What has no line break behind it. */
  end(): Line | undefined {
    return this.#length === 0 ? undefined : this.#line(this.#offset)
  }

  #keep(part: Buffer): void {
    this.#length += part.length
    if (this.#length <= this.#maxLine) this.#chunks.push(Buffer.from(part))
    else this.#chunks = []
  }

  #line(end: number): Line {
    const isTooLong = this.#length > this.#maxLine
    let bytes = Buffer.concat(this.#chunks)
    if (bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1)
    this.#chunks = []
    this.#length = 0
    return { bytes, end, isTooLong }
  }
}

/** Makes an event of a line. `key` gives its id: the same key, the same id. Throws an `EventError` if that cannot be done. */
export function eventOfLine(bytes: Buffer, source: string, key: string | undefined, options: LineOptions): Incoming {
  if (options.format === "events") {
    // The type is in the envelope. Whether it is one is for `accept` to say.
    let type: unknown
    try {
      type = (JSON.parse(bytes.toString("utf8")) as { type?: unknown } | null)?.type
    } catch {}
    const { event, frames } = accept([Buffer.from(typeof type === "string" ? type : ""), bytes])
    return { event, frames }
  }
  const id = key === undefined ? {} : { id: createHash("sha256").update(key).digest("base64url") }
  if (options.format === "json") {
    const event = createEvent({ ...id, source, type: options.eventType, datacontenttype: "application/json" })
    return acceptJson(event, bytes)
  }
  const text = bytes.toString("utf8")
  const data = Buffer.from(text).equals(bytes) ? text : bytes
  const event = createEvent({ ...id, source, type: options.eventType, datacontenttype: "text/plain", data })
  return { event, frames: encode(event) }
}

/** The events of some lines. Those that cannot be one are refused. */
export function eventsOfLines(
  lines: readonly Line[],
  source: string,
  keyOf: (line: Line) => string | undefined,
  options: LineOptions,
  refuse: (reason: string, details?: Record<string, unknown>) => void,
): Incoming[] {
  const events: Incoming[] = []
  for (const line of lines) {
    if (line.isTooLong) refuse("too-long", { maxLine: options.maxLine })
    else if (line.bytes.length > 0) {
      try {
        events.push(eventOfLine(line.bytes, source, keyOf(line), options))
      } catch (error) {
        if (!(error instanceof EventError)) throw error
        refuse(error.code, { message: error.message })
      }
    }
  }
  return events
}
