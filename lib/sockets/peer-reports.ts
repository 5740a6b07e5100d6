// The property `peerEvents` of socket classes, and the options that it excludes.

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

/** For messages that begin with a routing id. */
export const byRoutingId: PeerForm<Buffer> = {
  sender: ([routingId]: [Message]) => routingId,
  body: (message: Message[]) => (message.length === 2 ? message[1] : undefined),
  announces: true,
}

/** For messages of one part and a routing id, which is a number. */
export const byNumber: PeerForm<number> = {
  sender: ([, { routingId }]: [Message, RoutingOptions]) => routingId,
  body: ([part]: [Message, RoutingOptions]) => part,
  announces: false,
}

/** Options with which libzmq adds messages of its own, or omits the ones that `peerEvents` needs. */
const excluded: Record<string, Option> = {
  disconnectMessage: socketOptions.disconnectMessage,
  routerNotify: socketOptions.routerNotify,
  // If a peer takes over a routing id, libzmq reports it by an empty message, which the peer could have sent itself.
  handover: socketOptions.handover,
  raw: socketOptions.raw,
}

const isOff = (value: unknown) => value === false || value === null || (Array.isArray(value) && value.length === 0)

const exclusionError = (name: string) =>
  errnoError("EINVAL", `A socket cannot have both peerEvents and the option ${name}`)

/** Adds `peerEvents` to a class that already has its options. */
export function definePeerEvents<Id extends Buffer | number>(
  socketClass: { prototype: Socket & { readonly peerEvents: PeerEvents<Id> } },
  form: PeerForm<Id>,
): void {
  const known = new WeakMap<Socket, PeerEvents<Id>>()
  const options = Object.entries(excluded).filter(([name]) => name in socketClass.prototype)

  function begin(socket: Socket): PeerEvents<Id> {
    if (addon.capability.draft !== true)
      throw errnoError(
        "ENOTSUP",
        `peerEvents needs libzmq's draft API, without which libzmq ${addon.version} was built`,
      )
    const native = socket[handle]()
    for (const [name, option] of options) if (!isOff(socket[getOption](option))) throw exclusionError(name)
    const farewell = randomBytes(16)
    const events = new PeerEvents(form, farewell)
    socket[divert]((message) => events.consume(message))
    // Bypasses the property, which would return the farewell.
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
        // Booleans may be set to false, which they are; peerEvents itself uses the other options.
        const name = value === false ? undefined : options.find(([, one]) => one === option)?.[0]
        if (name !== undefined && known.has(this)) throw exclusionError(name)
        Socket.prototype[setOption].call(this, option, value)
      },
    },
  })
}
