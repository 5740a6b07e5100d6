// Plain tcp.

import type { Buffer } from "node:buffer"
import { tooMany } from "../base/checks.js"
import { connectNamed, handle } from "../base/symbols.js"
import type { Message, MessageLike } from "../message/message.js"
import { addon, constant, SendFlags } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { checkName, claimName, nameTaken, type PeerName, peerName, releaseNames } from "./peer-name.js"

/** Whether libzmq still has a peer that was disconnected. */
function hasPeer(socket: Stream, name: Buffer): boolean {
  const native = socket[handle]()
  const told = native.hasPeer(name)
  if (told !== undefined) return told
  // An installed libzmq does not know. There, only a send tells; to a peer that was not disconnected, it would begin a message.
  const { slot } = native
  // Lets libzmq see what has ended meanwhile.
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
 * ZMQ_STREAM: plain tcp, to talk to peers that do not speak ZMTP. Every message has two parts: which peer, and bytes. An
 * empty second part tells of a connection that came or went; sending one closes the connection.
 */
export class Stream extends Socket {
  constructor(options?: ConstructorOptions<Stream>) {
    super(constant("ZMQ_STREAM"), options)
  }

  /**
   * Connects to an address.
   *
   * @param options `routingId` is the name under which this socket knows the peer (ZMQ_CONNECT_ROUTING_ID), 1 to 255
   * bytes. EEXIST if that name was given before, until `disconnect` has ended that connection, which takes a moment.
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

  override disconnect(address: string): void {
    super.disconnect(address)
    releaseNames(this, address)
  }
}

export interface StreamConnectOptions extends PeerName {}

export interface Stream extends OptionsOn<"Stream">, Sender<[MessageLike, MessageLike]>, Receiver<[Message, Message]> {}

defineSocket("Stream", Stream)
