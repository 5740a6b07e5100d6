// Plain tcp.

import type { Buffer } from "node:buffer"
import { tooMany } from "../base/checks.js"
import { connectNamed, handle } from "../base/symbols.js"
import type { Message, MessageLike } from "../message/message.js"
import { addon, constant } from "../native/addon.js"
import { SendFlags } from "../native/numbers.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { checkName, claimName, nameTaken, type PeerName, peerName, releaseNames } from "./peer-name.js"

/** Whether libzmq still knows a peer that was disconnected. */
function hasPeer(socket: Stream, name: Buffer): boolean {
  const native = socket[handle]()
  const told = native.hasPeer(name)
  if (told !== undefined) return told
  // An unpatched libzmq cannot say. There, only a send shows it; for a connected peer, that would begin a message.
  const { slot } = native
  // Lets libzmq process disconnects.
  addon.events(slot)
  try {
    addon.sendBytes(slot, name, SendFlags.More)
    return true
  } catch (error) {
    if ((error as { code?: string }).code === "EHOSTUNREACH") return false
    throw error
  }
}

/**
 * ZMQ_STREAM: plain tcp, for peers without ZMTP. Every message has two parts: the peer's routing id, and bytes. An empty second part
 * reports that a peer connected or disconnected; sending one closes the connection.
 */
export class Stream extends Socket {
  constructor(options?: ConstructorOptions<Stream>) {
    super(constant("ZMQ_STREAM"), options)
  }

  /**
   * Connects to an address.
   *
   * @param options `routingId` is the routing id of the peer on this socket (ZMQ_CONNECT_ROUTING_ID), 1 to 255 bytes. EEXIST if it was
   * assigned before, until `disconnect` has closed that connection, which takes a moment.
   */
  override connect(address: string, options: StreamConnectOptions = {}): void {
    if (arguments.length > 2) throw tooMany(2, arguments.length)
    const name = peerName(options)
    if (name === undefined) {
      super.connect(address)
    } else {
      this[connectNamed](address, name, () => {
        checkName(this, name)
        if (hasPeer(this, name)) throw nameTaken(name)
      })
      claimName(this, name, address)
    }
  }

  /** Disconnects from an address. ENOENT if it is not connected to it. */
  override disconnect(address: string): void {
    super.disconnect(address)
    releaseNames(this, address)
  }
}

/** Options of `connect` of a Stream. */
export interface StreamConnectOptions extends PeerName {}

export interface Stream extends OptionsOn<"Stream">, Sender<[MessageLike, MessageLike]>, Receiver<[Message, Message]> {}

defineSocket("Stream", Stream)
