// The events of a socket, with the time of each, until something ends the wait for them.

import type { Event, Socket } from "../../index.js"

const types: readonly Event["type"][] = [
  ..."accept accept:error bind bind:error connect connect:delay connect:retry close close:error disconnect".split(" "),
  ..."handshake handshake:error:protocol handshake:error:auth handshake:error:other end unknown".split(" "),
] as Event["type"][]

/** An event, and when it came. */
export interface Happening {
  readonly event: Event
  readonly time: Date
  /** Whether it ends a connection whose handshake had neither succeeded nor failed: libzmq gives no reason. */
  readonly isUnexplained: boolean
}

/** Both ends of a connection. */
const connectionOf = (event: Event) => {
  const { localAddress, remoteAddress } = event as { localAddress?: string; remoteAddress?: string }
  return `${localAddress} ${remoteAddress}`
}

export class EventList {
  readonly #waiting: Happening[] = []
  /** Connections in their handshake. */
  readonly #shaking = new Set<string>()
  #wake = () => {}

  /** Begins with a socket. */
  observe({ events }: Socket): void {
    for (const type of types) {
      events.on(type, (event) => {
        this.#waiting.push({ event: event as Event, time: new Date(), isUnexplained: this.#explain(event as Event) })
        this.#wake()
      })
    }
  }

  #explain(event: Event): boolean {
    const key = connectionOf(event)
    if (event.type === "connect" || event.type === "accept") this.#shaking.add(key)
    else if (event.type.startsWith("handshake")) this.#shaking.delete(key)
    else if (event.type === "disconnect" || event.type === "close") return this.#shaking.delete(key)
    return false
  }

  /**
   * The next event. Undefined when the signal is aborted, or no event comes for the time.
   * @param timeout In milliseconds.
   */
  async next(signal: AbortSignal, timeout: number | undefined): Promise<Happening | undefined> {
    if (this.#waiting.length === 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = timeout === undefined ? undefined : setTimeout(resolve, timeout)
        this.#wake = () => {
          clearTimeout(timer)
          signal.removeEventListener("abort", this.#wake)
          resolve()
        }
        signal.addEventListener("abort", this.#wake)
      })
    }
    return signal.aborted ? undefined : this.#waiting.shift()
  }
}
