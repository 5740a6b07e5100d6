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

/** The key of a socket's traffic, for the members below. */
export const traffic = Symbol("ohmq.traffic")

interface Carrier {
  readonly [traffic]: Traffic
}

type WithReceive = Carrier & { receive(): Promise<unknown> }

type Members = Record<string | symbol, unknown> & ThisType<Carrier>

const sendingMembers: Members = {
  send(message: MessageLike | MessageLike[], options?: OperationOptions) {
    return this[traffic].sending.send(message, options)
  },
  sendMany(messages: Iterable<MessageLike | MessageLike[]>, options?: OperationOptions) {
    return this[traffic].sending.sendMany(messages, options)
  },
  trySend(message: MessageLike | MessageLike[]) {
    return this[traffic].sending.trySend(message)
  },
  toWritable(options?: StreamOptions) {
    return toWritable(this[traffic].sending, options)
  },
  toWritableStream(options?: StreamOptions) {
    return toWritableStream(this[traffic].sending, options)
  },
  get sendQueue() {
    return this[traffic].readiness.writers.queue
  },
  set sendQueue(queue: QueueOptions | true | null) {
    this[traffic].readiness.writers.queue = queue
  },
}

function iterate(socket: WithReceive, { timeout, signal }: OperationOptions = {}) {
  const { readiness, receiving } = socket[traffic]
  if (socket.receive === receivingMembers.receive) return receiving.iterate(timeout, signal)
  // If a subclass overrides `receive`, a loop gets the values that its `receive` returns.
  return iterateOver(readiness, () => socket.receive(), timeout, signal)
}

const receivingMembers: Members = {
  receive(options?: OperationOptions) {
    return this[traffic].receiving.receive(options)
  },
  receiveMany(options?: BatchOptions) {
    return this[traffic].receiving.receiveMany(options)
  },
  receiveWithMetadata(options?: MetadataOptions) {
    return this[traffic].receiving.receiveWithMetadata(options)
  },
  withMetadata(options?: MetadataOptions) {
    return this[traffic].receiving.withMetadata(options)
  },
  tryReceive() {
    return this[traffic].receiving.tryReceive()
  },
  batches(options?: BatchOptions) {
    return this[traffic].receiving.batches(options)
  },
  messages(this: WithReceive, options?: OperationOptions) {
    checkOperation(options)
    return iterate(this, options)
  },
  [Symbol.asyncIterator](this: WithReceive) {
    return iterate(this)
  },
  toReadable(options?: StreamOptions) {
    return toReadable(this[traffic].receiving, options)
  },
  toReadableStream(options?: StreamOptions) {
    return toReadableStream(this[traffic].receiving, options)
  },
  get receiveQueue() {
    return this[traffic].readiness.readers.queue
  },
  set receiveQueue(queue: QueueOptions | true | null) {
    this[traffic].readiness.readers.queue = queue
  },
  get receiveMemory() {
    return this[traffic].receiving.inbox.memory
  },
  set receiveMemory(memory: ReceiveMemory) {
    this[traffic].receiving.inbox.memory = memory
  },
}

const members = { send: sendingMembers, receive: receivingMembers }

/** Defines these methods and properties on the prototype of Socket. */
export function defineTraffic(prototype: Carrier): void {
  for (const all of Object.values(members)) {
    for (const key of Reflect.ownKeys(all)) {
      const property = Object.getOwnPropertyDescriptor(all, key) as PropertyDescriptor
      Object.defineProperty(prototype, key, { ...property, enumerable: false })
    }
  }
}

/** Removes one direction from the prototype of a subclass. */
export function withoutTraffic(prototype: object, direction: "send" | "receive"): void {
  for (const key of Reflect.ownKeys(members[direction])) Object.defineProperty(prototype, key, { value: undefined })
}
