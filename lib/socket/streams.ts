// Sockets as Node streams and web streams, with backpressure in both directions. A chunk is a message.

import { Readable, Writable } from "node:stream"
import type { ReadableStream, WritableStream } from "node:stream/web"
import { checkNames, expected, isObject } from "../base/checks.js"
import type { ErrnoError } from "../base/errors.js"
import type { Message, MessageLike } from "../message/message.js"
import type { Receiving } from "./receiving.js"
import type { Sending } from "./sending.js"

/** Options of a stream over a socket. */
export interface StreamOptions {
  /** The number of messages that the stream holds. Default 16. */
  highWaterMark?: number
}

/** The default of `highWaterMark`. */
const HELD = 16

type Chunk = MessageLike | MessageLike[]

function highWaterMarkOf(options: StreamOptions): number {
  if (!isObject(options)) throw expected("options", "an object", options)
  checkNames(options, "highWaterMark")
  return options.highWaterMark ?? HELD
}

export function toReadable(receiving: Receiving, options: StreamOptions = {}): Readable {
  const highWaterMark = highWaterMarkOf(options)
  let max = 1
  const messages = receiving.iterateMany(() => max)
  return new Readable({
    objectMode: true,
    highWaterMark,
    read(size) {
      // Never more than the stream asked for, because a destroyed stream loses the messages that it holds.
      max = Math.max(1, Math.min(size, highWaterMark) - this.readableLength)
      messages.next().then(
        ({ value }) => {
          if (value === undefined) this.push(null)
          else for (const message of value) this.push(message)
        },
        (error: ErrnoError) => this.destroy(error),
      )
    },
    destroy(error, done) {
      // Cancels the read in progress, which then takes no message.
      messages.return().then(() => done(error))
    },
  })
}

export function toWritable(sending: Sending, options: StreamOptions = {}): Writable {
  const highWaterMark = highWaterMarkOf(options)
  const ended = new AbortController()
  const settle = (send: () => Promise<void>, done: (error?: Error | null) => void) => {
    new Promise<void>((resolve) => {
      resolve(send())
    }).then(() => done(), done)
  }
  return new Writable({
    objectMode: true,
    decodeStrings: false,
    highWaterMark,
    write(message: Chunk, _encoding, done) {
      settle(() => sending.send(message, { signal: ended.signal }), done)
    },
    writev(chunks, done) {
      const messages = chunks.map(({ chunk }) => chunk as Chunk)
      settle(() => sending.sendMany(messages, { signal: ended.signal }), done)
    },
    destroy(error, done) {
      ended.abort()
      done(error)
    },
  })
}

export const toReadableStream = (receiving: Receiving, options?: StreamOptions): ReadableStream<Message[]> =>
  Readable.toWeb(toReadable(receiving, options))

export const toWritableStream = (sending: Sending, options?: StreamOptions): WritableStream<Chunk> =>
  Writable.toWeb(toWritable(sending, options))
