// Messages on their way out and in.

import { Buffer } from "node:buffer"
import process from "node:process"
import { types } from "node:util"
import { isMainThread, markAsUntransferable } from "node:worker_threads"

import { addon, SendFlags } from "./native.js"
import type { Message, MessageLike } from "./types.js"

/** A part as the addon takes it. */
export type Part = Uint8Array | string

const { frames, receive, sendBytes, sendText, takeLarge } = addon

/** Taken out of the module, which is slow to look into: 5 ns for each message. */
const { isUint8Array } = types

const empty = new Uint8Array(0)

/** Parts of up to so many bytes are copied, both ways. The same number is in native/hot_path.h. */
export const COPY_LIMIT = 1024

/** What a value is sent as. Anything that is no bytes is text; a symbol is neither, and throws. */
export function toPart(value: MessageLike): Part {
  // Not by instanceof, which a Proxy of a Buffer would pass.
  if (typeof value === "string" || isUint8Array(value)) return value
  if (value === null) return empty
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value)
  if (types.isPromise(value)) throw new TypeError("Message is a promise; did you forget to await it?")
  return `${value}`
}

export const toParts = (message: MessageLike[]): Part[] => message.map(toPart)

/** Whether libzmq may read large parts where they are. Not in workers, which it outlives, and not in Bun, which moves memory. */
const canReference = isMainThread && process.versions.bun === undefined

/** The memory of large messages that were received, which is libzmq's. */
const received = new WeakSet<ArrayBufferLike>()

/** Takes note of a part that the addon has made. */
export function noteReceived(part: Message): Message {
  if (part.byteLength > COPY_LIMIT) received.add(part.buffer)
  return part
}

/** Whether the addon may read the bytes after the call. Shared memory may change meanwhile, resizable memory may go. */
export function mayReference(part: Uint8Array): boolean {
  if (part.byteLength <= COPY_LIMIT || !canReference) return false
  const buffer = part.buffer as ArrayBuffer & { resizable?: boolean }
  if (!types.isArrayBuffer(buffer) || buffer.resizable === true) return false
  // libzmq reads it after the call, so it must not be transferred to another thread meanwhile. Node.js 24 and 26 end the
  // process when memory of an addon is marked so.
  if (!received.has(buffer)) markAsUntransferable(buffer)
  return true
}

/** Small parts, which may change after the call, for a message that is sent later. */
export function keepPart(part: Part): Part {
  // Node's pool has memory at hand. A slice would have memory of its own, and take three times as long.
  return typeof part !== "string" && part.byteLength <= COPY_LIMIT ? Buffer.from(part) : part
}

/** Hands one part to libzmq, through a socket's slot; false if it would have to wait. */
export function sendPart(slot: number, part: Part, more: boolean): boolean {
  const flags = more ? SendFlags.More : SendFlags.None
  if (typeof part === "string") return sendText(slot, part, flags)
  return sendBytes(slot, part, mayReference(part) ? flags | SendFlags.MayReference : flags)
}

/**
 * Frames are copied into a slab, and messages are views on it: one allocation for many messages. A retained message
 * keeps its slab, so this is also what one small message can pin.
 */
const SLAB_SIZE = 64 * 1024

/** Node's own subclass, whose instances are exactly Buffers, and which is twice as fast to construct as Buffer.from. */
const View = (
  Buffer as unknown as { [Symbol.species]: new (buffer: ArrayBuffer, offset: number, length: number) => Buffer }
)[Symbol.species]

let slab: Uint8Array = new Uint8Array(0)
let used = 0

function newSlab(): void {
  slab = Buffer.allocUnsafeSlow(SLAB_SIZE)
  used = 0
  // Somebody who transfers the memory of one message to another thread would take that of its neighbours along.
  markAsUntransferable(slab.buffer as ArrayBuffer)
}

/** Takes up to `limit` messages off the socket of a slot, by a call of the addon, and appends them to `queue`. */
export function drain(slot: number, limit: number, queue: Message[][], take: typeof receive = receive): void {
  let wanted = Math.min(limit, frames.length)
  let begun: Message[] | undefined
  do {
    if (slab.length - used < COPY_LIMIT) newSlab()
    const count = take(slot, wanted, slab, used)
    const buffer = slab.buffer as ArrayBuffer
    for (let index = 0; index < count; index += 1) {
      const frame = frames[index] as number
      let part: Message
      if ((frame & 2) !== 0) {
        part = noteReceived(takeLarge())
      } else {
        const length = frame >>> 2
        part = new View(buffer, used, length)
        used += length
      }
      if ((frame & 1) !== 0) {
        if (begun === undefined) begun = [part]
        else begun.push(part)
      } else if (begun === undefined) {
        queue.push([part])
      } else {
        begun.push(part)
        queue.push(begun)
        begun = undefined
      }
    }
    // The slab or the frame array was full inside a message, whose other parts libzmq has at hand.
    wanted = 1
  } while (begun !== undefined)
}
