// One to many: publishers send only messages that a peer has subscribed to.

import { act, written } from "../base/symbols.js"
import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { FirstSubscriptions } from "../socket/first-endpoints.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"

/**
 * ZMQ_PUB: sends each message to every subscriber that subscribed to a prefix of it, and drops it for subscribers whose queue is full.
 *
 * ```typescript
 * const publisher = new Publisher()
 * await publisher.bind("tcp://127.0.0.1:5556")
 * await publisher.send(["findings", JSON.stringify(finding)])
 * ```
 */
export class Publisher extends Socket {
  constructor(options?: ConstructorOptions<Publisher>) {
    super(constant("ZMQ_PUB"), options)
  }
}

export interface Publisher extends OptionsOn<"Publisher">, Sender {}

defineSocket("Publisher", Publisher)

/**
 * ZMQ_SUB: receives messages whose first part begins with a prefix that it subscribed to. Without a subscription it receives nothing.
 *
 * ```typescript
 * const subscriber = new Subscriber({ connect: "tcp://127.0.0.1:5556", subscribe: "findings" })
 * for await (const [topic, body] of subscriber) console.log(topic.toString(), body.toString())
 * ```
 */
export class Subscriber extends Socket {
  constructor(options?: ConstructorOptions<Subscriber> & FirstSubscriptions) {
    super(constant("ZMQ_SUB"), options)
  }

  /** ZMQ_SUBSCRIBE: subscribes to messages with these prefixes; without arguments, to all messages. */
  subscribe(...prefixes: (Uint8Array | string)[]): void {
    if (prefixes.length === 0) this[act]("ZMQ_SUBSCRIBE", null)
    for (const prefix of prefixes) this[act]("ZMQ_SUBSCRIBE", prefix)
  }

  /** ZMQ_UNSUBSCRIBE: removes one subscription to each of these prefixes; without arguments, one to all messages. */
  unsubscribe(...prefixes: (Uint8Array | string)[]): void {
    if (prefixes.length === 0) this[act]("ZMQ_UNSUBSCRIBE", null)
    for (const prefix of prefixes) this[act]("ZMQ_UNSUBSCRIBE", prefix)
  }
}

export interface Subscriber extends OptionsOn<"Subscriber">, Receiver {}

defineSocket("Subscriber", Subscriber)

/**
 * ZMQ_XPUB: a publisher that receives subscriptions as messages: a byte 1 (subscribe) or 0 (unsubscribe) and the prefix. For brokers, and
 * to know what peers subscribe to.
 */
export class XPublisher extends Socket {
  constructor(options?: ConstructorOptions<XPublisher>) {
    super(constant("ZMQ_XPUB"), options)
  }

  /**
   * ZMQ_XPUB_VERBOSE, ZMQ_XPUB_VERBOSER: which subscriptions it receives: null (the default) only the first subscribe and the last
   * unsubscribe of a prefix, "allSubs" every subscribe, "allSubsUnsubs" every subscribe and unsubscribe.
   */
  get verbosity(): null | "allSubs" | "allSubsUnsubs" {
    return (this[written].get("ZMQ_XPUB_VERBOSER") as "allSubs" | "allSubsUnsubs" | undefined) ?? null
  }

  set verbosity(value: null | "allSubs" | "allSubsUnsubs") {
    if (value !== null && value !== "allSubs" && value !== "allSubsUnsubs") {
      throw new TypeError(
        `Option value must be one of null, "allSubs", "allSubsUnsubs", but received ${JSON.stringify(value)}`,
      )
    }
    // VERBOSER sets both, VERBOSE only subscribes.
    this[act]("ZMQ_XPUB_VERBOSER", value === "allSubsUnsubs", "bool")
    if (value === "allSubs") this[act]("ZMQ_XPUB_VERBOSE", true, "bool")
    this[written].set("ZMQ_XPUB_VERBOSER", value)
  }

  /** ZMQ_SUBSCRIBE, with `manual`: subscribes the peer whose message was received last to these prefixes; without arguments, to all messages. */
  subscribe(...prefixes: (Uint8Array | string)[]): void {
    if (prefixes.length === 0) this[act]("ZMQ_SUBSCRIBE", "")
    for (const prefix of prefixes) this[act]("ZMQ_SUBSCRIBE", prefix)
  }

  /** ZMQ_UNSUBSCRIBE, with `manual`: removes one subscription of that peer to each of these prefixes; without arguments, one to all messages. */
  unsubscribe(...prefixes: (Uint8Array | string)[]): void {
    if (prefixes.length === 0) this[act]("ZMQ_UNSUBSCRIBE", "")
    for (const prefix of prefixes) this[act]("ZMQ_UNSUBSCRIBE", prefix)
  }
}

export interface XPublisher extends OptionsOn<"XPublisher">, Sender, Receiver {}

defineSocket("XPublisher", XPublisher)

/**
 * ZMQ_XSUB: a subscriber that subscribes by sending messages: a byte 1 (subscribe) or 0 (unsubscribe) and the prefix. For brokers. Other
 * messages go upstream to the publishers.
 */
export class XSubscriber extends Socket {
  constructor(options?: ConstructorOptions<XSubscriber>) {
    super(constant("ZMQ_XSUB"), options)
  }
}

export interface XSubscriber extends OptionsOn<"XSubscriber">, Sender, Receiver {}

defineSocket("XSubscriber", XSubscriber)
