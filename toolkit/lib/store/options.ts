// The options of a store, with their defaults.

import type { Bounds } from "./room.js"

/** Options of `openStore`. Sizes are in bytes, times in milliseconds. */
export interface StoreOptions extends Partial<Bounds> {
  /** Dead letters may take this much beside the events. A quarter of maxBytes by default. */
  maxDeadBytes?: number
  /** A file has about this many bytes. At most 64 MiB, and an eighth of maxBytes, by default: space is freed by the file. */
  segmentBytes?: number
  /** A file has at most about this many entries. An eighth of maxCount by default. */
  segmentEntries?: number
  /** Whether damaged entries are replaced by gap records instead of being an error. The damaged files are kept in `damaged/`. */
  repair?: boolean
  /** Called after each durable write with its time and size, for metrics. */
  onWrite?: (milliseconds: number, bytes: number) => void
}

const MIB = 1 << 20

/** Without those that are undefined: they have their defaults. */
const given = (options: StoreOptions): StoreOptions =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const names: ReadonlySet<string> = new Set<keyof StoreOptions>([
  "maxBytes",
  "maxCount",
  "retention",
  "maxAge",
  "maxDeadBytes",
  "segmentBytes",
  "segmentEntries",
  "repair",
  "onWrite",
])

/** Checks the options and adds the defaults. */
export function readOptions(options: StoreOptions): Required<StoreOptions> {
  const { maxBytes = Number.POSITIVE_INFINITY, maxCount = Number.POSITIVE_INFINITY, retention = 0 } = options
  const complete = {
    maxBytes,
    maxCount,
    retention,
    maxAge: Number.POSITIVE_INFINITY,
    maxDeadBytes: maxBytes / 4,
    segmentBytes: Math.max(Math.min(64 * MIB, Math.floor(maxBytes / 8)), 4096),
    segmentEntries: Math.max(Math.ceil(maxCount / 8), 1),
    repair: false,
    onWrite: () => {},
    ...given(options),
  }
  for (const [name, value] of Object.entries(complete)) {
    if (!names.has(name)) throw new TypeError(`Unknown option "${name}". The options are ${[...names].join(", ")}`)
    if (name === "repair" || name === "onWrite") continue
    if (typeof value !== "number" || Number.isNaN(value) || (name === "retention" ? value < 0 : value <= 0)) {
      throw new RangeError(`Expected a positive number for ${name} but received ${String(value)}`)
    }
  }
  return complete
}

/** How often to look for what is too old: a quarter of the shorter time. */
export const pruningInterval = ({ retention, maxAge }: Pick<Bounds, "retention" | "maxAge">): number =>
  Math.min(Math.max(Math.min(retention || maxAge, maxAge) / 4, 10), 60_000)
