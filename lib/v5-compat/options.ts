// setsockopt and getsockopt: maps the numbers and short names of zeromq 5's options to properties of the main API.

import { Buffer } from "node:buffer"

import * as zmq from "./constants.js"
import type { AnySocket } from "./link.js"

const numbers = {
  _fd: zmq.ZMQ_FD,
  _ioevents: zmq.ZMQ_EVENTS,
  _receiveMore: zmq.ZMQ_RCVMORE,
  _subscribe: zmq.ZMQ_SUBSCRIBE,
  _unsubscribe: zmq.ZMQ_UNSUBSCRIBE,
  affinity: zmq.ZMQ_AFFINITY,
  backlog: zmq.ZMQ_BACKLOG,
  connect_timeout: zmq.ZMQ_CONNECT_TIMEOUT,
  curve_publickey: zmq.ZMQ_CURVE_PUBLICKEY,
  curve_secretkey: zmq.ZMQ_CURVE_SECRETKEY,
  curve_server: zmq.ZMQ_CURVE_SERVER,
  curve_serverkey: zmq.ZMQ_CURVE_SERVERKEY,
  heartbeat_ivl: zmq.ZMQ_HEARTBEAT_IVL,
  heartbeat_timeout: zmq.ZMQ_HEARTBEAT_TIMEOUT,
  heartbeat_ttl: zmq.ZMQ_HEARTBEAT_TTL,
  identity: zmq.ZMQ_IDENTITY,
  last_endpoint: zmq.ZMQ_LAST_ENDPOINT,
  linger: zmq.ZMQ_LINGER,
  mechanism: zmq.ZMQ_MECHANISM,
  plain_password: zmq.ZMQ_PLAIN_PASSWORD,
  plain_server: zmq.ZMQ_PLAIN_SERVER,
  plain_username: zmq.ZMQ_PLAIN_USERNAME,
  rate: zmq.ZMQ_RATE,
  rcvbuf: zmq.ZMQ_RCVBUF,
  reconnect_ivl: zmq.ZMQ_RECONNECT_IVL,
  recovery_ivl: zmq.ZMQ_RECOVERY_IVL,
  sndbuf: zmq.ZMQ_SNDBUF,
  zap_domain: zmq.ZMQ_ZAP_DOMAIN,
}

/** The short name of an option, such as "linger". */
export type OptionName = keyof typeof numbers

/** The options that have short names, and their numbers. Every socket also has them as properties. */
export const options: Record<OptionName, number> = numbers

/** The value of an option; `undefined` if the socket type lacks it. */
export type OptionValue = string | number | boolean | null | undefined

/** A socket of the main API with the accessors that its type hides. */
type Holder = Record<string, unknown> & {
  getInt32Option(id: number): number
  setInt32Option(id: number, value: unknown): void
  getStringOption(id: number): string | null
  setStringOption(id: number, value: unknown): void
}

interface Access {
  get?(socket: Holder): unknown
  set?(socket: Holder, value: unknown): void
}

const property = (name: string): Access => ({
  get: (socket) => socket[name],
  set: (socket, value) => {
    socket[name] = value
  },
})

/** A boolean property as 0 or 1. */
const flag = (name: string): Access => ({
  get: (socket) => (socket[name] ? 1 : 0),
  set: (socket, value) => {
    socket[name] = Boolean(value)
  },
})

/** Options that every socket type has in zeromq 5, but only some in the main API. */
const onAll = (id: number, name: string, kind: "Int32" | "String" = "Int32"): Access => ({
  get: (socket) => (name in socket ? socket[name] : socket[`get${kind}Option`](id)),
  set: (socket, value) => {
    if (name in socket) socket[name] = value
    else socket[`set${kind}Option`](id, value)
  },
})

const action = (name: "subscribe" | "unsubscribe"): Access => ({
  set: (socket, value) => (socket[name] as (prefix: unknown) => void)(value),
})

const unsupported = (name: string) => () => {
  throw new Error(`${name} is not supported in compatibility mode`)
}

const mechanisms = [null, "plain", "curve", "gssapi"]

