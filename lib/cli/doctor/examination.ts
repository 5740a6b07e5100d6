// What an examination has to go by, and what it finds: the facts, and the steps with their times.

import type { SocketSecurity } from "../../index.js"
import type { Wire } from "./wire.js"

/** What was found out. All texts of the peer are printable. */
export interface Facts {
  /** The addresses of the host's name. */
  addresses?: string[]
  /** The address and port, or the path, that the connection was made to. */
  peer?: string
  /** Whether the endpoint is on this machine. */
  isLocal?: boolean
  /** What speaks there: "ZMTP", "HTTP", "TLS", "SSH", … */
  protocol?: string
  /** The version of ZMTP. */
  version?: string
  /** Whether ZMTP runs inside a WebSocket. */
  isWebSocket?: boolean
  /** The peer's security mechanism. */
  mechanism?: string
  /** The peer's socket type, or all that are possible. */
  socketTypes?: string[]
  /** The routing id of the peer. */
  routingId?: string
  /** Our socket type: that of --type. */
  ourType?: string
  /** Our security mechanism, by the options. */
  ourMechanism?: string
  /** The socket types that would fit the peer's. */
  fitting?: string[]
  /** The status of the ZAP handler that has refused us, or the peer's own words. */
  status?: string
  /** How another server calls itself: HTTP's header Server, the subject of a certificate, a banner. */
  banner?: string
  /** The process that listens there, on this machine: "python3 (1234)". */
  process?: string
  /** The system's code of what has failed. */
  code?: string
}

/** A step: what was tried, how long it took, and what came of it. */
export interface Step {
  readonly name: string
  /** In milliseconds. */
  readonly time: number
  readonly isGood: boolean
  readonly result: string
}

/** What the user wants to know. */
export interface Wishes {
  /** The socket type that would connect, in capitals. */
  readonly type?: string
  readonly security?: SocketSecurity
  readonly mechanism: "NULL" | "PLAIN" | "CURVE"
  /** How long to wait in each step, in milliseconds. */
  readonly timeout: number
}

/** An examination of one endpoint. */
export class Examination {
  readonly wishes: Wishes
  readonly facts: Facts
  readonly steps: Step[] = []
  /** The address of the host that has answered. */
  address: string | undefined
  readonly #open = new Set<{ close(): unknown }>()

  constructor(wishes: Wishes) {
    this.wishes = wishes
    this.facts = { ourMechanism: wishes.mechanism, ...(wishes.type !== undefined && { ourType: wishes.type }) }
  }

  get timeout(): number {
    return this.wishes.timeout
  }

  /** Begins a step. The function that it gives ends it. */
  begin(name: string): (result: string, isGood?: boolean) => void {
    const start = performance.now()
    return (result, isGood = true) => {
      this.steps.push({ name, time: performance.now() - start, isGood, result })
    }
  }

  /** Has something closed at the end, whatever happens. */
  adopt<C extends Wire | { close(): unknown }>(closable: C): C {
    this.#open.add(closable)
    return closable
  }

  close(): void {
    for (const closable of this.#open) closable.close()
    this.#open.clear()
  }
}
