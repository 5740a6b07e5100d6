// Where tiles and entries are, and what their files hold: https://c2sp.org/tlog-tiles.

import { Buffer } from "node:buffer"
import { AuditError } from "../error.js"

/** The hashes of a full tile, and the entries of a full bundle. */
export const TILE_WIDTH = 256

/** The most bytes of an entry: its length is a number of 16 bits. */
export const MAX_ENTRY = 65_535

/** A level of the tree, or the entries. */
export type Level = number | "entries"

/** The path of a tile or a bundle, relative to the folder that is served. */
export function tilePath(level: Level, index: number, width = TILE_WIDTH): string {
  const groups = [String(index % 1000).padStart(3, "0")]
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    groups.unshift(`x${String(rest % 1000).padStart(3, "0")}`)
  return `tile/${level}/${groups.join("/")}${width === TILE_WIDTH ? "" : `.p/${width}`}`
}

/** How many hashes, or entries, the tile has in a tree of this size. 0 if the tree has no such tile. */
export function widthOf(level: Level, index: number, size: number): number {
  const hashes = level === "entries" ? size : Math.floor(size / TILE_WIDTH ** level)
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH))
}

/** The levels of which a tree of this size has tiles. */
export function levelsOf(size: number): number {
  let levels = 0
  for (let hashes = size; hashes > 0; hashes = Math.floor(hashes / TILE_WIDTH)) levels++
  return levels
}

/** Entries as a bundle has them: each after its length. */
export function bundleOf(entries: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0))
  let at = 0
  for (const entry of entries) {
    at = bytes.writeUInt16BE(entry.length, at)
    bytes.set(entry, at)
    at += entry.length
  }
  return bytes
}

/** The entries of a bundle, as views, as far as they are complete. `rest` is the number of bytes after them. */
export function entriesOf(bundle: Buffer): { entries: Buffer[]; rest: number } {
  const entries: Buffer[] = []
  let at = 0
  while (at + 2 <= bundle.length) {
    const end = at + 2 + bundle.readUInt16BE(at)
    if (end > bundle.length) break
    entries.push(bundle.subarray(at + 2, end))
    at = end
  }
  return { entries, rest: bundle.length - at }
}

/** Refuses what cannot be an entry, and returns its bytes. */
export function entryBytes(entry: Uint8Array | string): Buffer {
  if (typeof entry !== "string" && !(entry instanceof Uint8Array))
    throw new AuditError("INVALID", `Expected the entry to be text or bytes, but received ${typeof entry}`)
  const bytes = typeof entry === "string" ? Buffer.from(entry) : Buffer.from(entry)
  if (bytes.length === 0) throw new AuditError("INVALID", "The entry is empty. Expected 1 to 65,535 bytes")
  if (bytes.length > MAX_ENTRY)
    throw new AuditError(
      "TOO_LARGE",
      `The entry has ${bytes.length} bytes, and the most is ${MAX_ENTRY}. Store the content elsewhere, and append its SHA-256`,
    )
  return bytes
}
