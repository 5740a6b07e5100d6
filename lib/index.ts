/**
 * Sockets, contexts, proxies and events. The values are exactly those of zeromq 6.
 *
 * @module ohmq
 */

/// <reference types="node" preserve="true" />

import { isUint8Array } from "node:util/types"

import { makeReplaceable } from "./base/exports.js"
import { addon } from "./native/addon.js"
import * as pair from "./sockets/pair.js"
import * as publishSubscribe from "./sockets/publish-subscribe.js"
import * as pushPull from "./sockets/push-pull.js"
import * as requestReply from "./sockets/request-reply.js"
import * as stream from "./sockets/stream.js"

/** The version of the linked libzmq, such as "4.3.5". */
export const version: string = addon.version

/**
 * What the linked libzmq was built with; what it lacks is false. `patches` are the names of the changes that this package made to libzmq
 * or found in it, such as "0002-udp-group-length"; it is not enumerable, and an installed libzmq has none.
 */
export const capability: Partial<
  Record<"ipc" | "pgm" | "tipc" | "norm" | "curve" | "gssapi" | "draft" | "vmci" | "WS" | "WSS" | "vsock", boolean>
> & {
  /** The names of the patches in the linked libzmq. */
  readonly patches: readonly string[]
} = addon.capability

/** A key pair for CURVE, each key as 40 characters of Z85. */
export interface CurveKeyPair {
  /** The public key. */
  publicKey: string
  /** The secret key. */
  secretKey: string
}

/**
 * A new key pair for CURVE, each key as 40 characters of Z85. Servers set `curveServer` and `curveSecretKey`; clients set
 * `curveServerKey` to the server's public key, and a key pair of their own.
 */
export function curveKeyPair(): CurveKeyPair {
  return addon.curveKeyPair()
}

/** The public key of a secret key, which is 40 characters of Z85 or 32 bytes. EINVAL for anything else. */
curveKeyPair.publicKeyFrom = (secretKey: string | Uint8Array): string => {
  if (typeof secretKey !== "string" && !isUint8Array(secretKey)) {
    throw new TypeError("Expected the secret key to be a string or a Uint8Array")
  }
  return addon.curvePublicKey(secretKey)
}

export type { Key } from "./base/curve-key.js"
export type { BatchError, ErrnoError } from "./base/errors.js"
export { Context, context, type TerminateOptions } from "./context.js"
export type {
  AuthenticationError,
  CodedError,
  Event,
  EventOfType,
  EventSubscriber,
  EventType,
} from "./events/decoding.js"
export { Observer } from "./events/observer.js"
export type { PeerEvent, PeerEvents } from "./events/peer-events.js"
export type { MessageWithMetadata, MetadataOptions } from "./message/metadata.js"
export { Proxy, type ProxyCount, type ProxyCounts, type ProxyOptions, type ProxyStatistics } from "./proxy.js"
export { Socket } from "./socket/socket.js"

// Adds to Socket what the type comes from.
import "./events/connected.js"

export type {
  ClientSecurity,
  Guard,
  KeyPair,
  PlainClientSecurity,
  PlainServerSecurity,
  ServerSecurity,
  SocketSecurity,
} from "./encryption/security-option.js"
export type { ConnectedOptions } from "./events/connected.js"

Object.assign(exports, pair, publishSubscribe, pushPull, requestReply, stream)

export type { OperationOptions } from "./base/checks.js"
export type { Iteration } from "./base/iteration.js"
export type { MessageCount } from "./message/count.js"
export type { ReceiveMemory } from "./message/inbox.js"
export type { Message, MessageLike } from "./message/message.js"
export type { FirstEndpoints, FirstSubscriptions } from "./socket/first-endpoints.js"
export type * from "./socket/interfaces.js"
export type { QueueOptions } from "./socket/queues.js"
export type { BatchOptions } from "./socket/receiving.js"
export type { SocketStatistics } from "./socket/statistics.js"
export type { StreamOptions } from "./socket/streams.js"
// With a star, programs can add to these interfaces: declare module "ohmq" { interface Dealer { … } }
export * from "./sockets/pair.js"
export * from "./sockets/publish-subscribe.js"
export * from "./sockets/push-pull.js"
export * from "./sockets/request-reply.js"
export * from "./sockets/stream.js"

makeReplaceable(exports)

// A default import is the module itself: in Node.js anyway, and by this where programs are compiled to CommonJS or bundled.
// Not by Object.defineProperty, which checkers of packages take for the only export.
Reflect.defineProperty(exports, "default", { value: exports })
