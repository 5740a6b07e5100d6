// What a constructor takes besides options: prefixes to subscribe to, groups to join, and addresses to bind and connect to.

import { Buffer } from "node:buffer"
import { errnoError } from "../base/errors.js"
import type { SocketType } from "../base/socket-types.js"
import { act, handle, optionRead } from "../base/symbols.js"
import { groupBytes } from "../message/form.js"
import { addon, type NativeSocket } from "../native/addon.js"
import type { Endpoints } from "./endpoints.js"

/** Endpoints that a constructor takes. All options are set before the first of them, in whatever order they were written. */
export interface FirstEndpoints {
  /**
   * Addresses to bind to, before anything is connected. This is like `bindSync`: it is done when the constructor returns, and blocks
   * while a host name is looked up. If it fails, the constructor throws, and the socket is closed.
   */
  bind?: string | readonly string[]
  /** Addresses to connect to, in order. If one fails, the constructor throws, and the socket is closed. */
  connect?: string | readonly string[]
}

/** What the constructor of a Subscriber takes. */
export interface FirstSubscriptions {
  /** Prefixes to subscribe to, before anything is bound or connected. "" stands for all messages. */
  subscribe?: string | Uint8Array | readonly (string | Uint8Array)[]
}

/** What the constructor of a Dish takes. */
export interface FirstGroups {
  /** Groups to join, before anything is bound or connected. */
  join?: string | Uint8Array | readonly (string | Uint8Array)[]
}

interface Member {
  [handle](): NativeSocket
  [optionRead](): void
}

/** Makes a Dish join or leave groups. */
export function changeGroups(dish: Member, groups: (string | Uint8Array)[], change: "join" | "leave"): void {
  const { slot } = dish[handle]()
  const all = groups.map((group) => groupBytes({ group }))
  for (const group of all) {
    try {
      if (change === "join") addon.joinGroup(slot, group)
      else addon.leaveGroup(slot, group)
    } catch (error) {
      if ((error as { code?: string }).code !== "EINVAL") throw error
      const refusal = change === "join" ? "has already joined" : "has not joined"
      throw errnoError("EINVAL", `This socket ${refusal} the group ${JSON.stringify(Buffer.from(group).toString())}`)
    } finally {
      dish[optionRead]()
    }
  }
}

interface Beginner extends Member {
  [act](name: string, value: string | Uint8Array): void
}

type Step = (value: never) => void

/** The first steps of a socket, in this order, by the names that its constructor takes. */
export function firstSteps(type: SocketType, socket: Beginner, endpoints: Endpoints): Record<string, Step> {
  return {
    ...(type.subscribes && { subscribe: (prefix: string) => socket[act]("ZMQ_SUBSCRIBE", prefix) }),
    ...(type.joins && { join: (group: string) => changeGroups(socket, [group], "join") }),
    bind: (address: string) => endpoints.bindSync(address),
    connect: (address: string) => endpoints.connect(address),
  }
}

/** Runs the steps for which a constructor was given something. */
export function begin(steps: Record<string, Step>, given: object): void {
  for (const [name, step] of Object.entries(steps)) {
    if (!Object.hasOwn(given, name)) continue
    const value = (given as Record<string, unknown>)[name]
    for (const each of Array.isArray(value) ? value : [value]) {
      try {
        step(each as never)
      } catch (error) {
        throw Object.assign(error as Error, { option: name })
      }
    }
  }
}
