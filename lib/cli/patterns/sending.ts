// Sends a source to a socket, in groups of messages.

import { setTimeout as sleep } from "node:timers/promises"

import { sayLater } from "../command/terminal.js"
import { type Outgoing, sourceOf } from "../input/source.js"
import { Statistics } from "../output/statistics.js"
import { type AnySocket, inWords, rethrow, type Session, toSend } from "./session.js"

const sizeOf = (message: Outgoing) => {
  if (!Array.isArray(message)) return message.length
  let size = 0
  for (const part of message) size += part.length
  return size
}

/** Whether a message of an XSubscriber subscribes or unsubscribes. */
function isSubscription(message: Outgoing): boolean {
  const [first] = Buffer.from(Array.isArray(message) ? (message[0] ?? "") : message)
  return first === 0 || first === 1
}

/** Sends all messages. Ends early, without an error, when the session's signal is aborted. */
export async function sendAll(session: Session, limit?: number): Promise<void> {
  const { pattern, values, messages, socket, signal, opened } = session
  const { timeout, topic, group } = values
  const isConnectedPeer = pattern.socket === "Peer" && opened.peers.length === 1
  const first = isConnectedPeer
    ? String(opened.peers[0])
    : typeof topic === "string"
      ? topic
      : typeof group === "string"
        ? group
        : undefined
  const wrap =
    first === undefined
      ? undefined
      : (message: Outgoing) => (Array.isArray(message) ? [first, ...message] : [first, message])
  const statistics = new Statistics(values.stats)
  try {
    for await (const given of sourceOf(messages, values, limit, signal)) {
      let batch = wrap === undefined ? given : given.map(wrap)
      if (pattern.socket === "Client" || pattern.socket === "Channel" || pattern.socket === "Scatter")
        checkSingle(batch)
      const complete = pattern.tag === undefined ? batch : batch.map((message) => toSend(pattern, message))
      using _waiting = sayLater(() => `waiting for a peer at ${opened.addresses.join(", ")}`)
      // libzmq repeats subscriptions to a publisher that comes back, so they are never delivered once it has gone.
      session.hasSent ||= pattern.socket !== "XSubscriber" || !batch.every(isSubscription)
      try {
        await socket.sendMany(complete as unknown[], { signal, ...(timeout !== undefined && { timeout }) })
      } catch (error) {
        const { sent = 0 } = error as { sent?: number }
        batch = batch.slice(0, sent)
        if (signal.aborted) return
        rethrow(
          error,
          () => `No peer took a message for ${inWords(timeout as number)}; ${statistics.messages + sent} were sent`,
        )
      } finally {
        statistics.add(batch.length, values.stats ? batch.reduce((sum, message) => sum + sizeOf(message), 0) : 0)
      }
    }
  } finally {
    statistics.end()
  }
}

function checkSingle(batch: readonly Outgoing[]): void {
  const wrong = batch.find((message) => Array.isArray(message) && message.length > 1)
  if (wrong === undefined) return
  throw Object.assign(new Error(`Messages of this socket have one part, but one has ${wrong.length}`), {
    code: "EINVAL",
  })
}

/** How long the groups of a dish may take after its handshake, in milliseconds. */
const JOINS = 100

/**
 * Waits until dishes are connected, and a moment longer: libzmq does not tell a Radio who has joined which group, and drops what nobody has
 * joined. Over udp there are no connections.
 */
export async function waitForDishes({ socket, values, signal, opened, connection }: Session): Promise<void> {
  const count = values["no-wait"] === true ? 0 : (values["wait-peers"] ?? 1)
  if (count === 0 || connection.endpoints.some(({ address }) => !/^(?:tcp|ipc|ws):/.test(address))) return
  const { timeout } = values
  using _waiting = sayLater(() => `waiting for a dish at ${opened.addresses.join(", ")} (--no-wait does not)`)
  try {
    await socket.connected({ count, signal, ...(timeout !== undefined && { timeout }) })
    await sleep(JOINS, undefined, { signal })
  } catch (error) {
    if (signal.aborted) return
    rethrow(error, () => `No dish came within ${inWords(timeout as number)}`)
  }
}

/**
 * Waits until peers have subscribed to the topic, or to anything if there is none, and goes on to read subscriptions, which would pile up
 * otherwise.
 */
export async function waitForSubscribers({ socket, values, signal, opened }: Session): Promise<void> {
  const { topic, timeout } = values
  const wanted = values["no-wait"] === true ? 0 : (values["wait-peers"] ?? 1)
  let found = 0
  let settle = () => {}
  let fail: (error: unknown) => void = () => {}
  const enough = new Promise<void>((resolve, reject) => {
    settle = resolve
    fail = reject
  })
  const read = async (xpub: AnySocket) => {
    for await (const batch of xpub.batches({ signal })) {
      for (const [subscription] of batch as [Buffer][]) {
        // Without --topic, the topics are those of the messages, which are not known yet.
        if (topic !== undefined && !String(topic).startsWith(subscription.toString("utf8", 1))) continue
        found += subscription[0] === 1 ? 1 : -1
      }
      if (found >= wanted) settle()
    }
    settle()
  }
  // Nobody waits for it if no subscriber is wanted, and a signal ends the reading.
  enough.catch(() => {})
  read(socket).catch(fail)
  if (wanted === 0) return
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => fail(Object.assign(new Error("timed out"), { code: "EAGAIN" })), timeout)
  const whom = wanted === 1 ? "a subscriber" : `${wanted} subscribers`
  using _waiting = sayLater(() => `waiting for ${whom} at ${opened.addresses.join(", ")} (--no-wait does not)`, 250)
  try {
    await enough
  } catch (error) {
    rethrow(error, () => `${found} of ${wanted} subscribers came within ${inWords(timeout as number)}`)
  } finally {
    clearTimeout(timer)
  }
}
