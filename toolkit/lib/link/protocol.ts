// The messages of the link, and their bytes. docs/link.md is the specification; its vectors are a test of this file.

import { Buffer } from "node:buffer"
import type { Message } from "ohmq"
import type { Gap } from "../store/index.js"
import { LinkError, type RefusalCode, refusals } from "./link-error.js"

/** The version of the protocol. */
export const VERSION = 1
export const MARK_BYTES = 16
/** Most events in one message: their numbers of frames are in its head. */
export const MAX_EVENTS = 255
/** READY without a mark. */
const READY_BYTES = 18
/** What an event counts of the credit beside the bytes of its frames. */
export const EVENT_OVERHEAD = 64

const kinds = { hello: 0x01, event: 0x02, gap: 0x03, bye: 0x04, ready: 0x11, ack: 0x12, refuse: 0x13 } as const

/** Why events are missing. `not-held`: the receiver lacks them, and the sender holds them no more. */
export type LossReason = Gap["reason"] | "not-held"
const losses: readonly LossReason[] = ["dropped", "expired", "damaged", "stream", "not-held"]

const byes = ["closed", "restored"] as const
export type ByeCode = (typeof byes)[number]

const refusalNames = new Map<number, RefusalCode>(
  Object.entries(refusals).map(([name, byte]) => [byte, name as RefusalCode]),
)

/** Opens a session. */
export interface Hello {
  kind: "hello"
  version: number
  /** Random bytes of the sending object: whoever has the same is the same. */
  instance: Buffer
  /** The oldest sequence that the sender still has. */
  firstHeld: number
  /** The last sequence that the sender knows to be stored. */
  acknowledged: number
  stream: string
}

/** Events with sequences that follow each other. */
export interface Events {
  kind: "event"
  /** Of the first event. */
  sequence: number
  /** The sequence before it. Those between have no events. */
  previous: number
  /** Of the last event. */
  mark: Buffer
  events: Uint8Array[][]
}

/** Events that the sender has lost. */
export interface Loss {
  kind: "gap"
  sequence: number
  previous: number
  mark: Buffer
  reason: LossReason
  from: number
  to: number
}

/** Ends a session. */
export interface Bye {
  kind: "bye"
  code: ByeCode
}

/** Answers HELLO. */
export interface Ready {
  kind: "ready"
  version: number
  /** The last sequence of the stream that is stored. */
  last: number
  /** How many bytes may be unacknowledged. */
  credit: number
  /** How many bytes the frames of an event may have. The sender does not send a larger one. */
  maxEventBytes: number
  /** Of the last event, as the sender gave it. Undefined if it is not known. */
  mark: Buffer | undefined
}

/** Everything up to a sequence is stored, or was refused. */
export interface Ack {
  kind: "ack"
  sequence: number
  credit: number
}

/** An event is not taken; or, with sequence 0, the session is not. */
export interface Refuse {
  kind: "refuse"
  sequence: number
  code: RefusalCode
  reason: string
}

export type FromSender = Hello | Events | Loss | Bye
export type FromReceiver = Ready | Ack | Refuse

const malformed = (what: string) => new LinkError("MALFORMED", what)

function writeNumber(head: Buffer, value: number, offset: number): void {
  head.writeUInt32BE(Math.floor(value / 0x1_0000_0000), offset)
  head.writeUInt32BE(value % 0x1_0000_0000, offset + 4)
}

function readNumber(head: Buffer, offset: number, name: string): number {
  const value = head.readUInt32BE(offset) * 0x1_0000_0000 + head.readUInt32BE(offset + 4)
  if (!Number.isSafeInteger(value)) throw malformed(`The ${name} is larger than 2^53 - 1`)
  return value
}

function headOf(kind: number, bytes: number, ...numbers: number[]): Buffer {
  const head = Buffer.alloc(1 + bytes + 8 * numbers.length)
  head[0] = kind
  numbers.forEach((value, i) => {
    writeNumber(head, value, 1 + 8 * i)
  })
  return head
}

