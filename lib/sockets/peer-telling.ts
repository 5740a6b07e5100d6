// What sockets have that tell of their peers: `peerEvents`, and what cannot be had beside it.

import type { Buffer } from "node:buffer"
import { randomBytes } from "node:crypto"
import { errnoError } from "../base/errors.js"
import { divert, getOption, handle, setOption } from "../base/symbols.js"
import { PeerEvents, type PeerForm } from "../events/peer-events.js"
import type { RoutingOptions } from "../message/form.js"
import type { Message } from "../message/message.js"
import { addon, constant } from "../native/addon.js"
import { type Option, socketOptions } from "../options/table/index.js"
import { wireTypes } from "../options/wire.js"
import { Socket } from "../socket/socket.js"

/** Messages that begin with a routing id. */
export const named: PeerForm<Buffer> = {
  sender: ([routingId]: [Message]) => routingId,
  body: (message: Message[]) => (message.length === 2 ? message[1] : undefined),
  announces: true,
}

/** Messages of one part, with a number beside it. */
export const numbered: PeerForm<number> = {
  sender: ([, { routingId }]: [Message, RoutingOptions]) => routingId,
  body: ([part]: [Message, RoutingOptions]) => part,
  announces: false,
}

/** Options that have libzmq put in messages of its own, or leave them out, or let the program do so. */
const excluded: Record<string, Option> = {
  disconnectMessage: socketOptions.disconnectMessage,
  routerNotify: socketOptions.routerNotify,
  // Of a peer that takes over a name, libzmq tells by an empty message, which might as well be the peer's own.
  handover: socketOptions.handover,
  raw: socketOptions.raw,
}

const isOff = (value: unknown) => value === false || value === null || (Array.isArray(value) && value.length === 0)

const exclusionError = (name: string) => errnoError("EINVAL", `peerEvents and ${name} cannot be combined`)

/** Gives a class `peerEvents`, whose options it must have already. */
export function definePeerEvents<Id extends Buffer | number>(
  socketClass: { prototype: Socket & { readonly peerEvents: PeerEvents<Id> } },
  form: PeerForm<Id>,
): void {
  const known = new WeakMap<Socket, PeerEvents<Id>>()
  const options = Object.entries(excluded).filter(([name]) => name in socketClass.prototype)

  function begin(socket: Socket): PeerEvents<Id> {
    if (addon.capability.draft !== true) throw errnoError("ENOTSUP", "peerEvents needs libzmq built with drafts")
    const native = socket[handle]()
    for (const [name, option] of options) if (!isOff(socket[getOption](option))) throw exclusionError(name)
    const farewell = randomBytes(16)
    const events = new PeerEvents(form, farewell)
    socket[divert]((message) => events.consume(message))
    // Not by the properties, which would show the farewell.
    native.setOption(constant("ZMQ_DISCONNECT_MSG"), wireTypes.bytes, farewell)
    if (form.announces) native.setOption(constant("ZMQ_ROUTER_NOTIFY"), wireTypes.int32, constant("ZMQ_NOTIFY_CONNECT"))
    known.set(socket, events)
    return events
  }

  Object.defineProperties(socketClass.prototype, {
    peerEvents: {
      configurable: true,
      get(this: Socket) {
        return known.get(this) ?? begin(this)
      },
    },
    [setOption]: {
      configurable: true,
      value(this: Socket, option: Option, value: unknown) {
        // What is off anyway may be turned off; the others are on, by libzmq's side of this.
        const name = value === false ? undefined : options.find(([, one]) => one === option)?.[0]
        if (name !== undefined && known.has(this)) throw exclusionError(name)
        Socket.prototype[setOption].call(this, option, value)
      },
    },
  })
}
