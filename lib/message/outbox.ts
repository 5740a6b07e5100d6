// Passes messages to libzmq: many small ones in one call.

import { Buffer } from "node:buffer"
import type { SocketType } from "../base/socket-types.js"
import { addon, POLLOUT } from "../native/addon.js"
import { COPY_LIMIT, FRAME_SHIFT, FrameFlags } from "../native/numbers.js"
import { keepPart, type MessageLike, type Part, sendPart, toPart, toParts } from "./message.js"

/** Parts above this size are copied only if the send queue has room. */
const LARGE = 16 * 1024

const { bytes, frames, sendMany } = addon

/** Read from the module once, because each access to a module costs time. */
const { More: MORE } = FrameFlags
const SHIFT = FRAME_SHIFT

/** The addon's memory for the bytes of the frames that one call passes, back to back. */
const packed = Buffer.from(bytes.buffer)

/** Parts shorter than this are copied by a loop, which is faster than a call: for topics, half the time. */
const SHORT = 32

function packAscii(text: string, offset: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 127) return false
    packed[offset + index] = code
  }
  return true
}

/** Writes a part at an offset. Returns its length, or -1 if it is not small or may not fit. */
function pack(part: Part, offset: number): number {
  if (typeof part === "string") {
    const { length } = part
    if (length * 3 > COPY_LIMIT || offset + length * 3 > packed.length) return -1
    if (length < SHORT && packAscii(part, offset)) return length
    return packed.write(part, offset)
  }
  const length = part.byteLength
  if (length > COPY_LIMIT || offset + length > packed.length) return -1
  if (length < SHORT) for (let index = 0; index < length; index += 1) packed[offset + index] = part[index] as number
  else packed.set(part, offset)
  return length
}

/** Packs a part as a frame. Returns the offset of the next frame, or -1 if it does not fit. */
function packFrame(part: Part, count: number, offset: number, more: number): number {
  const length = pack(part, offset)
  if (length < 0) return -1
  frames[count] = (length << SHIFT) | more
  return offset + length
}

/** Packs a message after `count` frames. Returns the offset of the next frame, or -1 if the message does not fit as a whole. */
function packParts(parts: Part[], count: number, offset: number): number {
  if (count + parts.length > frames.length) return -1
  const last = parts.length - 1
  let end = offset
  for (let index = 0; index <= last && end >= 0; index += 1) {
    end = packFrame(parts[index] as Part, count + index, end, index < last ? MORE : 0)
  }
  return end
}

/** A message as the addon takes it: one part, or several. */
export type Outgoing = Part | Part[]

/** The same message with copies of its small parts, so that they cannot change while it waits. */
export const keep = (message: Outgoing): Outgoing =>
  Array.isArray(message) ? message.map(keepPart) : keepPart(message)

/** The large parts of waiting messages. They are not copied, so a program may transfer their memory while they wait. */
export class WaitingMemory {
  readonly #parts: { part: Uint8Array; length: number }[] = []

  constructor(messages: Outgoing[]) {
    for (const message of messages) {
      if (Array.isArray(message)) for (const part of message) this.#add(part)
      else this.#add(message)
    }
  }

  #add(part: Part): void {
    if (typeof part !== "string" && part.byteLength > COPY_LIMIT) this.#parts.push({ part, length: part.byteLength })
  }

  /** Throws if a part's memory is gone. */
  check(): void {
    for (const { part, length } of this.#parts) {
      if (part.byteLength === length) continue
      throw new TypeError("The memory of the message was transferred or resized while the send waited")
    }
  }
}

function toOutgoing(message: MessageLike | MessageLike[]): Outgoing {
  if (message === undefined) throw new TypeError("Message must be present")
  return Array.isArray(message) ? toParts(message) : toPart(message)
}

/** The messages of one sendMany, and how many of them were sent. */
export class Batch {
  /** The number of messages that libzmq has taken. */
  sent = 0
  /** The number of parts of the next message that libzmq has taken. */
  parts = 0

  constructor(readonly messages: Outgoing[]) {}

  /** Call it before the batch waits. Copies small parts, which may change during the wait. */
  keep(): void {
    for (let index = this.sent; index < this.messages.length; index += 1) {
      this.messages[index] = keep(this.messages[index] as Outgoing)
    }
  }
}

export class Outbox {
  /** The number of empty messages that libzmq took, and dropped, as the end of messages that it had refused halfway. */
  fillers = 0
  protected readonly slot: number
  readonly #type: SocketType

