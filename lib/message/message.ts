// Messages on their way out and in.

import { Buffer } from "node:buffer"
import process from "node:process"
import { types } from "node:util"
import { isMainThread, MessageChannel, markAsUntransferable } from "node:worker_threads"
import { warnOnce } from "../base/warnings.js"
import { addon } from "../native/addon.js"
import { COPY_LIMIT, FRAME_ALIGNMENT, FRAME_SHIFT, FrameFlags, SendFlags } from "../native/numbers.js"

/** A part of a message that was received. */
export type Message = Buffer

/**
 * What can be sent as one part of a message: bytes, or text as UTF-8. `null` is an empty part, a number is sent as its
 * decimal text.
 */
export type MessageLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | string | number | null

/** A part as the addon takes it. */
export type Part = Uint8Array | string

const { frames, receive, received, sendBytes, sendText, takeLarge } = addon

/** Taken out of their modules, which are slow to look into: 5 ns for each message. */
const { isUint8Array } = types
const { More: MORE, Large: LARGE } = FrameFlags
const SHIFT = FRAME_SHIFT
const ALIGNMENT = FRAME_ALIGNMENT

const empty = new Uint8Array(0)

/** What a value is sent as. Anything that is no bytes is text; a symbol is neither, and throws. */
export function toPart(value: MessageLike): Part {
  // Not by instanceof, which a Proxy of a Buffer would pass.
  if (typeof value === "string" || isUint8Array(value)) return value
  if (value === null) return empty
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (types.isAnyArrayBuffer(value)) return new Uint8Array(value)
  if (types.isPromise(value)) {
    warnOnce("OHMQ_PROMISE_SENT", 'A promise was sent as the text "[object Promise]". Did you forget to await it?')
  }
  return `${value}`
}

export const toParts = (message: MessageLike[]): Part[] => message.map(toPart)

/**
 * Larger parts are sent from where they lie, smaller ones are copied: that costs no more, and the memory stays the caller's.
 * 64 KB: docs/performance.md has the figures.
 */
const REFERENCE_FROM = 64 * 1024

/**
 * Whether memory that libzmq reads after the call can be kept from being taken away: only Node.js 24 and later refuse to transfer
 * what is marked to streams, too. A worker thread is gone before libzmq is; Bun moves memory; Deno marks nothing.
 */
const canReference =
  isMainThread &&
  Number.parseInt(process.versions.node, 10) >= 24 &&
  process.versions.bun === undefined &&
  (process.versions as { deno?: string }).deno === undefined

/** Memory that was found plain, and marked. */
const marked = new WeakSet<ArrayBuffer>()

/**
 * Whether memory is V8's own, so that nothing but a transfer takes it away. An addon's may be freed by the addon, WebAssembly's is
 * replaced when it grows, and marking either would then end the process. To transfer one buffer twice is refused as a duplicate;
 * buffers of the other kinds are refused, or ignored, before the duplicate is noticed.
 */
function isPlain(buffer: ArrayBuffer): boolean {
  const { port1 } = new MessageChannel()
  try {
    port1.postMessage(null, [buffer, buffer])
    return false
  } catch (error) {
    return (error as Error).message.includes("duplicate")
  } finally {
    port1.close()
  }
}

