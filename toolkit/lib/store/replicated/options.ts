// The options of a store on JetStream.

import type { StoreOptions } from "../options.js"
import type { StreamOptions } from "./stream.js"

/** Options of a store on JetStream. Sizes are in bytes, times in milliseconds. */
export interface ReplicatedOptions
  extends Pick<StoreOptions, "maxBytes" | "retention" | "maxDeadBytes" | "segmentBytes" | "onWrite">,
    Pick<StreamOptions, "connect" | "stream"> {
  /** How many servers have the stream: 1, 3 or 5. 3 by default. */
  replicas?: number
  /** How long servers may take to answer before appends are rejected. 10 s by default. */
  timeout?: number
  /** The stream keeps messages at least for this long, so that a copy that was away can catch up. A day by default. */
  history?: number
  /** What people call this process. The name of the host by default. */
  name?: string
  /** Hears of what goes wrong with the servers, and is tried again. */
  onProblem?: (problem: string) => void
}

export const defaults = { replicas: 3, timeout: 10_000 }