export function encodeHello({ version, instance, firstHeld, acknowledged, stream }: Omit<Hello, "kind">): Buffer[] {
  const head = Buffer.alloc(34)
  head[0] = kinds.hello
  head[1] = version
  instance.copy(head, 2)
  writeNumber(head, firstHeld, 18)
  writeNumber(head, acknowledged, 26)
  return [head, Buffer.from(stream)]
}

export function encodeEvents({
  sequence,
  previous,
  mark,
  events,
}: Omit<Events, "kind" | "events"> & { events: readonly (readonly Uint8Array[])[] }): Uint8Array[] {
  const head = headOf(kinds.event, MARK_BYTES + events.length, sequence, previous)
  mark.copy(head, 17)
  const message: Uint8Array[] = [head]
  events.forEach((frames, i) => {
    head[17 + MARK_BYTES + i] = frames.length
    for (const frame of frames) message.push(frame)
  })
  return message
}

export function encodeLoss({ sequence, previous, mark, reason, from, to }: Omit<Loss, "kind">): Buffer[] {
  const head = headOf(kinds.gap, MARK_BYTES + 1, sequence, previous, from, to)
  mark.copy(head, 33)
  head[33 + MARK_BYTES] = losses.indexOf(reason) + 1
  return [head]
}

export const encodeBye = (code: ByeCode): Buffer[] => [Buffer.from([kinds.bye, byes.indexOf(code) + 1])]

export function encodeReady({ version, last, credit, maxEventBytes, mark }: Omit<Ready, "kind">): Buffer {
  const head = Buffer.alloc(READY_BYTES + (mark ? MARK_BYTES : 0))
  head[0] = kinds.ready
  head[1] = version
  writeNumber(head, last, 2)
  head.writeUInt32BE(credit, 10)
  head.writeUInt32BE(maxEventBytes, 14)
  mark?.copy(head, READY_BYTES)
  return head
}

export function encodeAck({ sequence, credit }: Omit<Ack, "kind">): Buffer {
  const head = headOf(kinds.ack, 4, sequence)
  head.writeUInt32BE(credit, 9)
  return head
}

export function encodeRefuse({ sequence, code, reason }: Omit<Refuse, "kind">): Buffer {
  const head = headOf(kinds.refuse, 1, sequence)
  head[9] = refusals[code]
  return Buffer.concat([head, Buffer.from(reason.slice(0, 500))])
}

function need(frames: readonly Uint8Array[], name: string, bytes: number, count = 1): Buffer {
  const head = frames[0] as Buffer
  if (head.length !== bytes) throw malformed(`The head of ${name} has ${head.length} bytes instead of ${bytes}`)
  if (frames.length !== count) throw malformed(`${name} has ${frames.length} frames instead of ${count}`)
  return head
}

/** A sequence, and the one before it. */
function place(head: Buffer): { sequence: number; previous: number } {
  const sequence = readNumber(head, 1, "sequence")
  const previous = readNumber(head, 9, "previous sequence")
  if (previous >= sequence) throw malformed(`The previous sequence, ${previous}, is not below ${sequence}`)
  return { sequence, previous }
}

function readEvents(frames: readonly Message[]): Events {
  const head = frames[0] as Buffer
  const count = head.length - 17 - MARK_BYTES
  if (count < 1 || count > MAX_EVENTS) throw malformed(`EVENT has ${count} events; 1 to ${MAX_EVENTS} are possible`)
  const events: Uint8Array[][] = []
  let at = 1
  for (let i = 0; i < count; i++) {
    const length = head[17 + MARK_BYTES + i] as number
    if (length === 0) throw malformed("EVENT has an event without frames")
    events.push(frames.slice(at, at + length))
    at += length
  }
  if (at !== frames.length) throw malformed(`EVENT has ${frames.length} frames instead of ${at}`)
  const { sequence, previous } = place(head)
  if (!Number.isSafeInteger(sequence + count)) throw malformed("The sequence is larger than 2^53 - 1")
  return { kind: "event", sequence, previous, mark: Buffer.from(head.subarray(17, 17 + MARK_BYTES)), events }
}

