// Compares the entries of a bundle with the hashes of their tile, and says which entry is not what it was.

import type { Buffer } from "node:buffer"
import { TILE_WIDTH, tilePath } from "../tree/layout.js"
import { hashText } from "../tree/tiles.js"
import type { AuditProblem } from "./report.js"

/** A bundle and its tile. */
export interface Pair {
  /** Which bundle it is. */
  bundle: number
  /** The hashes of the entries that are there. */
  entries: readonly Buffer[]
  /** The hashes of the tile. */
  tile: readonly Buffer[]
  /** Whether these hashes lead to what was signed, as far as that can be told. */
  isSigned(hashes: readonly Buffer[]): boolean
}

/** What is wrong, and the hashes that are most likely right. */
export function compare({ bundle, entries, tile, isSigned }: Pair): {
  problem?: AuditProblem
  hashes: readonly Buffer[]
} {
  const at = tile.findIndex((hash, i) => !entries[i]?.equals(hash))
  if (at === -1) return { hashes: tile }
  const index = bundle * TILE_WIDTH + at
  if (entries.length === tile.length && isSigned(entries)) {
    const file = tilePath(0, bundle, tile.length)
    const message = `${file} was changed: its hash of entry ${index} is ${hashText(tile[at] as Buffer)}. Expected ${hashText(entries[at] as Buffer)}, which the entry has, and which was signed`
    return { problem: { kind: "tile", index, file, message }, hashes: entries }
  }
  const file = tilePath("entries", bundle, tile.length)
  const wrong = tile.filter((hash, i) => !entries[i]?.equals(hash)).length - 1
  const more = wrong === 0 ? "" : ` ${wrong} more of its bundle differ`
  return {
    problem: { kind: "entry", index, file, message: `${sentence(at, bundle, entries, tile)} (${file}).${more}` },
    hashes: tile,
  }
}

function sentence(at: number, bundle: number, entries: readonly Buffer[], tile: readonly Buffer[]): string {
  const name = (i: number) => `entry ${bundle * TILE_WIDTH + i}`
  const hash = entries[at]
  if (hash === undefined) return `E${name(at).slice(1)} is missing: the bundle ends before it`
  const place = tile.findIndex((other) => other.equals(hash))
  if (place === at + 1) return `E${name(at).slice(1)} is missing: ${name(place)} is in its place`
  if (place !== -1 && entries[place]?.equals(tile[at] as Buffer))
    return `E${name(at).slice(1)} and ${name(place)} are swapped`
  if (place !== -1 && place === at - 1) return `E${name(place).slice(1)} is repeated in the place of ${name(at)}`
  if (place !== -1) return `E${name(place).slice(1)} is in the place of ${name(at)}`
  return `E${name(at).slice(1)} was changed: its hash is ${hashText(hash)}. Expected ${hashText(tile[at] as Buffer)}, which the tree has`
}