const accesses = new Map<number, Access>([
  [zmq.ZMQ_AFFINITY, property("affinity")],
  [zmq.ZMQ_IDENTITY, onAll(zmq.ZMQ_IDENTITY, "routingId", "String")],
  [zmq.ZMQ_SUBSCRIBE, action("subscribe")],
  [zmq.ZMQ_UNSUBSCRIBE, action("unsubscribe")],
  [zmq.ZMQ_RATE, property("rate")],
  [zmq.ZMQ_RECOVERY_IVL, property("recoveryInterval")],
  [zmq.ZMQ_SNDBUF, onAll(zmq.ZMQ_SNDBUF, "sendBufferSize")],
  [zmq.ZMQ_RCVBUF, onAll(zmq.ZMQ_RCVBUF, "receiveBufferSize")],
  [zmq.ZMQ_RCVMORE, { get: unsupported("ZMQ_RCVMORE") }],
  [zmq.ZMQ_FD, { get: unsupported("ZMQ_FD") }],
  [
    zmq.ZMQ_EVENTS,
    {
      get: ({ readable, writable }) => (readable ? zmq.ZMQ_POLLIN : 0) | (writable ? zmq.ZMQ_POLLOUT : 0),
    },
  ],
  [zmq.ZMQ_TYPE, { get: (socket) => socket.type }],
  [zmq.ZMQ_LINGER, property("linger")],
  [zmq.ZMQ_RECONNECT_IVL, property("reconnectInterval")],
  [zmq.ZMQ_BACKLOG, property("backlog")],
  [zmq.ZMQ_RECONNECT_IVL_MAX, property("reconnectMaxInterval")],
  [zmq.ZMQ_MAXMSGSIZE, property("maxMessageSize")],
  [zmq.ZMQ_SNDHWM, onAll(zmq.ZMQ_SNDHWM, "sendHighWaterMark")],
  [zmq.ZMQ_RCVHWM, onAll(zmq.ZMQ_RCVHWM, "receiveHighWaterMark")],
  [zmq.ZMQ_MULTICAST_HOPS, onAll(zmq.ZMQ_MULTICAST_HOPS, "multicastHops")],
  [zmq.ZMQ_RCVTIMEO, onAll(zmq.ZMQ_RCVTIMEO, "receiveTimeout")],
  [zmq.ZMQ_SNDTIMEO, onAll(zmq.ZMQ_SNDTIMEO, "sendTimeout")],
  [
    zmq.ZMQ_IPV4ONLY,
    {
      get: (socket) => !socket.ipv6,
      set: (socket, value) => {
        socket.ipv6 = !value
      },
    },
  ],
  [zmq.ZMQ_LAST_ENDPOINT, { get: (socket) => socket.lastEndpoint }],
  [zmq.ZMQ_ROUTER_MANDATORY, flag("mandatory")],
  [zmq.ZMQ_TCP_KEEPALIVE, property("tcpKeepalive")],
  [zmq.ZMQ_TCP_KEEPALIVE_CNT, property("tcpKeepaliveCount")],
  [zmq.ZMQ_TCP_KEEPALIVE_IDLE, property("tcpKeepaliveIdle")],
  [zmq.ZMQ_TCP_KEEPALIVE_INTVL, property("tcpKeepaliveInterval")],
  [zmq.ZMQ_TCP_ACCEPT_FILTER, property("tcpAcceptFilter")],
  [zmq.ZMQ_DELAY_ATTACH_ON_CONNECT, flag("immediate")],
  [
    zmq.ZMQ_XPUB_VERBOSE,
    {
      get: (socket) => (socket.verbosity === "allSubs" ? 1 : 0),
      set: (socket, value) => {
        socket.verbosity = value ? "allSubs" : null
      },
    },
  ],
  [zmq.ZMQ_ROUTER_RAW, { get: unsupported("ZMQ_ROUTER_RAW"), set: unsupported("ZMQ_ROUTER_RAW") }],
  [zmq.ZMQ_ROUTER_HANDOVER, flag("handover")],
  [zmq.ZMQ_IPV6, flag("ipv6")],
  [zmq.ZMQ_MECHANISM, { get: (socket) => mechanisms.indexOf(socket.securityMechanism as string | null) }],
  [zmq.ZMQ_PLAIN_SERVER, flag("plainServer")],
  [zmq.ZMQ_PLAIN_USERNAME, property("plainUsername")],
  [zmq.ZMQ_PLAIN_PASSWORD, property("plainPassword")],
  [zmq.ZMQ_CURVE_SERVER, flag("curveServer")],
  [zmq.ZMQ_CURVE_PUBLICKEY, property("curvePublicKey")],
  [zmq.ZMQ_CURVE_SECRETKEY, property("curveSecretKey")],
  [zmq.ZMQ_CURVE_SERVERKEY, property("curveServerKey")],
  [zmq.ZMQ_ZAP_DOMAIN, property("zapDomain")],
  [zmq.ZMQ_HEARTBEAT_IVL, property("heartbeatInterval")],
  [zmq.ZMQ_HEARTBEAT_TTL, property("heartbeatTimeToLive")],
  [zmq.ZMQ_HEARTBEAT_TIMEOUT, property("heartbeatTimeout")],
  [zmq.ZMQ_CONNECT_TIMEOUT, property("connectTimeout")],
])