  constructor(slot: number, type: SocketType) {
    this.slot = slot
    this.#type = type
  }

  /** Call it when the socket has been connected to an address. */
  connected(_address: string): void {}

  /** Converts a message. Throws if it cannot be sent at all. */
  prepare(message: MessageLike | MessageLike[]): Outgoing {
    return toOutgoing(message)
  }

  /** Converts all messages first, so that nothing is sent if one is invalid. */
  prepareMany(messages: Iterable<MessageLike | MessageLike[]>): Batch {
    // A loop over indices takes half the time of a loop over an iterable.
    const all = Array.isArray(messages) ? messages : Array.from(messages)
    const { length } = all
    const prepared = new Array<Outgoing>(length)
    for (let index = 0; index < length; index += 1) prepared[index] = this.prepare(all[index])
    return new Batch(prepared)
  }

  /** Returns false if the message would have to wait. Then no part of it was sent. */
  send(message: Outgoing): boolean {
    if (!Array.isArray(message)) return this.#hasRoom(message) && sendPart(this.slot, message, false)
    // One call for all parts if they are small, such as topics and routing ids.
    if (message.length < 2 || packParts(message, 0, 0) < 0) return this.sendParts(message)
    const taken = this.sendPacked(message.length)
    return taken === message.length || this.#refused(message, taken) || this.sendParts(message)
  }

  /** Passes packed frames to libzmq. Returns how many it took. */
  protected sendPacked(count: number): number {
    return sendMany(this.slot, count)
  }

  protected sendParts(parts: Part[]): boolean {
    const last = parts.length - 1
    if (parts[0] !== undefined && !this.#hasRoom(parts[0])) return false
    for (let index = 0; index <= last; index += 1) {
      if (!sendPart(this.slot, parts[index] as Part, index < last)) return this.#refused(parts, index)
    }
    return true
  }

  /** Whether to try to send a part. A try may copy the part, so a large one needs room first. */
  #hasRoom(part: Part): boolean {
    return part.length <= LARGE || this.#type.lockstep || (addon.events(this.slot) & POLLOUT) !== 0
  }

  /**
   * Handles a part that libzmq refused. If it was not the first, the peer that got the earlier parts is gone, and these parts are lost.
   * Sockets that balance now drop everything up to a last part, so this sends one. Returns true if the message counts as sent, as with REQ;
   * otherwise it must be sent again from its first part.
   */
  #refused(parts: Part[], index: number): boolean {
    if (index === 0 || index === parts.length - 1 || !this.#type.balances) return false
    sendPart(this.slot, "", false)
    if (!this.#type.lockstep) this.fillers += 1
    return this.#type.lockstep
  }

  /** Sends as much of a batch as libzmq takes. Returns true if all of it was sent. */
  sendMany(batch: Batch): boolean {
    const { messages } = batch
    while (batch.sent < messages.length) {
      if (this.#sendNext(batch)) continue
      // Large messages go alone. So does a message that libzmq refused, to find out why.
      const message = messages[batch.sent] as Outgoing
      const cut = batch.parts
      batch.parts = 0
      const counts = cut > 0 && this.#refused(message as Part[], cut)
      if (!counts && !(Array.isArray(message) ? this.sendParts(message) : this.send(message))) return false
      batch.sent += 1
    }
    return true
  }

  /** Packs the next messages and sends them in one call. Returns true if it packed any and libzmq took them all. */
  #sendNext(batch: Batch): boolean {
    const { messages, sent } = batch
    let count = 0
    let used = 0
    let next = sent
    for (; next < messages.length && count < frames.length; next += 1) {
      const message = messages[next] as Outgoing
      const several = Array.isArray(message)
      const end = several ? packParts(message, count, used) : packFrame(message, count, used, 0)
      if (end < 0) break
      used = end
      count += several ? message.length : 1
    }
    const taken = count === 0 ? 0 : this.sendPacked(count)
    if (taken === count) {
      batch.sent = next
      return next > sent
    }
    this.#advance(batch, taken)
    return false
  }

  /** Moves the batch on by a number of frames, to the next message and the part within it. */
  #advance(batch: Batch, taken: number): void {
    let left = taken
    for (;;) {
      const message = batch.messages[batch.sent] as Outgoing
      const length = Array.isArray(message) ? message.length : 1
      if (left < length) break
      left -= length
      batch.sent += 1
    }
    batch.parts = left
  }
}
