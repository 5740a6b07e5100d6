// Reads tiles and entries from a folder, and makes proofs of them.

import { Buffer } from "node:buffer"
import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs"
import { join } from "node:path"
import { AuditError } from "../error.js"
import { Edge } from "./edge.js"
import { emptyRoot, HASH_SIZE, nodeHash, rootOf, splitOf } from "./hashes.js"
import { entriesOf, type Level, levelsOf, TILE_WIDTH, tilePath, widthOf } from "./layout.js"

const MAX_CACHED = 64
const TILE_HEIGHT = 8

/** Makes room for so many bytes. */
type Memory = (size: number) => Buffer

function readWhole(path: string, memory: Memory): Buffer {
  const file = openSync(path, "r")
  try {
    const bytes = memory(fstatSync(file).size)
    let length = 0
    while (length < bytes.length) {
      const count = readSync(file, bytes, length, bytes.length - length, length)
      if (count === 0) break
      length += count
    }
    return bytes.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** The files of a tree of a certain size. What it returns is not verified: compare roots with a checkpoint. */
export class Tiles {
  readonly #folder: string
  readonly #size: number
  readonly #cache = new Map<string, Buffer[]>()
  /** What `views` reads into. */
  #memory = Buffer.alloc(0)

  /** @param folder The folder that is served: it has `checkpoint` and `tile/`. */
  constructor(folder: string, size: number) {
    this.#folder = folder
    this.#size = size
  }

  /** How many entries the tree has. */
  get size(): number {
    return this.#size
  }

  /**
   * The bytes of a tile or bundle, and the path that they are from.
   *
   * @param memory New memory, by default.
   * @throws AuditError `DAMAGED` if neither the partial file nor the full one can be read.
   */
  read(level: Level, index: number, memory: Memory = Buffer.allocUnsafeSlow): { bytes: Buffer; path: string } {
    const width = widthOf(level, index, this.#size)
    // A partial tile may be deleted once there is the full one.
    const paths = new Set([tilePath(level, index, width), tilePath(level, index)])
    let code = ""
    for (const path of paths) {
      try {
        return { bytes: readWhole(join(this.#folder, path), memory), path }
      } catch (error) {
        code = String((error as NodeJS.ErrnoException).code)
        if (code !== "ENOENT") break
      }
    }
    const path = [...paths][0] as string
    const what = level === "entries" ? "entries" : level === 0 ? "hashes of entries" : "hashes of the tree for entries"
    const span = TILE_WIDTH ** (level === "entries" ? 0 : level)
    const first = index * TILE_WIDTH * span
    throw new AuditError(
      "DAMAGED",
      `${path} ${code === "ENOENT" ? "is missing" : `cannot be read (${code})`}. Expected the ${what} ${first} to ${first + width * span - 1}`,
    )
  }

  /** The widths of the partial files of a tile that are narrower than it is in this tree: readers of older checkpoints need them until it is full. */
  olderWidths(level: Level, index: number): number[] {
    const width = widthOf(level, index, this.#size)
    let found: string[]
    try {
      found = readdirSync(join(this.#folder, `${tilePath(level, index)}.p`))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return []
      throw new AuditError(
        "DAMAGED",
        `${tilePath(level, index)}.p cannot be read (${(error as NodeJS.ErrnoException).code})`,
      )
    }
    const widths = found.filter((name) => /^[1-9]\d{0,2}$/.test(name)).map(Number)
    return widths.filter((older) => older < width).sort((a, b) => a - b)
  }

  /** The bytes of such a partial file. Undefined if it was deleted meanwhile, because the tile is full. */
  readOlder(level: Level, index: number, width: number): Buffer | undefined {
    const path = tilePath(level, index, width)
    try {
      return readWhole(join(this.#folder, path), Buffer.allocUnsafeSlow)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "ENOENT") return undefined
      throw new AuditError("DAMAGED", `${path} cannot be read (${code})`)
    }
  }

  /** The hashes of a tile. */
  hashes(level: number, index: number): Buffer[] {
    const key = `${level}/${index}`
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const width = widthOf(level, index, this.#size)
    const { bytes, path } = this.read(level, index)
    const expected = path === tilePath(level, index) ? TILE_WIDTH : width
    if (bytes.length !== expected * HASH_SIZE)
      throw new AuditError("DAMAGED", `${path} has ${bytes.length} bytes. Expected ${expected * HASH_SIZE}`)
    const hashes = Array.from({ length: width }, (_, i) => bytes.subarray(i * HASH_SIZE, (i + 1) * HASH_SIZE))
    if (this.#cache.size >= MAX_CACHED) this.#cache.delete(this.#cache.keys().next().value as string)
    this.#cache.set(key, hashes)
    return hashes
  }

  /**
   * An entry.
   *
   * @throws AuditError `NOT_FOUND` or `DAMAGED`.
   */
  entry(index: number): Buffer {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size)
      throw new AuditError("NOT_FOUND", `There is no entry ${index}: the log has ${this.#size} entries, from 0`)
    const { bytes, path } = this.read("entries", Math.floor(index / TILE_WIDTH))
    const entry = entriesOf(bytes).entries[index % TILE_WIDTH]
    if (entry === undefined) throw new AuditError("DAMAGED", `${path} is too short: it has no entry ${index}`)
    return entry
  }

  /** The entries of a bundle, in memory that the next call uses again: whoever reads many needs little. */
  views(index: number): Buffer[] {
    return this.entries(index, (size) => {
      if (this.#memory.length < size) this.#memory = Buffer.allocUnsafeSlow(size)
      return this.#memory.subarray(0, size)
    })
  }

  /** The entries of a bundle. */
  entries(index: number, memory?: Memory): Buffer[] {
    const width = widthOf("entries", index, this.#size)
    const { bytes, path } = this.read("entries", index, memory)
    const { entries } = entriesOf(bytes)
    if (entries.length < width)
      throw new AuditError(
        "DAMAGED",
        `${path} has ${entries.length} entries. Expected ${width}: entry ${index * TILE_WIDTH + entries.length} is missing`,
      )
    return entries.slice(0, width)
  }

  /** The right edge of the tree. */
  edge(): Edge {
    const levels = Array.from({ length: levelsOf(this.#size) }, (_, level) => {
      const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1))
      return widthOf(level, index, this.#size) === 0 ? [] : this.hashes(level, index)
    })
    return new Edge(levels, this.#size)
  }

  /** The root of the tree when it had this size. */
  root(size = this.#size): Buffer {
    return size === 0 ? emptyRoot : this.#range(0, size)
  }

  /** The proof that an entry is in the tree of this size: the siblings on its way to the root. RFC 6962, section 2.1.1. */
  inclusionProof(index: number, size = this.#size): Buffer[] {
    const path = (from: number, to: number): Buffer[] => {
      if (to - from === 1) return []
      const middle = from + splitOf(to - from)
      return index < middle
        ? [...path(from, middle), this.#range(middle, to)]
        : [...path(middle, to), this.#range(from, middle)]
    }
    return path(0, size)
  }

  /** The proof that the tree of the older size is the beginning of the tree of this size. RFC 6962, section 2.1.2. */
  consistencyProof(older: number, size = this.#size): Buffer[] {
    if (older === 0 || older === size) return []
    const path = (from: number, to: number, isWhole: boolean): Buffer[] => {
      if (to === older) return isWhole ? [] : [this.#range(from, to)]
      const middle = from + splitOf(to - from)
      return older <= middle
        ? [...path(from, middle, isWhole), this.#range(middle, to)]
        : [...path(middle, to, false), this.#range(from, middle)]
    }
    return path(0, size, true)
  }

  /** The hash over entries of a range that begins at a multiple of the power of two that it is split at. */
  #range(from: number, to: number): Buffer {
    const length = to - from
    const split = length === 1 ? 1 : splitOf(length)
    if (length === 1 || split * 2 === length) return this.#subtree(Math.log2(length), from / length)
    return nodeHash(this.#range(from, from + split), this.#range(from + split, to))
  }

  /** The hash of a complete subtree of 2^height entries. */
  #subtree(height: number, index: number): Buffer {
    const level = Math.floor(height / TILE_HEIGHT)
    const count = 2 ** (height % TILE_HEIGHT)
    const first = index * count
    const hashes = this.hashes(level, Math.floor(first / TILE_WIDTH))
    const at = first % TILE_WIDTH
    return rootOf(hashes, at, at + count)
  }
}

/** A hash as notes and proofs have it. */
export const hashText = (hash: Uint8Array): string => Buffer.from(hash).toString("base64")
