// What is in the replicated log: commands that change a store, in batches. Every copy of the store carries them out in the same order, and so
// all copies are equal. A batch is what one writer sent at once; it may take several messages.

import { Buffer } from "node:buffer"
import { type Draft, kinds, type Position, readRecord, recordLength, writeRecord } from "../log/record.js"
import type { AppendOptions, Gap, NewEvent } from "../store.js"

/** How a stream's append is told. `whenFull` and `signal` are matters of the writer. */
export type StreamOptions = Omit<AppendOptions, "whenFull" | "signal" | "serving">

/** A cursor that the writer serves, and in which epoch. */
export interface Serving {
  cursor: string
  epoch?: number | undefined
}

/** A change of the store. */
export type Command =
  | ({ op: "append"; events: number; serving?: Serving | undefined } & StreamOptions)
  | { op: "forget-stream"; stream: string }
  | { op: "add-cursor"; cursor: string; from: "start" | "end" }
  | { op: "remove-cursor"; cursor: string }
  /** With the epoch in which the writer serves the cursor, if it does. */
  | { op: "commit"; cursor: string; position: Position; note?: string | undefined; epoch?: number | undefined }
  | { op: "rewind"; cursor: string; position: Position }
  | {
      op: "dead"
      events: 1
      cursor: string
      reason: string
      position: Position
      since: number
      epoch?: number | undefined
    }
  | { op: "replay"; cursor: string; ids: readonly Position[] }
  | { op: "discard"; cursor: string; ids: readonly Position[] }
  /** The oldest events go, whoever needs them. */
  | { op: "drop"; until: Position; reason: Gap["reason"] }
  /** The writer works. */
  | { op: "alive"; name: string }
  /** The writer serves the cursor from now on, if this still was its epoch. */
  | { op: "claim"; cursor: string; epoch: number; name: string; copy: string }
  | { op: "release"; cursor: string; epoch: number }

/** A command with its events. */
export interface Request {
  readonly command: Command
  readonly events: readonly NewEvent[]
}

/** The commands of one writer that are carried out together. */
export interface CommandBatch {
  /** Who wrote it: a process, by a random UUID. */
  readonly from: string
  /** Counts up from 1 for each writer. */
  readonly number: number
  readonly requests: readonly Request[]
}

/** Which layout a message has. */
const version = 1
/** A writer's name: a UUID as text. */
const nameBytes = 36
/** Version, part, number of parts, and the writer. */
const headBytes = 1 + 4 + 4 + nameBytes

const recordOf = ({ frames, sender, time }: NewEvent): Draft => ({
  kind: kinds.entry,
  time: time ?? Date.now(),
  span: 1,
  sender: sender ?? "",
  meta: "",
  frames,
})

/** About how many bytes a request takes. */
export const requestBytes = ({ command, events }: Request): number =>
  events.reduce((sum, event) => sum + recordLength(recordOf(event)), Buffer.byteLength(JSON.stringify(command)) + 1)

/** The messages of a batch, none of which is longer than this. */
export function encodeBatch({ from, number, requests }: CommandBatch, maxBytes: number): Buffer[] {
  const head = Buffer.from(JSON.stringify({ from, number, commands: requests.map(({ command }) => command) }))
  const records = requests.flatMap(({ events }) => events.map(recordOf))
  const lengths = records.map(recordLength)
  const body = Buffer.alloc(4 + head.length + lengths.reduce((sum, length) => sum + length, 0))
  body.writeUInt32LE(head.length)
  head.copy(body, 4)
  let at = 4 + head.length
  for (const [index, record] of records.entries()) {
    const length = lengths[index] as number
    writeRecord(body, at, length, record, 0, false)
    at += length
  }
  const room = maxBytes - headBytes
  const parts = Math.max(1, Math.ceil(body.length / room))
  return Array.from({ length: parts }, (_, part) => {
    const message = Buffer.alloc(headBytes + Math.min(room, body.length - part * room))
    message[0] = version
    message.writeUInt32LE(part, 1)
    message.writeUInt32LE(parts, 5)
    message.write(from, 9, nameBytes, "latin1")
    body.copy(message, headBytes, part * room)
    return message
  })
}

/** A message: a part of a batch. */
export interface Part {
  readonly from: string
  readonly part: number
  readonly parts: number
  readonly bytes: Buffer
}

/**
 * Reads a message.
 *
 * @throws Error if it is none of a replicated log, or of a later version.
 */
export function readPart(message: Buffer): Part {
  if (message.length < headBytes) throw new Error("it is too short")
  if (message[0] !== version) throw new Error(`it has version ${message[0]}; this program knows ${version}. Update it`)
  const from = message.toString("latin1", 9, headBytes)
  return { from, part: message.readUInt32LE(1), parts: message.readUInt32LE(5), bytes: message.subarray(headBytes) }
}

/**
 * Reads a batch out of its parts.
 *
 * @throws Error if they are none.
 */
export function decodeBatch(parts: readonly Buffer[]): CommandBatch {
  const body = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  const headLength = body.readUInt32LE(0)
  const { from, number, commands } = JSON.parse(body.toString("utf8", 4, 4 + headLength))
  let at = 4 + headLength
  const requests = (commands as Command[]).map((command): Request => {
    const events: NewEvent[] = []
    const count = "events" in command ? command.events : 0
    while (events.length < count) {
      const record = readRecord(body, at)
      if (typeof record === "string") throw new Error(`an event has ${record}`)
      events.push({ frames: record.frames, sender: record.sender || undefined, time: record.time })
      at += record.length
    }
    return { command, events }
  })
  if (at !== body.length) throw new Error("it is longer than its commands")
  return { from, number, requests }
}
