// A part of all events, chosen by what identifies them.

import { createHash } from "node:crypto"
import type { Event } from "../../events/index.js"

/**
 * Whether an event is in a sample. The first 48 bits of the SHA-256 of `["source","id"]`, as a fraction, are compared with the rate: a
 * redelivery, another relay and another route with the same rate decide the same.
 */
export function isSampled({ source, id }: Pick<Event, "source" | "id">, fraction: number): boolean {
  const hash = createHash("sha256")
    .update(JSON.stringify([source, id]))
    .digest()
  return hash.readUIntBE(0, 6) / 2 ** 48 < fraction
}
