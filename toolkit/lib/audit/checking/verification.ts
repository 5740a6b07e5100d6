// Verifies a whole log, offline, with little memory: every byte of its entries and tiles, and its checkpoint.

import type { Buffer } from "node:buffer"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { AuditError } from "../error.js"
import { names } from "../log/folder.js"
import { keyChange, recordTime } from "../log/record.js"
import { type Checkpoint, openCheckpoint } from "../notes/checkpoint.js"
import { Edge } from "../tree/edge.js"
import { emptyRoot, leafHash, rootOf } from "../tree/hashes.js"
import { entriesOf, type Level, TILE_WIDTH, tilePath, widthOf } from "../tree/layout.js"
import { hashText, Tiles } from "../tree/tiles.js"
import { compare } from "./comparison.js"
import { comparePartials } from "./partials.js"
import { type AuditReport, Problems } from "./report.js"
import { cosignaturesOf, Trust, type TrustOptions } from "./trust.js"

/** What to verify a log with. */
export interface VerifyOptions extends TrustOptions {
  /** Older checkpoints of the log, as text: from a backup, a witness, or another reader. The log must go on from each. */
  checkpoints?: readonly string[]
  /** Called as the work goes on, with numbers of entries. */
  onProgress?: (done: number, total: number) => void
}

/** The folder that is served: that of a log has it inside, a copy from a web server is it. */
export const servedFolder = (folder: string): string =>
  existsSync(join(folder, names.served)) ? join(folder, names.served) : folder

/**
 * Reads the checkpoint of a log, or of a copy of what it serves.
 *
 * @throws AuditError `NOT_FOUND`, `INVALID` or `UNTRUSTED`.
 */
export function readCheckpoint(folder: string, trust: Trust) {
  const path = join(servedFolder(folder), "checkpoint")
  if (!existsSync(path)) throw new AuditError("NOT_FOUND", `${folder} has no audit log: ${path} is missing`)
  return openCheckpoint(readFileSync(path, "utf8"), trust.keys)
}

/**
 * Verifies a log: that its checkpoint is signed, that every entry is in the tree, that records are not back-dated, and that the log goes on from older checkpoints.
 * It needs no network and no lock, and reads the log once. If an entry is appended meanwhile, it verifies what the checkpoint of its beginning covers.
 *
 * @param folder The folder of a log, or a copy of what it serves.
 * @returns What was found. The log is intact if there are no problems.
 * @throws AuditError `NOT_FOUND`, or `INVALID` for an option.
 */
export async function verifyAuditLog(folder: string, options: VerifyOptions): Promise<AuditReport> {
  const trust = new Trust(options)
  const problems = new Problems()
  const report: AuditReport = {
    origin: "",
    size: 0,
    root: emptyRoot,
    cosignatures: [],
    consistentWith: [],
    keys: [],
    times: undefined,
    problems: problems.list,
    found: 0,
  }
  try {
    const { signatures, ...checkpoint } = readCheckpoint(folder, trust)
    report.origin = checkpoint.origin
    report.size = checkpoint.size
    report.cosignatures = cosignaturesOf(signatures)
    const shortage = trust.shortage(signatures)
    if (shortage !== undefined) problems.add({ kind: "witness", file: "checkpoint", message: shortage })
    const older = readOlder(options.checkpoints ?? [], checkpoint, trust, problems)
    const tiles = new Tiles(servedFolder(folder), checkpoint.size)
    await new Verification(tiles, checkpoint, older, report, problems).run(options.onProgress)
  } catch (error) {
    if (!(error instanceof AuditError) || !["INVALID", "UNTRUSTED"].includes(error.code)) throw error
    problems.add({ kind: "signature", file: "checkpoint", message: error.message })
  }
  report.found = problems.found
  return report
}

