// Converts messages: values to parts that the addon sends, and frames that it received to Buffers.

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

/** Read from the modules once, because each access to a module costs time: 5 ns for each message. */
const { isUint8Array } = types
const { More: MORE, Large: LARGE } = FrameFlags
const SHIFT = FRAME_SHIFT
const ALIGNMENT = FRAME_ALIGNMENT

const empty = new Uint8Array(0)

/** The part that a value is sent as: bytes, or text for any other value. A symbol throws. */
export function toPart(value: MessageLike): Part {
  // instanceof would also accept a Proxy of a Buffer.
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
 * Parts above this size may be sent without a copy. For smaller parts a copy costs no more, and the memory stays the caller's. For the
 * figures see docs/performance.md.
 */
const REFERENCE_FROM = 64 * 1024

/**
 * Whether the runtime can prevent a program from transferring memory that libzmq still reads. Only Node.js 24 and later refuse to transfer
 * marked memory everywhere, streams included. A worker thread ends before libzmq does; Bun moves memory; Deno cannot mark it.
 */
const canReference =
  isMainThread &&
  Number.parseInt(process.versions.node, 10) >= 24 &&
  process.versions.bun === undefined &&
  (process.versions as { deno?: string }).deno === undefined

/** Memory that is plain and has been marked. */
const marked = new WeakSet<ArrayBuffer>()

/**
 * Whether memory is V8's own, so that only a transfer can take it away. An addon may free its memory, and WebAssembly replaces its memory
 * when it grows; if that were marked, the process would end. To find out, this transfers the buffer twice in one call, which is refused
 * as a duplicate; the other kinds of buffer are refused or ignored for another reason before that.
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

/** Whether the addon may read the bytes after the call. If so, the memory can no longer be transferred. */
export function mayReference(part: Uint8Array): boolean {
  if (!canReference || part.byteLength <= REFERENCE_FROM) return false
  const buffer = part.buffer as ArrayBuffer & { resizable?: boolean }
  if (marked.has(buffer)) return true
  if (!types.isArrayBuffer(buffer) || buffer.resizable === true || !isPlain(buffer)) return false
  markAsUntransferable(buffer)
  marked.add(buffer)
  return true
}

/** A copy of a small part, which the program may change after the call, for a message that is sent later. */
export function keepPart(part: Part): Part {
  // From Node's pool: a slice would allocate memory of its own and take three times as long.
  return typeof part !== "string" && part.byteLength <= COPY_LIMIT ? Buffer.from(part) : part
}

/** Passes one part to libzmq through a socket's slot. Returns false if it would have to wait. */
export function sendPart(slot: number, part: Part, more: boolean): boolean {
  const flags = more ? SendFlags.More : SendFlags.None
  if (typeof part === "string") return sendText(slot, part, flags)
  return sendBytes(slot, part, mayReference(part) ? flags | SendFlags.MayReference : flags)
}

/**
 * Frames up to this size always get their own memory: it is in V8's heap, and costs 20 ns more than a view. For larger frames it costs
 * 500 ns.
 */
const OWN_LIMIT = 64

/** Up to this size, a loop copies bytes faster than a call. */
const LOOP_LIMIT = 12

/** Node's internal subclass, whose instances are Buffers. It takes half the time of Buffer.from. */
const View = (
  Buffer as unknown as {
    [Symbol.species]: {
      new (length: number): Buffer
      new (bytes: Uint8Array): Buffer
      new (buffer: ArrayBuffer, offset: number, length: number): Buffer
    }
  }
)[Symbol.species]

/** The memory to which the addon writes frames. All sockets use it, so programs never see it. */
const arrived = received.buffer as ArrayBuffer

/** The space that a frame takes, up to the start of the next one. */
const padded = (length: number) => (length + ALIGNMENT - 1) & -ALIGNMENT

/** A frame in memory of its own. */
function ownFrame(offset: number, length: number): Message {
  if (length > LOOP_LIMIT) return new View(new View(arrived, offset, length))
  const part = new View(length)
  for (let index = 0; index < length; index += 1) part[index] = received[offset + index] as number
  return part
}

/** The size of memory that messages of one socket share, unless one call fetches more. One message that is kept keeps all of it. */
const SLAB_SIZE = 8 * 1024

const nothing = new ArrayBuffer(0)

/** The memory that messages of one socket share. */
export class SharedMemory {
  /** The memory that holds the frames placed last. */
  memory = nothing
  #slab = this.memory
  #used = 0

  /**
   * Copies the frames from index `first` on, whose bytes start at `offset` of the received bytes, to `memory`. Returns the offset there.
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

  /** Makes `memory` point to memory with room for `length` bytes. Returns the offset of that room. */
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

  /** Zeroed, so that the unused rest holds no foreign data. */
  #allocate(size: number): ArrayBuffer {
    const memory = new ArrayBuffer(size)
    // A transfer of one message's memory to another thread would take its neighbours' along.
    markAsUntransferable(memory)
    return memory
  }
}

/**
 * Fetches up to `limit` messages from the socket of a slot, and appends them to `queue`. Without `shared`, each part gets its own memory;
 * see ReceiveMemory.
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
    /** The distance from there to the frames' place in shared memory; undefined before the first frame that goes there. */
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
    // The memory or the frame array was full within a message. libzmq already has its other parts.
    wanted = 1
  } while (begun !== undefined)
}
