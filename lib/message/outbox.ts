// Hands messages to libzmq, many in one call where they are small.

import { Buffer } from "node:buffer"
import type { SocketType } from "../base/socket-types.js"
import { addon, POLLOUT } from "../native/addon.js"
import { COPY_LIMIT, FRAME_SHIFT, FrameFlags } from "../native/numbers.js"
import { keepPart, type MessageLike, type Part, sendPart, toPart, toParts } from "./message.js"

/** Larger parts are copied only when there is room for them. */
const LARGE = 16 * 1024

const { bytes, frames, sendMany } = addon

/** Taken out of the module, which is slow to look into. */
const { More: MORE } = FrameFlags
const SHIFT = FRAME_SHIFT

/** The bytes of the frames that one call hands over, back to back; the addon's memory. */
const packed = Buffer.from(bytes.buffer)

/** Parts shorter than this are copied by a loop, which for them is quicker than a call: half the time for topics. */
const SHORT = 32

function packAscii(text: string, offset: number): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 127) return false
    packed[offset + index] = code
  }
  return true
}

/** Writes a part at an offset. Returns its length, or -1 if it is not small or there may be no room. */
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

/** Packs a part as a frame. Returns where the next one begins, or -1 if it does not fit. */
function packFrame(part: Part, count: number, offset: number, more: number): number {
  const length = pack(part, offset)
  if (length < 0) return -1
  frames[count] = (length << SHIFT) | more
  return offset + length
}

/** Packs a message behind so many frames. Returns where the next one begins, or -1 if it does not fit as a whole. */
function packParts(parts: Part[], count: number, offset: number): number {
  if (count + parts.length > frames.length) return -1
  const last = parts.length - 1
  let end = offset
  for (let index = 0; index <= last && end >= 0; index += 1) {
    end = packFrame(parts[index] as Part, count + index, end, index < last ? MORE : 0)
  }
  return end
}

/** A message as it is handed over: one part, or several. */
export type Outgoing = Part | Part[]

/** The same message, whose small parts do not change while it waits. */
export const keep = (message: Outgoing): Outgoing =>
  Array.isArray(message) ? message.map(keepPart) : keepPart(message)

/** The large parts of messages that wait. They stay where they are, and a program may transfer their memory meanwhile. */
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

  /** Throws if some of it is gone. */
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

/** Messages that are on their way, and how far they are. */
export class Batch {
  /** How many libzmq has. */
  sent = 0
  /** Parts that libzmq has of the next message. */
  parts = 0

  constructor(readonly messages: Outgoing[]) {}

  /** To be called before it has to wait: small parts may change meanwhile. */
  keep(): void {
    for (let index = this.sent; index < this.messages.length; index += 1) {
      this.messages[index] = keep(this.messages[index] as Outgoing)
    }
  }
}

export class Outbox {
  protected readonly slot: number
  readonly #type: SocketType

  constructor(slot: number, type: SocketType) {
    this.slot = slot
    this.#type = type
  }

  /** To be called when the socket has been connected to an address. */
  connected(_address: string): void {}

  /** What a message is sent as. Throws for one that cannot be sent at all. */
  prepare(message: MessageLike | MessageLike[]): Outgoing {
    return toOutgoing(message)
  }

  /** All of them, so that one that cannot be sent costs nothing. */
  prepareMany(messages: Iterable<MessageLike | MessageLike[]>): Batch {
    // A loop over the indices of an array takes half the time of one over an iterable.
    const all = Array.isArray(messages) ? messages : Array.from(messages)
    const { length } = all
    const prepared = new Array<Outgoing>(length)
    for (let index = 0; index < length; index += 1) prepared[index] = this.prepare(all[index])
    return new Batch(prepared)
  }

  /** False if it would have to wait; nothing of the message is sent then. */
  send(message: Outgoing): boolean {
    if (!Array.isArray(message)) return this.#hasRoom(message) && sendPart(this.slot, message, false)
    // One call for all parts where they are small, as topics and routing ids are.
    if (message.length < 2 || packParts(message, 0, 0) < 0) return this.sendParts(message)
    const taken = this.sendPacked(message.length)
    return taken === message.length || this.#refused(message, taken) || this.sendParts(message)
  }

  /** Hands over frames that are packed. Returns how many libzmq took. */
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

  /** Whether to try to send a part: it may be copied for that. */
  #hasRoom(part: Part): boolean {
    return part.length <= LARGE || this.#type.lockstep || (addon.events(this.slot) & POLLOUT) !== 0
  }

  /**
   * A part was refused. If it was not the first, the peer that got those before is gone, and they with it. Sockets that
   * choose a peer for each message now drop what comes up to the last part, so it must come. True if the message counts
   * as sent all the same, else it is to be sent anew, from its first part.
   */
  #refused(parts: Part[], index: number): boolean {
    if (index === 0 || index === parts.length - 1 || !this.#type.balances) return false
    sendPart(this.slot, "", false)
    return this.#type.lockstep
  }

  /** Goes on with a batch, for as long as libzmq takes it. True when it is all sent. */
  sendMany(batch: Batch): boolean {
    const { messages } = batch
    while (batch.sent < messages.length) {
      if (this.#sendNext(batch)) continue
      // What is large goes on its own, and so does what was not taken: this finds out why.
      const message = messages[batch.sent] as Outgoing
      const cut = batch.parts
      batch.parts = 0
      const counts = cut > 0 && this.#refused(message as Part[], cut)
      if (!counts && !(Array.isArray(message) ? this.sendParts(message) : this.send(message))) return false
      batch.sent += 1
    }
    return true
  }

  /** Packs the next messages and sends them by one call. True if all that could be packed, and there was some, went. */
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

  /** Finds the message, and the part of it, that comes after so many frames. */
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
