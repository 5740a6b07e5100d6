// What workers and the thread of heartbeats say to each other.

import type { Target } from "../client/connection.js"

/** What has become of the leases of a worker. */
export interface LeaseChange {
  worker: number
  added: number[]
  removed: number[]
}

/** To the thread. Each worker has a number. */
export type ToHeartbeats =
  | { do: "open"; worker: number; target: Target; instance: string }
  /** How long leases last. */
  | { do: "lease"; worker: number; time: number }
  /** Leases that were given, and others that are over. */
  | { do: "change"; changes: LeaseChange[] }
  | { do: "close"; worker: number }

/** From the thread: it is connected, or leases are lost, or may be. */
export type FromHeartbeats = { worker: number } & ({ ready: true } | { lost: number[]; reason: string })