function readHello(frames: readonly Message[]): Hello {
  const version = (frames[0] as Buffer)[1] ?? 0
  // Of another version nothing else is known.
  if (version !== VERSION)
    return { kind: "hello", version, instance: Buffer.alloc(16), firstHeld: 0, acknowledged: 0, stream: "" }
  const head = need(frames, "HELLO", 34, 2)
  const name = frames[1] as Buffer
  const stream = name.toString()
  if (name.length < 1 || name.length > 255 || !Buffer.from(stream).equals(name))
    throw malformed("The stream is not 1 to 255 bytes of UTF-8")
  return {
    kind: "hello",
    version,
    instance: Buffer.from(head.subarray(2, 18)),
    firstHeld: readNumber(head, 18, "first held sequence"),
    acknowledged: readNumber(head, 26, "acknowledged sequence"),
    stream,
  }
}

function readLoss(frames: readonly Message[]): Loss {
  const head = need(frames, "GAP", 34 + MARK_BYTES)
  const from = readNumber(head, 17, "first lost sequence")
  const to = readNumber(head, 25, "last lost sequence")
  const reason = losses[(head[33 + MARK_BYTES] as number) - 1]
  if (reason === undefined) throw malformed(`GAP has the unknown reason ${head[33 + MARK_BYTES]}`)
  if (from < 1 || to < from) throw malformed(`GAP is from ${from} to ${to}`)
  return { kind: "gap", ...place(head), mark: Buffer.from(head.subarray(33, 33 + MARK_BYTES)), reason, from, to }
}

/** What a sender has sent. Frames of events share memory with the message. */
export function decodeFromSender(frames: readonly Message[]): FromSender {
  const kind = frames[0]?.[0]
  if (kind === kinds.event) return readEvents(frames)
  if (kind === kinds.hello) return readHello(frames)
  if (kind === kinds.gap) return readLoss(frames)
  if (kind !== kinds.bye) throw malformed(kind === undefined ? "The message is empty" : `There is no message ${kind}`)
  const code = byes[(need(frames, "BYE", 2)[1] as number) - 1]
  if (code === undefined) throw malformed("BYE has an unknown code")
  return { kind: "bye", code }
}

/** What a receiver has sent. */
export function decodeFromReceiver(frames: readonly Message[]): FromReceiver {
  const head = frames[0]
  const kind = head?.[0]
  if (frames.length > 1) throw malformed(`The answer has ${frames.length} frames instead of 1`)
  if (head && kind === kinds.ack) {
    need(frames, "ACK", 13)
    return { kind: "ack", sequence: readNumber(head, 1, "sequence"), credit: head.readUInt32BE(9) }
  }
  if (head && kind === kinds.ready) {
    if (head[1] !== VERSION) throw malformed(`READY has version ${head[1]} instead of ${VERSION}`)
    if (head.length !== READY_BYTES && head.length !== READY_BYTES + MARK_BYTES)
      throw malformed(`READY has ${head.length} bytes`)
    const mark = head.length > READY_BYTES ? Buffer.from(head.subarray(READY_BYTES)) : undefined
    return {
      kind: "ready",
      version: VERSION,
      last: readNumber(head, 2, "last sequence"),
      credit: head.readUInt32BE(10),
      maxEventBytes: head.readUInt32BE(14),
      mark,
    }
  }
  if (!head || kind !== kinds.refuse) throw malformed(head ? `There is no answer ${kind}` : "The answer is empty")
  if (head.length < 10) throw malformed("REFUSE is too short")
  const code = refusalNames.get(head[9] as number)
  if (code === undefined) throw malformed(`REFUSE has the unknown code ${head[9]}`)
  return { kind: "refuse", sequence: readNumber(head, 1, "sequence"), code, reason: head.subarray(10).toString() }
}
