// Sends and receives at the same time.

import { setTimeout as sleep } from "node:timers/promises"

import { isFromInput } from "../input/source.js"
import { receiveAll } from "./receiving.js"
import { sendAll } from "./sending.js"
import type { AnySocket, Session } from "./session.js"

/** How long standard input is still read when enough has been received, in milliseconds. */
const GRACE = 200

/**
 * A Stream as a socket of bytes: what is sent goes to every peer, and what comes loses the routing id and the empty messages by which libzmq
 * tells of connections.
 */
function plainStream(stream: AnySocket): { socket: AnySocket; connected: Promise<void> } {
  const peers = new Map<string, Buffer>()
  let onFirst = () => {}
  const connected = new Promise<void>((resolve) => {
    onFirst = resolve
  })
  const socket = Object.create(stream) as AnySocket
  Object.defineProperties(socket, {
    sendMany: {
      value: async (messages: (string | Buffer | (string | Buffer)[])[], options: object) => {
        for (const message of messages) {
          const bytes = Array.isArray(message) ? Buffer.concat(message.map((part) => Buffer.from(part))) : message
          for (const id of peers.values()) await stream.send([id, bytes], options)
        }
      },
    },
    batches: {
      value: async function* (options: object) {
        for await (const batch of stream.batches(options)) {
          const data: Buffer[][] = []
          for (const [id, bytes] of batch as [Buffer, Buffer][]) {
            const key = id.toString("hex")
            if (bytes.length > 0) data.push([bytes])
            else if (!peers.delete(key)) {
              peers.set(key, id)
              onFirst()
            }
          }
          if (data.length > 0) yield data
        }
      },
    },
  })
  return { socket, connected }
}

/** Sends what there is to send, and receives until --count, --timeout, --duration or a signal. */
export async function duplexAll(session: Session): Promise<void> {
  const { pattern, socket, values, messages } = session
  const ended = new AbortController()
  const signal = AbortSignal.any([session.signal, ended.signal])
  let both: Session = { ...session, signal }
  let ready: Promise<void> | undefined
  if (pattern.socket === "Stream") {
    const { socket: plain, connected } = plainStream(socket)
    both = { ...both, socket: plain }
    ready = connected
  }
  if (pattern.socket === "XSubscriber") {
    for (const topic of typeof values.topic === "string" ? [values.topic] : (values.topic ?? []))
      await socket.send(`\u0001${topic}`)
  }
  let failure: unknown
  const send = (async () => {
    await ready
    // The topics of xsub are subscriptions, not parts of what is sent.
    const sending = { ...both, values: { ...both.values, topic: undefined, stats: false } as Session["values"] }
    try {
      await sendAll(sending)
    } finally {
      session.hasSent ||= sending.hasSent
    }
  })().catch((error: unknown) => {
    if (signal.aborted) return
    failure = error
    ended.abort()
  })
  await receiveAll(both, () => ended.abort())
  // There may be more to send: the messages of the command line, and what a pipe has ready. A terminal or a pipe may stay open without end.
  if (isFromInput(messages, values))
    await Promise.race([send, sleep(GRACE, undefined, { signal, ref: false }).catch(() => {})])
  else await send
  ended.abort()
  await send
  if (failure !== undefined) throw failure
}