/** The older checkpoints that the entries can be compared with. */
function readOlder(notes: readonly string[], newest: Checkpoint, trust: Trust, problems: Problems): Checkpoint[] {
  const older: Checkpoint[] = []
  for (const [i, note] of notes.entries()) {
    try {
      const checkpoint = openCheckpoint(note, trust.keys)
      if (checkpoint.origin !== newest.origin)
        throw new AuditError("INVALID", `It is of the log ${checkpoint.origin}. Expected one of ${newest.origin}`)
      if (checkpoint.size <= newest.size) older.push(checkpoint)
      else
        problems.add({
          kind: "rollback",
          index: newest.size,
          message: `The log was rolled back: it has ${newest.size} entries, but a checkpoint with ${checkpoint.size} was signed. Expected the entries ${newest.size} to ${checkpoint.size - 1}`,
        })
    } catch (error) {
      if (!(error instanceof AuditError)) throw error
      problems.add({ kind: "signature", message: `Older checkpoint ${i + 1}: ${error.message}` })
    }
  }
  return older.sort((a, b) => a.size - b.size)
}

/** One verification. */
class Verification {
  readonly #tiles: Tiles
  readonly #checkpoint: Checkpoint
  /** The older checkpoints that are still to come. */
  readonly #older: Checkpoint[]
  readonly #report: AuditReport
  readonly #problems: Problems
  readonly #edge = new Edge()

  constructor(tiles: Tiles, checkpoint: Checkpoint, older: Checkpoint[], report: AuditReport, problems: Problems) {
    this.#tiles = tiles
    this.#checkpoint = checkpoint
    this.#older = older
    this.#report = report
    this.#problems = problems
  }

  async run(onProgress?: (done: number, total: number) => void): Promise<void> {
    const { size } = this.#tiles
    this.#compareOlder()
    for (let bundle = 0; bundle * TILE_WIDTH < size; bundle++) {
      const hashes = this.#bundle(bundle)
      // Without any hashes, nothing can be said of the rest of the tree.
      if (hashes === undefined) return
      for (const level of ["entries", 0] as const) this.#partials(level, bundle, hashes)
      for (const hash of hashes) {
        this.#edge.add(hash, (level, index, all) => this.#tile(level, index, all))
        if (this.#older[0]?.size === this.#edge.size) this.#compareOlder()
      }
      onProgress?.(this.#edge.size, size)
      await setImmediate()
    }
    this.#edge.levels.forEach((hashes, level) => {
      if (hashes.length > 0) this.#tile(level, Math.floor(size / TILE_WIDTH ** (level + 1)), hashes)
    })
    this.#end()
  }

