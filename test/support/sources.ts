// A common interface to everything that can be iterated: items arrive, each with a label, and are iterated over or received.

import * as zmq from "ohmq"
import { text, withCodec } from "ohmq/codec"
import * as draft from "ohmq/draft"

import { eventually, join, open } from "./sockets.js"

export interface Source {
  /** Makes a number of items arrive, and resolves with their labels when they have. */
  send(count: number): Promise<string[]>
  iterate(signal?: AbortSignal): AsyncIterable<unknown>
  label(item: never): string
  /** Receives the next item, and returns its label. */
  receive(): Promise<string>
  /** Resolves when a step of an iterator waits. */
  waits(): Promise<void>
  /** Whether a step or a receive waits, while no item is there. */
  isWaiting(): Promise<boolean>
  close(): void
  /** For sockets: the streams. */
  toReadable?: () => ReturnType<zmq.Pull["toReadable"]>
  toReadableStream?: () => ReturnType<zmq.Pull["toReadableStream"]>
}

export interface Kind {
  name: string
  /** What a loop does when the signal that it was given is aborted. */
  onAbort?: "ends" | "throws"
  hasStreams: boolean
  open(): Promise<Source>
}

/** Adds the methods that everything with `receive` shares. */
function complete(
  receiver: { receive(options: zmq.OperationOptions): Promise<unknown> },
  label: (item: never) => string,
  rest: Pick<Source, "send" | "iterate" | "close">,
  labelOfReceived = label,
): Source {
  const isWaiting = async () => {
    try {
      await receiver.receive({ timeout: 0 })
    } catch (error) {
      return (error as zmq.ErrnoError).code === "EBUSY"
    }
    throw new Error("Expected nothing to receive, but an item was there")
  }
  return {
    ...rest,
    label,
    receive: async () => labelOfReceived((await receiver.receive({ timeout: 5000 })) as never),
    isWaiting,
    waits: () =>
      eventually(async () => {
        if (!(await isWaiting())) throw new Error("Expected a step to wait, but none does")
      }),
  }
}

type Sender = { send(message: string): Promise<void> }

function ofSocket(
  socket: zmq.Socket & zmq.Receiver,
  sender: Sender,
  label: (item: never) => string,
  iterate: Source["iterate"],
): Source {
  let sent = 0
  const send = async (count: number) => {
    const labels = Array.from({ length: count }, () => `message ${sent++}`)
    for (const text of labels) await sender.send(text)
    return labels
  }
  const labelOfReceived = ([part]: Buffer[]) => String(part)
  const source = complete(
    socket,
    label,
    { send, iterate, close: () => socket.close() },
    labelOfReceived as typeof label,
  )
  return { ...source, toReadable: () => socket.toReadable(), toReadableStream: () => socket.toReadableStream() }
}

async function pushAndPull<P extends zmq.Pull>(Pull: new () => P) {
  const [push, pull] = [open(zmq.Push), open(Pull)]
  await join(push, pull, "inproc")
  return [push, pull] as const
}

const firstPart = ([part]: Buffer[]) => String(part)

class Decoding extends zmq.Pull {
  override async receive(options?: zmq.OperationOptions): Promise<Buffer[]> {
    const message = await super.receive(options)
    return message.map((part) => Buffer.from(part))
  }
}

async function ofDecoding(iterate: (pull: zmq.Pull, signal?: AbortSignal) => AsyncIterable<unknown>): Promise<Source> {
  const [push, pull] = await pushAndPull(Decoding)
  // What its receive had taken when a loop was left is what the next loop gets.
  const receive = async () => {
    for await (const message of pull) return firstPart(message)
    throw new Error("The socket is closed")
  }
  return { ...ofSocket(pull, push, firstPart, (signal) => iterate(pull, signal)), receive }
}

function ofEvents(iterate: (events: zmq.Observer, signal?: AbortSignal) => AsyncIterable<unknown>): Source {
  const socket = open(zmq.Pull)
  const { events } = socket
  const send = async (count: number) => {
    const labels: string[] = []
    for (let index = 0; index < count; index += 1) {
      const told = events.waitFor("bind")
      await socket.bind("tcp://127.0.0.1:*")
      labels.push((await told).address)
    }
    return labels
  }
  const label = ({ address }: zmq.EventOfType<"bind">) => address
  return complete(events, label, { send, iterate: (signal) => iterate(events, signal), close: () => events.close() })
}

export const kinds: Kind[] = [
  {
    name: "a socket",
    hasStreams: true,
    open: async () => {
      const [push, pull] = await pushAndPull(zmq.Pull)
      return ofSocket(pull, push, firstPart, () => pull)
    },
  },
  {
    name: "messages()",
    onAbort: "ends",
    hasStreams: false,
    open: async () => {
      const [push, pull] = await pushAndPull(zmq.Pull)
      return ofSocket(pull, push, firstPart, (signal) => pull.messages(signal && { signal }))
    },
  },
  {
    name: "batches()",
    onAbort: "throws",
    hasStreams: false,
    open: async () => {
      const [push, pull] = await pushAndPull(zmq.Pull)
      const label = ([message]: Buffer[][]) => firstPart(message as Buffer[])
      const iterate = (signal?: AbortSignal) => pull.batches({ max: 1, ...(signal && { signal }) })
      return ofSocket(pull, push, label, iterate)
    },
  },
  {
    name: "withMetadata()",
    onAbort: "throws",
    hasStreams: false,
    open: async () => {
      const [push, pull] = await pushAndPull(zmq.Pull)
      const label = ({ parts }: zmq.MessageWithMetadata) => firstPart(parts)
      return ofSocket(pull, push, label, (signal) => pull.withMetadata(signal && { signal }))
    },
  },
  {
    name: "events",
    hasStreams: false,
    open: async () => ofEvents((events) => events),
  },
  {
    name: "events.all()",
    onAbort: "ends",
    hasStreams: false,
    open: async () => ofEvents((events, signal) => events.all(signal && { signal })),
  },
  {
    name: "a socket with a receive of its own",
    hasStreams: false,
    open: async () => ofDecoding((pull) => pull),
  },
  {
    name: "messages() of a socket with a receive of its own",
    onAbort: "ends",
    hasStreams: false,
    open: async () => ofDecoding((pull, signal) => pull.messages(signal && { signal })),
  },
  {
    name: "messages() of a socket with a codec",
    onAbort: "ends",
    hasStreams: false,
    open: async () => {
      const [push, pull] = await pushAndPull(zmq.Pull)
      const values = withCodec(pull, text())
      return ofSocket(pull, push, String, (signal) => values.messages(signal && { signal }))
    },
  },
  {
    name: "a draft socket",
    hasStreams: true,
    open: async () => {
      const [scatter, gather] = [open(draft.Scatter), open(draft.Gather)]
      await join(scatter, gather, "inproc")
      return ofSocket(gather as unknown as zmq.Pull, scatter, firstPart, () => gather)
    },
  },
]
