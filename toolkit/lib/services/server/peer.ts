// A client, as its server sees it: who it is, what it has under way, and whether it is alive.

import { LIVES } from "../protocol.js"
import type { Call } from "./call.js"

/** How often a client that has not said is expected to send something, in milliseconds. */
const DEFAULT_INTERVAL = 10_000

/** A client of a server. */
export class Peer {
  readonly id: Buffer
  readonly user: string | undefined
  readonly calls = new Map<number, Call>()
  heard = performance.now()
  interval = DEFAULT_INTERVAL
  maxBodyBytes = 1 << 20

  constructor(id: Buffer, user: string | undefined) {
    this.id = id
    this.user = user
  }

  /** Whether it was silent for too long. */
  get isDead(): boolean {
    return performance.now() - this.heard > this.interval * LIVES
  }
}