  /** Compares a bundle with its tile. Returns the hashes of its entries. */
  #bundle(bundle: number): readonly Buffer[] | undefined {
    const entries = this.#entries(bundle)
    const tile = this.#hashes(bundle)
    if (entries === undefined || tile === undefined) return entries ?? tile
    const { problem, hashes } = compare({ bundle, entries, tile, isSigned: (all) => this.#isSigned(bundle, all) })
    if (problem !== undefined) this.#problems.add(problem)
    return hashes
  }

  /** The hashes of the entries of a bundle, unless some are missing altogether. */
  #entries(bundle: number): Buffer[] | undefined {
    const width = widthOf("entries", bundle, this.#tiles.size)
    try {
      const { bytes, path } = this.#tiles.read("entries", bundle)
      const { entries, rest } = entriesOf(bytes)
      const isFull = path === tilePath("entries", bundle)
      if (rest > 0 || entries.length > (isFull ? TILE_WIDTH : width))
        this.#problems.add({
          kind: "entry",
          index: bundle * TILE_WIDTH + Math.min(width, entries.length),
          file: path,
          message: `${path} has bytes after entry ${bundle * TILE_WIDTH + Math.min(width, entries.length) - 1}. Expected ${width} entries and nothing more`,
        })
      const own = entries.slice(0, width)
      own.forEach((entry, i) => {
        this.#look(entry, bundle * TILE_WIDTH + i)
      })
      return own.map(leafHash)
    } catch (error) {
      this.#damage("entry", bundle * TILE_WIDTH, tilePath("entries", bundle, width), error)
      return undefined
    }
  }

  /** The time of a record, and what it says of keys. */
  #look(entry: Buffer, index: number): void {
    const time = recordTime(entry)
    if (time === undefined) return
    const report = this.#report
    const last = report.times?.last ?? time
    if (time < last)
      this.#problems.add({
        kind: "time",
        index,
        message: `Entry ${index} is back-dated: it is of ${new Date(time).toISOString()}, but an entry before it is of ${new Date(last).toISOString()}`,
      })
    report.times = { first: report.times?.first ?? time, last: Math.max(last, time) }
    const change = keyChange(entry)
    if (change !== undefined) report.keys.push({ index, ...change })
  }

  #hashes(bundle: number): Buffer[] | undefined {
    try {
      return this.#tiles.hashes(0, bundle)
    } catch (error) {
      this.#damage("tile", bundle * TILE_WIDTH, tilePath(0, bundle, widthOf(0, bundle, this.#tiles.size)), error)
      return undefined
    }
  }

  /** Whether these hashes of a tile fit the level above it, or, in the last tile, the root that was signed. */
  #isSigned(bundle: number, hashes: readonly Buffer[]): boolean {
    if (hashes.length < TILE_WIDTH) {
      const edge = this.#edge.copy()
      for (const hash of hashes) edge.add(hash)
      return edge.root().equals(this.#checkpoint.root)
    }
    const above = Math.floor(bundle / TILE_WIDTH)
    try {
      return this.#tiles.hashes(1, above)[bundle % TILE_WIDTH]?.equals(rootOf(hashes)) ?? false
    } catch {
      // It is told once, when that tile is compared.
      return false
    }
  }

  /** Compares a tile of the levels above the entries with what the levels below it make. */
  #tile(level: number, index: number, expected: readonly Buffer[]): void {
    if (level === 0) return
    this.#partials(level, index, expected)
    const file = tilePath(level, index, expected.length)
    const span = TILE_WIDTH ** level
    try {
      const hashes = this.#tiles.hashes(level, index)
      const at = expected.findIndex((hash, i) => !hashes[i]?.equals(hash))
      if (at === -1) return
      const first = (index * TILE_WIDTH + at) * span
      this.#problems.add({
        kind: "tile",
        index: first,
        file,
        message: `${file} does not match the entries ${first} to ${first + span - 1}: it has the hash ${hashText(hashes[at] as Buffer)}. Expected ${hashText(expected[at] as Buffer)}`,
      })
    } catch (error) {
      this.#damage("tile", index * TILE_WIDTH * span, file, error)
    }
  }

  /** What older checkpoints cover is served, too: each is the beginning of the tile as it is now. */
  #partials(level: Level, index: number, expected: readonly Buffer[]): void {
    for (const problem of comparePartials(this.#tiles, level, index, expected)) this.#problems.add(problem)
  }

  #damage(kind: "entry" | "tile", index: number, file: string, error: unknown): void {
    if (!(error instanceof AuditError)) throw error
    this.#problems.add({ kind, index, file, message: error.message })
  }

  #compareOlder(): void {
    while (this.#older[0]?.size === this.#edge.size) {
      const { size, root } = this.#older.shift() as Checkpoint
      const own = this.#edge.root()
      if (own.equals(root)) this.#report.consistentWith.push(size)
      else
        this.#problems.add({
          kind: "fork",
          index: size,
          file: "checkpoint",
          message: `The log was forked, or entries below ${size} were rewritten: a checkpoint with ${size} entries was signed with the root ${hashText(root)}, but the entries here have ${hashText(own)}. Keep both checkpoints: they prove it`,
        })
    }
  }

  #end(): void {
    const { size, root } = this.#checkpoint
    const own = this.#edge.root()
    this.#report.root = own
    if (own.equals(root)) return
    const since = this.#report.consistentWith.at(-1)
    const where =
      since === undefined
        ? ""
        : ` Entries below ${since} are those of an older checkpoint, so the change is after them.`
    this.#problems.add({
      kind: "root",
      file: "checkpoint",
      message: `The ${size} entries have the root ${hashText(own)}. Expected ${hashText(root)}, which was signed.${where}`,
    })
  }
}
