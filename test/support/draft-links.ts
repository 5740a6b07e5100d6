// Connected pairs of draft sockets, with functions to send from one to the other.

import type * as zmq from "ohmq"
import * as draft from "ohmq/draft"

import { eventually, freeAddress, join, open, type Transport } from "./sockets.js"

/** The methods that all receivers share. The options beside a message differ. */
type Receiver = zmq.Socket & zmq.Receiver<[Buffer, ...object[]]>

/** The methods that all senders share, without the options that say where a message goes. */
type Sender = zmq.Socket & Pick<zmq.Sender, "sendQueue" | "sendTimeout" | "toWritable">

export interface Link {
  sender: Sender
  receiver: Receiver
  send(message: zmq.MessageLike, options?: zmq.OperationOptions): Promise<void>
  trySend(message: zmq.MessageLike): boolean
  /** The message in the form for sendMany and streams. */
  chunk(message: zmq.MessageLike): unknown
  sendMany(messages: zmq.MessageLike[], options?: zmq.OperationOptions): Promise<void>
}

interface Any {
  send(...args: unknown[]): Promise<void>
  trySend(...args: unknown[]): boolean
  sendMany(messages: unknown[], options?: zmq.OperationOptions): Promise<void>
}

function link(sender: unknown, receiver: unknown, beside?: object): Link {
  const any = sender as Any
  const chunk = (message: zmq.MessageLike) => (beside === undefined ? message : [message, beside])
  return {
    sender: sender as Sender,
    receiver: receiver as Receiver,
    send: (message, options) => any.send(message, ...(beside || options ? [{ ...beside, ...options }] : [])),
    trySend: (message) => any.trySend(message, ...(beside ? [beside] : [])),
    chunk,
    sendMany: (messages, options) => any.sendMany(messages.map(chunk), options),
  }
}

type Marks = { sendHighWaterMark?: number; receiveHighWaterMark?: number }

const sending = ({ sendHighWaterMark }: Marks) => (sendHighWaterMark === undefined ? {} : { sendHighWaterMark })
const receiving = ({ receiveHighWaterMark }: Marks) =>
  receiveHighWaterMark === undefined ? {} : { receiveHighWaterMark }

/** The pairs, by name. */
export const links: Record<string, (transport: Transport, marks?: Marks) => Promise<Link>> = {
  "Client to Server": async (transport, marks = {}) => {
    const [client, server] = [open(draft.Client, marks), open(draft.Server, marks)]
    await join(server, client, transport)
    return link(client, server)
  },
  "Server to Client": async (transport, marks = {}) => {
    const [server, client] = [open(draft.Server, marks), open(draft.Client, marks)]
    await join(server, client, transport)
    await client.send("here I am")
    const [, options] = await server.receive()
    return link(server, client, options)
  },
  "Scatter to Gather": async (transport, marks = {}) => {
    const [scatter, gather] = [open(draft.Scatter, sending(marks)), open(draft.Gather, receiving(marks))]
    await join(gather, scatter, transport)
    return link(scatter, gather)
  },
  "Peer to Peer": async (transport, marks = {}) => {
    const [peer, other] = [open(draft.Peer, marks), open(draft.Peer, marks)]
    await other.bind(freeAddress(transport))
    return link(peer, other, { routingId: peer.connectPeer(other.lastEndpoint as string) })
  },
  "Channel to Channel": async (transport, marks = {}) => {
    const [channel, other] = [open(draft.Channel, marks), open(draft.Channel, marks)]
    await join(other, channel, transport)
    return link(channel, other)
  },
  "Radio to Dish": async (transport, marks = {}) => {
    const radio = open(draft.Radio, { ...sending(marks), noDrop: true })
    const dish = open(draft.Dish, receiving(marks))
    dish.join("group")
    await join(radio, dish, transport)
    // The radio learns of the group a little later.
    await eventually(async () => {
      await radio.send("there?", { group: "group" })
      await dish.receive({ timeout: 5 })
    })
    while (await dish.receive({ timeout: 50 }).catch(() => undefined)) {}
    return link(radio, dish, { group: "group" })
  },
}
