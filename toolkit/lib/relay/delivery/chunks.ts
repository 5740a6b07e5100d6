// Requests of a bounded size.

import type { Buffer } from "node:buffer"

/** Items from an index on: at least one, at most so many, and not more bytes than the bound unless the first is larger. */
export function chunkOf(items: readonly Buffer[], from: number, most: number, maxBytes: number): Buffer[] {
  const chunk: Buffer[] = []
  let bytes = 0
  for (let i = from; i < items.length && chunk.length < most; i++) {
    const item = items[i] as Buffer
    if (chunk.length > 0 && bytes + item.length > maxBytes) break
    chunk.push(item)
    bytes += item.length
  }
  return chunk
}
