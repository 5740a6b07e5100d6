/**
 * The socket types of libzmq's draft API.
 *
 * @module ohmq/draft
 */

import process from "node:process"

import { makeReplaceable } from "./base/exports.js"
import { addon } from "./native/addon.js"
import { Channel as ChannelSocket, Peer as PeerSocket } from "./sockets/peer-channel.js"

if (addon.capability.draft !== true) {
  throw new Error(
    `This build of ohmq has no draft sockets: libzmq ${addon.version} was built without its draft API. ` +
      "Build libzmq with ENABLE_DRAFTS=ON, as 'npm run libzmq' does, and the addon with it.",
  )
}

process.emitWarning("The draft sockets of ØMQ are experimental: their API may change at any time.")

// Adds `events` and `connected()` to all sockets.
import "./events/connected.js"

export type { GroupOptions, RoutingOptions } from "./message/form.js"
export type { FirstGroups } from "./socket/first-endpoints.js"
export { Datagram } from "./sockets/datagram.js"
export { Gather, Scatter } from "./sockets/gather-scatter.js"
export { Dish, type DishGroupOptions, Radio } from "./sockets/radio-dish.js"
export { Client, Server } from "./sockets/server-client.js"
export type { TaggedWritable } from "./sockets/tagged-sending.js"

// zeromq has the seven above. The others can also be imported by name and required, but are not enumerable.
/**
 * ZMQ_PEER: a Server that can also send first, because `connectPeer` returns the routing id of the peer.
 * @class
 */
export const Peer = PeerSocket
/** @ignore */
export type Peer = PeerSocket
/**
 * ZMQ_CHANNEL: a thread-safe Pair for messages of one part.
 * @class
 */
export const Channel = ChannelSocket
/** @ignore */
export type Channel = ChannelSocket

makeReplaceable(exports)
for (const name of ["Peer", "Channel"]) Object.defineProperty(exports, name, { enumerable: false })
