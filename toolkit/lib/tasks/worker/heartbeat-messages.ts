// What workers and the thread of heartbeats say to each other.

import type { Target } from "../client/connection.js"

/** To the thread. Each worker has a number. */
export type ToHeartbeats =
  | { do: "open"; worker: number; target: Target; instance: string }
  /** How long leases last. */
  | { do: "lease"; worker: number; time: number }
  /** Leases that were given, and others that are over. */
  | { do: "change"; worker: number; added: number[]; removed: number[] }
  | { do: "close"; worker: number }

/** From the thread: it is connected, or leases are lost, or may be. */
export type FromHeartbeats = { worker: number } & ({ ready: true } | { lost: number[]; reason: string })