function accessOf(option: unknown): Access {
  const id =
    typeof option === "number" ? option : Object.hasOwn(options, option as string) && options[option as OptionName]
  return accesses.get(id as number) ?? {}
}

export function setOption(socket: AnySocket, option: unknown, value: unknown): void {
  const { set } = accessOf(option)
  if (set === undefined) throw new Error("Unknown option")
  set(socket as unknown as Holder, value)
}

export function getOption(socket: AnySocket, option: unknown): OptionValue {
  const { get } = accessOf(option)
  if (get === undefined) throw new Error("Unknown option")
  return get(socket as unknown as Holder) as OptionValue
}

/** The options with short names, as properties of a socket. */
export interface OptionProperties {
  /** ZMQ_AFFINITY: the I/O threads for new connections, as a bit mask. */
  affinity: number
  /** ZMQ_BACKLOG: how many connections may wait to be accepted. */
  backlog: number
  /** ZMQ_CONNECT_TIMEOUT: how long connect() may take. Milliseconds. */
  connect_timeout: number
  /** ZMQ_CURVE_SERVER: 1 for a CURVE server. */
  curve_server: number
  /** ZMQ_CURVE_PUBLICKEY: this socket's public key. */
  get curve_publickey(): string | null
  set curve_publickey(value: string | Uint8Array | null)
  /** ZMQ_CURVE_SECRETKEY: this socket's secret key. */
  get curve_secretkey(): string | null
  set curve_secretkey(value: string | Uint8Array | null)
  /** ZMQ_CURVE_SERVERKEY: the server's public key, for a client. */
  get curve_serverkey(): string | null
  set curve_serverkey(value: string | Uint8Array | null)
  /** ZMQ_HEARTBEAT_IVL: how often to send a ping. Milliseconds. */
  heartbeat_ivl: number
  /** ZMQ_HEARTBEAT_TIMEOUT: how long a peer may be silent after a ping. Milliseconds. */
  heartbeat_timeout: number
  /** ZMQ_HEARTBEAT_TTL: when the peer should disconnect this side. Milliseconds. */
  heartbeat_ttl: number
  /** ZMQ_ROUTING_ID: the id by which routers know this socket. */
  get identity(): string | null
  set identity(value: string | Uint8Array | null)
  /** ZMQ_LAST_ENDPOINT: the last endpoint that was bound or connected. */
  readonly last_endpoint: string | null
  /** ZMQ_LINGER: how long unsent messages are kept after close. Milliseconds. */
  linger: number
  /** ZMQ_MECHANISM: 0 for none, 1 for PLAIN, 2 for CURVE, 3 for GSSAPI. */
  readonly mechanism: number
  /** ZMQ_PLAIN_PASSWORD: the password of a PLAIN client. */
  get plain_password(): string | null
  set plain_password(value: string | Uint8Array | null)
  /** ZMQ_PLAIN_USERNAME: the user name of a PLAIN client. */
  get plain_username(): string | null
  set plain_username(value: string | Uint8Array | null)
  /** ZMQ_PLAIN_SERVER: 1 for a PLAIN server. */
  plain_server: number
  /** ZMQ_RATE: the maximum data rate for multicast. Kilobits per second. */
  rate: number
  /** ZMQ_RCVBUF: the size of the kernel's receive buffer. Bytes. */
  rcvbuf: number
  /** ZMQ_RECONNECT_IVL: how long to wait before reconnecting. Milliseconds. */
  reconnect_ivl: number
  /** ZMQ_RECOVERY_IVL: how long a multicast receiver may be absent. Milliseconds. */
  recovery_ivl: number
  /** ZMQ_SNDBUF: the size of the kernel's transmit buffer. Bytes. */
  sndbuf: number
  /** ZMQ_ZAP_DOMAIN: the domain that the ZAP handler gets. */
  get zap_domain(): string | null
  set zap_domain(value: string | Uint8Array | null)
  /** ZMQ_EVENTS: the bits ZMQ_POLLIN and ZMQ_POLLOUT. */
  readonly _ioevents: number
}

/** Defines the properties of `OptionProperties`. */
export function defineProperties(prototype: {
  getsockopt(option: number): unknown
  setsockopt(option: number, value: unknown): unknown
}): void {
  for (const [name, id] of Object.entries(options)) {
    const property: PropertyDescriptor & ThisType<typeof prototype> = {
      configurable: true,
      get() {
        return this.getsockopt(id)
      },
      set(value: unknown) {
        this.setsockopt(id, typeof value === "string" ? Buffer.from(value) : value)
      },
    }
    Object.defineProperty(prototype, name, property)
  }
}
