// One to many, by group: radios send only to groups that a dish has joined.

import type { Buffer } from "node:buffer"
import type { GroupOptions } from "../message/form.js"
import type { Message } from "../message/message.js"
import { constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import { changeGroups, type FirstGroups } from "../socket/first-endpoints.js"
import type { ConstructorOptions, Receiver } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { defineTaggedSending, type TaggedWritable } from "./tagged-sending.js"

/**
 * ZMQ_RADIO: sends each message to every dish that has joined its group (over udp, to every listener), and drops it for dishes whose
 * queue is full.
 *
 * ```typescript
 * const radio = new Radio()
 * radio.connect("udp://239.0.0.1:5560")
 * await radio.send(JSON.stringify(finding), { group: "findings" })
 * ```
 *
 * Over udp, a message larger than 8 KiB, including its group, throws EMSGSIZE.
 */
export class Radio extends Socket {
  constructor(options?: ConstructorOptions<Radio>) {
    super(constant("ZMQ_RADIO"), options)
  }
}

export interface Radio extends OptionsOn<"Radio">, TaggedWritable<GroupOptions> {}

defineSocket("Radio", Radio)
defineTaggedSending(Radio, "group")

/** The options that come with a received message. */
export interface DishGroupOptions {
  /** The group to which the message was sent. */
  group: Buffer
}

/**
 * ZMQ_DISH: receives the messages of the groups that it has joined.
 *
 * ```typescript
 * const dish = new Dish()
 * await dish.bind("udp://239.0.0.1:5560")
 * dish.join("findings")
 * for await (const [body, { group }] of dish) console.log(group.toString(), body.toString())
 * ```
 */
export class Dish extends Socket {
  constructor(options?: ConstructorOptions<Dish> & FirstGroups) {
    super(constant("ZMQ_DISH"), options)
  }

  /** Joins groups of 1 to 255 bytes each. EINVAL for a group that it has already joined. */
  join(...groups: (string | Uint8Array)[]): void {
    changeGroups(this, groups, "join")
  }

  /** Leaves groups. EINVAL for a group that it has not joined. */
  leave(...groups: (string | Uint8Array)[]): void {
    changeGroups(this, groups, "leave")
  }
}

export interface Dish extends OptionsOn<"Dish">, Receiver<[Message, DishGroupOptions]> {}

defineSocket("Dish", Dish)
