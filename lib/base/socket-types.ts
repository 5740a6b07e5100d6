// The table of socket types: what libzmq's manual (zmq_socket) says of each, and all that this package knows by type.

import { addon } from "../native/addon.js"

/**
 * What the messages of a type look like:
 *
 * - `parts`: an array of parts, the default;
 * - `part`: one part;
 * - `routed`: one part, and the routing id of a peer;
 * - `grouped`: one part, and a group;
 * - `datagram`: an address and a body.
 */
export type MessageShape = "parts" | "part" | "routed" | "grouped" | "datagram"

/** What is left out is false, and "parts" for the shape. */
interface Row {
  /** The name in zmq.h. */
  readonly zmq: string
  /** Its names in `ohmq/v5-compat`. */
  readonly v5?: readonly string[]
  /** It can send. */
  readonly writable?: true
  /** It can receive. */
  readonly readable?: true
  /** Requests and replies take turns: out of turn an operation fails and does not wait, and there is nothing to fetch ahead. */
  readonly lockstep?: true
  /** It chooses one peer per message, and drops the rest of a message whose peer goes away in the middle. */
  readonly balances?: true
  /** It has one peer. libzmq accepts further connections, handshake included, but never uses them. */
  readonly singlePeer?: true
  /** It subscribes. It sends only subscriptions, and libzmq would silently drop those beyond the high-water mark of 1,000. */
  readonly subscribes?: true
  /** It joins groups. */
  readonly joins?: true
  /** It does not speak ZMTP: its connections have no handshake and no security mechanism. */
  readonly plain?: true
  /** It receives what one read from the connection returned as one message, so the size of reads shows. */
  readonly unframed?: true
  readonly shape?: MessageShape
}

/** By the name of the class. The types of the stable API come first. */
export const socketTypes = {
  Pair: { zmq: "ZMQ_PAIR", v5: ["pair"], writable: true, readable: true, singlePeer: true },
  Publisher: { zmq: "ZMQ_PUB", v5: ["pub"], writable: true },
  Subscriber: { zmq: "ZMQ_SUB", v5: ["sub"], readable: true, subscribes: true },
  Request: { zmq: "ZMQ_REQ", v5: ["req"], writable: true, readable: true, lockstep: true, balances: true },
  Reply: { zmq: "ZMQ_REP", v5: ["rep"], writable: true, readable: true, lockstep: true },
  Dealer: { zmq: "ZMQ_DEALER", v5: ["dealer", "xreq"], writable: true, readable: true, balances: true },
  Router: { zmq: "ZMQ_ROUTER", v5: ["router", "xrep"], writable: true, readable: true },
  Pull: { zmq: "ZMQ_PULL", v5: ["pull"], readable: true },
  Push: { zmq: "ZMQ_PUSH", v5: ["push"], writable: true, balances: true },
  XPublisher: { zmq: "ZMQ_XPUB", v5: ["xpub"], writable: true, readable: true },
  XSubscriber: { zmq: "ZMQ_XSUB", v5: ["xsub"], writable: true, readable: true },
  Stream: { zmq: "ZMQ_STREAM", v5: ["stream"], writable: true, readable: true, plain: true, unframed: true },
  Server: { zmq: "ZMQ_SERVER", writable: true, readable: true, shape: "routed" },
  Client: { zmq: "ZMQ_CLIENT", writable: true, readable: true, shape: "part" },
  Radio: { zmq: "ZMQ_RADIO", writable: true, shape: "grouped" },
  Dish: { zmq: "ZMQ_DISH", readable: true, joins: true, shape: "grouped" },
  Gather: { zmq: "ZMQ_GATHER", readable: true, shape: "part" },
  Scatter: { zmq: "ZMQ_SCATTER", writable: true, shape: "part" },
  Datagram: { zmq: "ZMQ_DGRAM", writable: true, readable: true, plain: true, shape: "datagram" },
  Peer: { zmq: "ZMQ_PEER", writable: true, readable: true, shape: "routed" },
  Channel: { zmq: "ZMQ_CHANNEL", writable: true, readable: true, singlePeer: true, shape: "part" },
} as const satisfies Record<string, Row>

/** The socket classes. */
export type SocketName = keyof typeof socketTypes

/** The socket classes whose row has a mark. */
type NamesWith<Mark extends string> = {
  [Name in SocketName]: (typeof socketTypes)[Name] extends Record<Mark, true> ? Name : never
}[SocketName]

const rows: [string, Row][] = Object.entries(socketTypes)
const namesWith = <Mark extends "writable" | "readable">(mark: Mark) =>
  rows.filter(([, row]) => row[mark]).map(([name]) => name) as NamesWith<Mark>[]

/** The socket classes that can send. */
export const writers = namesWith("writable")

/** The socket classes that can receive. */
export const readers = namesWith("readable")

/** The complete row of a type, with its number in zmq.h. */
export interface SocketType {
  readonly number: number
  readonly writable: boolean
  readonly readable: boolean
  readonly lockstep: boolean
  readonly balances: boolean
  readonly singlePeer: boolean
  readonly subscribes: boolean
  readonly joins: boolean
  readonly plain: boolean
  readonly unframed: boolean
  readonly shape: MessageShape
}

const complete = (number: number, row: Omit<Row, "zmq">): SocketType => ({
  number,
  writable: row.writable === true,
  readable: row.readable === true,
  lockstep: row.lockstep === true,
  balances: row.balances === true,
  singlePeer: row.singlePeer === true,
  subscribes: row.subscribes === true,
  joins: row.joins === true,
  plain: row.plain === true,
  unframed: row.unframed === true,
  shape: row.shape ?? "parts",
})

const byNumber = new Map<number, SocketType>()
for (const [, row] of rows) {
  const number = addon.constants[row.zmq]
  // The draft types are missing from a libzmq that was built without drafts.
  if (number !== undefined) byNumber.set(number, complete(number, row))
}

/** The type with a number of zmq.h. libzmq decides whether a number that this table does not have is a socket type. */
export const socketType = (number: number): SocketType =>
  byNumber.get(number) ?? complete(number, { writable: true, readable: true })
