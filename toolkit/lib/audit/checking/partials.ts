// Compares the partial files of a tile that older checkpoints cover with the tile as it is now. A log has to serve them until the full tile is there
// (https://c2sp.org/tlog-tiles), so whoever changes one deceives readers of those checkpoints.

import type { Buffer } from "node:buffer"
import { AuditError } from "../error.js"
import { HASH_SIZE, leafHash } from "../tree/hashes.js"
import { entriesOf, type Level, TILE_WIDTH, tilePath } from "../tree/layout.js"
import { hashText, type Tiles } from "../tree/tiles.js"
import type { AuditProblem } from "./report.js"

/** What is in a partial file, as hashes, and how many bytes are after it. */
function hashesOf(level: Level, bytes: Buffer): { hashes: Buffer[]; rest: number } {
  if (level === "entries") {
    const { entries, rest } = entriesOf(bytes)
    return { hashes: entries.map(leafHash), rest }
  }
  const count = Math.floor(bytes.length / HASH_SIZE)
  const hashes = Array.from({ length: count }, (_, i) => bytes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE))
  return { hashes, rest: bytes.length - count * HASH_SIZE }
}

/** What is wrong with the older partial files of a tile, whose hashes should be these. */
export function* comparePartials(
  tiles: Tiles,
  level: Level,
  index: number,
  expected: readonly Buffer[],
): Generator<AuditProblem> {
  const kind = level === "entries" ? "entry" : "tile"
  const span = TILE_WIDTH ** (level === "entries" ? 0 : level)
  const problem = (at: number, file: string, message: string): AuditProblem => ({
    kind,
    index: (index * TILE_WIDTH + at) * span,
    file,
    message,
  })
  let file = `${tilePath(level, index)}.p`
  try {
    for (const width of tiles.olderWidths(level, index)) {
      file = tilePath(level, index, width)
      const bytes = tiles.readOlder(level, index, width)
      if (bytes === undefined) continue
      const { hashes, rest } = hashesOf(level, bytes)
      const at = expected.slice(0, width).findIndex((hash, i) => !hashes[i]?.equals(hash))
      const what = level === "entries" ? "entries" : "hashes"
      if (at !== -1) {
        const has = hashes[at] === undefined ? "ends before it" : `has the hash ${hashText(hashes[at])}`
        const first = (index * TILE_WIDTH + at) * span
        const which = span === 1 ? `entry ${first}` : `the entries ${first} to ${first + span - 1}`
        yield problem(
          at,
          file,
          `${file}, which older checkpoints cover, was changed at ${which}: it ${has}. Expected ${hashText(expected[at] as Buffer)}`,
        )
      } else if (hashes.length > width || rest > 0)
        yield problem(width, file, `${file}, which older checkpoints cover, has more than its ${width} ${what}`)
    }
  } catch (error) {
    if (!(error instanceof AuditError)) throw error
    yield problem(0, file, error.message)
  }
}
