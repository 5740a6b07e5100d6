// The methods and properties of sockets that send or receive. They are defined on the prototype of Socket but are not part of its type: the
// types of subclasses say which of them each has.

import { checkOperation, type OperationOptions } from "../base/checks.js"
import type { ReceiveMemory } from "../message/inbox.js"
import type { MessageLike } from "../message/message.js"
import type { MetadataOptions } from "../message/metadata.js"
import { iterateOver } from "./own-receive.js"
import type { QueueOptions } from "./queues.js"
import type { Readiness } from "./readiness.js"
import type { BatchOptions, Receiving } from "./receiving.js"
import type { Sending } from "./sending.js"
import { type StreamOptions, toReadable, toReadableStream, toWritable, toWritableStream } from "./streams.js"

/** The messages of one socket, in both directions. */
export interface Traffic {
  readonly readiness: Readiness
  readonly sending: Sending
  readonly receiving: Receiving
}

type Members = Record<string | symbol, unknown> & ThisType<object>

const sendingMembers = (trafficOf: (socket: object) => Traffic): Members => ({
  send(message: MessageLike | MessageLike[], options?: OperationOptions) {
    return trafficOf(this).sending.send(message, options)
  },
  sendMany(messages: Iterable<MessageLike | MessageLike[]>, options?: OperationOptions) {
    return trafficOf(this).sending.sendMany(messages, options)
  },
  trySend(message: MessageLike | MessageLike[]) {
    return trafficOf(this).sending.trySend(message)
  },
  toWritable(options?: StreamOptions) {
    return toWritable(trafficOf(this).sending, options)
  },
  toWritableStream(options?: StreamOptions) {
    return toWritableStream(trafficOf(this).sending, options)
  },
  get sendQueue() {
    return trafficOf(this).readiness.writers.queue
  },
  set sendQueue(queue: QueueOptions | true | null) {
    trafficOf(this).readiness.writers.queue = queue
  },
})

function receivingMembers(trafficOf: (socket: object) => Traffic): Members {
  function iterate(socket: { receive(): Promise<unknown> }, { timeout, signal }: OperationOptions = {}) {
    const { readiness, receiving } = trafficOf(socket)
    if (socket.receive === members.receive) return receiving.iterate(timeout, signal)
    // If a subclass overrides `receive`, a loop gets the values that its `receive` returns.
    return iterateOver(readiness, () => socket.receive(), timeout, signal)
  }
  const members: Members = {
    receive(options?: OperationOptions) {
      return trafficOf(this).receiving.receive(options)
    },
    receiveMany(options?: BatchOptions) {
      return trafficOf(this).receiving.receiveMany(options)
    },
    receiveWithMetadata(options?: MetadataOptions) {
      return trafficOf(this).receiving.receiveWithMetadata(options)
    },
    withMetadata(options?: MetadataOptions) {
      return trafficOf(this).receiving.withMetadata(options)
    },
    tryReceive() {
      return trafficOf(this).receiving.tryReceive()
    },
    batches(options?: BatchOptions) {
      return trafficOf(this).receiving.batches(options)
    },
    messages(this: { receive(): Promise<unknown> }, options?: OperationOptions) {
      checkOperation(options)
      return iterate(this, options)
    },
    [Symbol.asyncIterator](this: { receive(): Promise<unknown> }) {
      return iterate(this)
    },
    toReadable(options?: StreamOptions) {
      return toReadable(trafficOf(this).receiving, options)
    },
    toReadableStream(options?: StreamOptions) {
      return toReadableStream(trafficOf(this).receiving, options)
    },
    get receiveQueue() {
      return trafficOf(this).readiness.readers.queue
    },
    set receiveQueue(queue: QueueOptions | true | null) {
      trafficOf(this).readiness.readers.queue = queue
    },
    get receiveMemory() {
      return trafficOf(this).receiving.inbox.memory
    },
    set receiveMemory(memory: ReceiveMemory) {
      trafficOf(this).receiving.inbox.memory = memory
    },
  }
  return members
}

const hidden = { send: [] as (string | symbol)[], receive: [] as (string | symbol)[] }

/** Defines these methods and properties on a prototype. */
export function defineTraffic(prototype: object, trafficOf: (socket: object) => Traffic): void {
  for (const [direction, members] of [
    ["send", sendingMembers(trafficOf)],
    ["receive", receivingMembers(trafficOf)],
  ] as const) {
    hidden[direction] = Reflect.ownKeys(members)
    for (const key of hidden[direction]) {
      const property = Object.getOwnPropertyDescriptor(members, key) as PropertyDescriptor
      Object.defineProperty(prototype, key, { ...property, enumerable: false })
    }
  }
}

/** Removes one direction from the prototype of a subclass. */
export function withoutTraffic(prototype: object, direction: "send" | "receive"): void {
  for (const key of hidden[direction]) Object.defineProperty(prototype, key, { value: undefined })
}
