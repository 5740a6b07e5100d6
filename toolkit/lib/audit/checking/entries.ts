// Reads the entries of a log.

import { Buffer } from "node:buffer"
import { recordTime } from "../log/record.js"
import { TILE_WIDTH } from "../tree/layout.js"
import { Tiles } from "../tree/tiles.js"
import { Trust, type TrustOptions } from "./trust.js"
import { readCheckpoint, servedFolder } from "./verification.js"

/** Which entries to read. */
export interface EntrySelection extends TrustOptions {
  /** The first index. Default 0. */
  from?: number
  /** The index after the last one. Default: the size of the log. */
  to?: number
  /** Only records of this time or later, in milliseconds since 1970. */
  since?: number
  /** Only records before this time, in milliseconds since 1970. */
  until?: number
}

/** An entry of a log. */
export interface AuditEntry {
  /** Its number in the log, from 0. */
  index: number
  /** Its bytes. */
  entry: Buffer
  /** The time of a record, in milliseconds since 1970. Other entries have none. */
  time: number | undefined
}

/**
 * Reads entries of a log, or of a copy of what it serves, in order. It verifies the signature of the checkpoint, and not the entries: `verifyAuditLog` does.
 * With `since` or `until`, entries without a time of their own are those between records of that time.
 *
 * @throws AuditError `NOT_FOUND`, `INVALID`, `UNTRUSTED` or `DAMAGED`.
 */
export function* readEntries(folder: string, selection: EntrySelection): Generator<AuditEntry> {
  for (const one of viewEntries(folder, selection)) yield { ...one, entry: Buffer.from(one.entry) }
}

/** Reads entries as {@link readEntries} does. The bytes of each are good until the next one is asked for. */
export function* viewEntries(folder: string, selection: EntrySelection): Generator<AuditEntry> {
  const { size } = readCheckpoint(folder, new Trust(selection))
  const { from = 0, to = size, since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = selection
  const tiles = new Tiles(servedFolder(folder), size)
  const isByTime = since !== Number.NEGATIVE_INFINITY || until !== Number.POSITIVE_INFINITY
  const end = Math.min(to, size)
  let last = isByTime ? timeBefore(tiles, from) : undefined
  for (let index = from; index < end; ) {
    const bundle = tiles.views(Math.floor(index / TILE_WIDTH))
    for (const entry of bundle.slice(index % TILE_WIDTH, (index % TILE_WIDTH) + end - index)) {
      const time = recordTime(entry)
      last = time ?? last
      if (last !== undefined && last >= until) return
      if (!isByTime || (last !== undefined && last >= since)) yield { index, entry, time }
      index++
    }
  }
}

/** The time of the record before an entry, as far as its bundle and the one before have one. */
function timeBefore(tiles: Tiles, index: number): number | undefined {
  for (const bundle of [Math.floor(index / TILE_WIDTH), Math.floor(index / TILE_WIDTH) - 1]) {
    if (bundle < 0 || bundle * TILE_WIDTH >= tiles.size) continue
    const before = tiles.entries(bundle).slice(0, index - bundle * TILE_WIDTH)
    const time = before.map(recordTime).findLast((value) => value !== undefined)
    if (time !== undefined) return time
  }
  return undefined
}