/** Whether the addon may read the bytes after the call. Nobody can take them away any more then. */
export function mayReference(part: Uint8Array): boolean {
  if (!canReference || part.byteLength <= REFERENCE_FROM) return false
  const buffer = part.buffer as ArrayBuffer & { resizable?: boolean }
  if (marked.has(buffer)) return true
  if (!types.isArrayBuffer(buffer) || buffer.resizable === true || !isPlain(buffer)) return false
  markAsUntransferable(buffer)
  marked.add(buffer)
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
 * Frames of up to so many bytes get memory of their own whatever else: V8 has it in its heap, and it costs 20 ns more than a view.
 * Beyond, memory of its own costs 500 ns.
 */
const OWN_LIMIT = 64

/** Up to so many bytes are copied quicker one by one. */
const LOOP_LIMIT = 12

/** Node's own subclass, whose instances are exactly Buffers, and which is twice as fast to construct as Buffer.from. */
const View = (
  Buffer as unknown as {
    [Symbol.species]: {
      new (length: number): Buffer
      new (bytes: Uint8Array): Buffer
      new (buffer: ArrayBuffer, offset: number, length: number): Buffer
    }
  }
)[Symbol.species]

/** Where the addon puts frames. All sockets use it, so nobody gets to see it. */
const arrived = received.buffer as ArrayBuffer

/** How much room a frame takes, up to where the next one begins. */
const padded = (length: number) => (length + ALIGNMENT - 1) & -ALIGNMENT

/** A frame in memory of its own. */
function ownFrame(offset: number, length: number): Message {
  if (length > LOOP_LIMIT) return new View(new View(arrived, offset, length))
  const part = new View(length)
  for (let index = 0; index < length; index += 1) part[index] = received[offset + index] as number
  return part
}

/** So much of a socket's messages lies in the same memory, unless one call brings more. A message that is kept keeps it. */
const SLAB_SIZE = 8 * 1024

const nothing = new ArrayBuffer(0)

/** The memory that messages of one socket share. */
export class SharedMemory {
  /** Where the last ones were placed. */
  memory = nothing
  #slab = this.memory
  #used = 0

  /**
   * Copies the frames from an index on, whose bytes begin at an offset of what has arrived, to `memory`. Returns where they begin
   * there.
   */
  place(first: number, count: number, offset: number): number {
    let end = offset
    for (let index = first; index < count; index += 1) {
      const frame = frames[index] as number
      if ((frame & LARGE) === 0) end += padded(frame >>> SHIFT)
    }
    const length = end - offset
    const start = this.#reserve(length)
    new View(this.memory, start, length).set(new View(arrived, offset, length))
    return start
  }

  /** Makes `memory` one with so much room. Returns where that begins. */
  #reserve(length: number): number {
    if (length > SLAB_SIZE) {
      this.memory = this.#allocate(length)
      return 0
    }
    if (this.#used + length > this.#slab.byteLength) {
      this.#slab = this.#allocate(SLAB_SIZE)
      this.#used = 0
    }
    this.memory = this.#slab
    this.#used += length
    return this.#used - length
  }

  /** Zeroed, so that what is not used yet holds nothing of anybody else's. */
  #allocate(size: number): ArrayBuffer {
    const memory = new ArrayBuffer(size)
    // Somebody who transfers the memory of one message to another thread would take that of its neighbours along.
    markAsUntransferable(memory)
    return memory
  }
}

/**
 * Takes up to `limit` messages off the socket of a slot, by a call of the addon, and appends them to `queue`. Without `shared`, all
 * parts have memory of their own; see ReceiveMemory.
 */
export function drain(
  slot: number,
  limit: number,
  queue: Message[][],
  shared: SharedMemory | undefined,
  take = receive,
): void {
  let wanted = Math.min(limit, frames.length)
  let begun: Message[] | undefined
  do {
    const count = take(slot, wanted)
    let offset = 0
    /** How far from there frames lie in shared memory, once there is one that does. */
    let shift: number | undefined
    for (let index = 0; index < count; index += 1) {
      const frame = frames[index] as number
      let part: Message
      if ((frame & LARGE) !== 0) {
        part = takeLarge()
      } else {
        const length = frame >>> SHIFT
        if (length <= OWN_LIMIT || shared === undefined) {
          part = ownFrame(offset, length)
        } else {
          shift ??= shared.place(index, count, offset) - offset
          part = new View(shared.memory, offset + shift, length)
        }
        offset += padded(length)
      }
      if ((frame & MORE) !== 0) {
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
    // The memory or the frame array was full inside a message, whose other parts libzmq has at hand.
    wanted = 1
  } while (begun !== undefined)
}
