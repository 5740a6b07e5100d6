// What a proxy has carried: once a second, and at the end.

import type { Proxy as Forwarder, ProxyStatistics } from "../../index.js"
import { figure, plural, readable } from "../command/figures.js"
import { say } from "../command/terminal.js"

/** What passed in one direction. */
interface Flow {
  readonly messages: number
  readonly bytes: number
  readonly dropped: number
}

function flows({ frontEnd, backEnd }: ProxyStatistics): { forth: Flow; back: Flow } {
  return {
    forth: { ...backEnd.sent, dropped: frontEnd.received.messages - backEnd.sent.messages },
    back: { ...frontEnd.sent, dropped: backEnd.received.messages - frontEnd.sent.messages },
  }
}

const rate = (now: Flow, before: Flow, seconds: number) =>
  `${figure((now.messages - before.messages) / seconds)} msg/s, ${readable((now.bytes - before.bytes) / seconds)}/s`

const total = (name: string, { messages, bytes: size, dropped }: Flow) =>
  `${name}: ${plural(messages, "message")}, ${readable(size)}${dropped > 0 ? `, ${figure(dropped)} not passed on` : ""}`

/** Says how much passes. */
export class Traffic {
  readonly #proxy: Forwarder
  #before: { time: number; statistics: ProxyStatistics }

  constructor(proxy: Forwarder) {
    this.#proxy = proxy
    this.#before = { time: performance.now(), statistics: proxy.statistics() }
  }

  /** Says what has passed since the last time, in messages and bytes a second. */
  sayRate(): void {
    const now = { time: performance.now(), statistics: this.#proxy.statistics() }
    const seconds = (now.time - this.#before.time) / 1000
    const [before, current] = [flows(this.#before.statistics), flows(now.statistics)]
    this.#before = now
    say(
      `to the back: ${rate(current.forth, before.forth, seconds)}; to the front: ${rate(current.back, before.back, seconds)}`,
    )
  }

  /** Says what has passed altogether. */
  sayTotal(): void {
    const { forth, back } = flows(this.#proxy.statistics())
    say(`${total("to the back", forth)}; ${total("to the front", back)}`)
  }
}

/** How many messages the proxy has taken in, and how many requests of the front have no reply yet. */
export function progress(proxy: Forwarder): { received: number; unanswered: number } {
  const { frontEnd, backEnd } = proxy.statistics()
  return {
    received: frontEnd.received.messages + backEnd.received.messages,
    unanswered: frontEnd.received.messages - frontEnd.sent.messages,
  }
}

/** Whether the front, the back and the capture socket have sent anything. */
export function hasSent(proxy: Forwarder): boolean[] {
  const { frontEnd, backEnd } = proxy.statistics()
  const captured = frontEnd.received.messages + backEnd.received.messages
  return [frontEnd.sent.messages, backEnd.sent.messages, captured].map((messages) => messages > 0)
}
