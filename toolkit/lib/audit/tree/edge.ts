// The right edge of a tree: all that is needed to add entries and to know the root.

import type { Buffer } from "node:buffer"
import { emptyRoot, rootOf } from "./hashes.js"
import { TILE_WIDTH } from "./layout.js"

/** A tile that has become full. */
export type OnFull = (level: number, index: number, hashes: readonly Buffer[]) => void

/** The tiles that are not full, one for each level, and how many entries the tree has. */
export class Edge {
  #levels: Buffer[][]
  #size: number

  /** @param levels For each level, the hashes of its partial tile. */
  constructor(levels: readonly (readonly Buffer[])[] = [], size = 0) {
    this.#levels = levels.map((hashes) => [...hashes])
    this.#size = size
  }

  /** How many entries the tree has. */
  get size(): number {
    return this.#size
  }

  /** The hashes of the partial tile of each level. */
  get levels(): readonly (readonly Buffer[])[] {
    return this.#levels
  }

  /** A copy, which can grow on its own. */
  copy(): Edge {
    return new Edge(this.#levels, this.#size)
  }

  /** Adds the hash of an entry. */
  add(leaf: Buffer, onFull?: OnFull): void {
    this.#size++
    let index = this.#size
    let hash = leaf
    for (let level = 0; ; level++) {
      const hashes = this.#levels[level] ?? []
      this.#levels[level] = hashes
      hashes.push(hash)
      if (hashes.length < TILE_WIDTH) return
      index = Math.floor(index / TILE_WIDTH)
      onFull?.(level, index - 1, hashes)
      hash = rootOf(hashes)
      this.#levels[level] = []
    }
  }

  /** The root of the tree. */
  root(): Buffer {
    let root: Buffer | undefined
    for (const hashes of this.#levels) {
      // What is not a full tile below is the last and smaller subtree of the level above.
      const all = root === undefined ? hashes : [...hashes, root]
      if (all.length > 0) root = rootOf(all)
    }
    return root ?? emptyRoot
  }
}
