// Sockets as streams of Node and of the Web, with backpressure both ways. A chunk is a message.

import { Readable, Writable } from "node:stream"
import type { ReadableStream, WritableStream } from "node:stream/web"

import { type ErrnoError, expected } from "../base/errors.js"
import type { Message, MessageLike, StreamOptions } from "./interfaces.js"
import { checkNames } from "./queues.js"
import { State, type Traffic } from "./traffic.js"

/** Messages that a stream holds, unless `highWaterMark` says otherwise. */
const HELD = 16

type Chunk = MessageLike | MessageLike[]

function highWaterMarkOf(options: StreamOptions): number {
  if (typeof options !== "object" || options === null) throw expected("options", "an object", options)
  checkNames(options, "highWaterMark")
  return options.highWaterMark ?? HELD
}

export function toReadable(traffic: Traffic, options: StreamOptions = {}): Readable {
  const highWaterMark = highWaterMarkOf(options)
  let max = 1
  const messages = traffic.iterateMany(() => max)
  return new Readable({
    objectMode: true,
    highWaterMark,
    read(size) {
      // Never more than it asked for: what a destroyed stream holds is lost.
      max = Math.max(1, Math.min(size, highWaterMark) - this.readableLength)
      messages.next().then(
        ({ value }) => {
          if (value === undefined) this.push(null)
          else for (const message of value) this.push(message)
        },
        (error: ErrnoError) => {
          if (traffic.state === State.Closed) this.push(null)
          else this.destroy(error)
        },
      )
    },
    destroy(error, done) {
      // Cancels the read under way, which then takes nothing.
      messages.return().then(() => done(error))
    },
  })
}

export function toWritable(traffic: Traffic, options: StreamOptions = {}): Writable {
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
      settle(() => traffic.send(message, { signal: ended.signal }), done)
    },
    writev(chunks, done) {
      const messages = chunks.map(({ chunk }) => chunk as Chunk)
      settle(() => traffic.sendMany(messages, { signal: ended.signal }), done)
    },
    destroy(error, done) {
      ended.abort()
      done(error)
    },
  })
}

export const toReadableStream = (traffic: Traffic, options?: StreamOptions): ReadableStream<Message[]> =>
  Readable.toWeb(toReadable(traffic, options))

export const toWritableStream = (traffic: Traffic, options?: StreamOptions): WritableStream<Chunk> =>
  Writable.toWeb(toWritable(traffic, options))
