// Brings entries from the journal into the tree, and signs it.

import { Buffer } from "node:buffer"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { type Checkpoint, checkpointText } from "../notes/checkpoint.js"
import type { SignerKey } from "../notes/keys.js"
import { type NoteSignature, parseNote } from "../notes/note.js"
import type { Edge } from "../tree/edge.js"
import { leafHash } from "../tree/hashes.js"
import { bundleOf, TILE_WIDTH, tilePath } from "../tree/layout.js"
import { Tiles } from "../tree/tiles.js"
import { type NewFile, replaceFile, writeFiles } from "./files.js"
import { type Head, names, writeHead } from "./folder.js"

/** How many entries are hashed in one turn of the event loop. */
const HASHED_AT_ONCE = 512

/** The tree of a log on disk, with its checkpoint. */
export class Publication {
  readonly #folder: string
  readonly #served: string
  readonly #keys: readonly SignerKey[]
  #edge: Edge
  /** The entries of the bundle that is not full. */
  #rest: Buffer[]
  #head: Head
  #checkpoint: Checkpoint
  #isPublished: boolean
  /** Tiles that have become full. Their partial ones are of no use any more. */
  readonly #replaced: string[] = []

  /**
   * @param edge The tree as the head has it.
   * @param rest The entries of the bundle that is not full.
   * @param note The checkpoint that is served, if it is that of the head.
   */
  constructor(folder: string, keys: readonly SignerKey[], edge: Edge, rest: Buffer[], head: Head, note?: string) {
    this.#folder = folder
    this.#served = join(folder, names.served)
    this.#keys = keys
    this.#edge = edge
    this.#rest = rest
    this.#head = head
    this.#isPublished = note !== undefined
    this.#checkpoint = { ...this.#sign(), ...(note !== undefined && { note }) }
  }

  get head(): Head {
    return this.#head
  }

  /** The public keys that sign. */
  get keys(): string[] {
    return this.#keys.map(({ verifier }) => String(verifier))
  }

  /** The tiles of the tree as it is now. */
  get tiles(): Tiles {
    return new Tiles(this.#served, this.#head.size)
  }

  /** The last checkpoint. */
  get checkpoint(): Checkpoint {
    return this.#checkpoint
  }

  /**
   * Adds entries, which are in the journal. If it rejects, it can be called again with these entries and more: what was written is not covered by
   * a checkpoint.
   */
  async add(entries: readonly Buffer[], time: number, announced: readonly string[]): Promise<void> {
    const edge = this.#edge.copy()
    const files: NewFile[] = []
    let bundle = [...this.#rest]
    for (const [i, entry] of entries.entries()) {
      // Others want to append meanwhile.
      if (i % HASHED_AT_ONCE === HASHED_AT_ONCE - 1) await setImmediate()
      bundle.push(entry)
      if (bundle.length === TILE_WIDTH) {
        files.push({ path: tilePath("entries", Math.floor(edge.size / TILE_WIDTH)), bytes: bundleOf(bundle) })
        bundle = []
      }
      edge.add(leafHash(entry), (level, index, hashes) =>
        files.push({ path: tilePath(level, index), bytes: Buffer.concat(hashes) }),
      )
    }
    const full = files.map(({ path }) => path)
    const index = Math.floor(edge.size / TILE_WIDTH)
    if (bundle.length > 0) files.push({ path: tilePath("entries", index, bundle.length), bytes: bundleOf(bundle) })
    edge.levels.forEach((hashes, level) => {
      const at = Math.floor(edge.size / TILE_WIDTH ** (level + 1))
      if (hashes.length > 0) files.push({ path: tilePath(level, at, hashes.length), bytes: Buffer.concat(hashes) })
    })
    await writeFiles(files.map(({ path, bytes }) => ({ path: join(this.#served, path), bytes })))
    const head = { ...this.#head, size: edge.size, root: edge.root().toString("base64"), time, keys: [...announced] }
    // Before the signature: after a crash, no other tree of this size can be signed.
    writeHead(this.#folder, head)
    this.#head = head
    this.#edge = edge
    this.#rest = bundle
    this.#replaced.push(...full)
  }

  #sign(): Checkpoint {
    const { origin, size } = this.#head
    const root = Buffer.from(this.#head.root, "base64")
    const text = checkpointText(origin, size, root)
    return { origin, size, root, note: `${text}\n${this.#keys.map((key) => key.sign(text)).join("")}` }
  }

  /**
   * Signs the head, and replaces the checkpoint that is served, unless that is it.
   *
   * @param cosign Gets cosignatures, before others see the checkpoint.
   */
  async publish(cosign?: (checkpoint: Checkpoint) => Promise<readonly NoteSignature[]>): Promise<void> {
    if (this.#isPublished && this.#checkpoint.size === this.#head.size) return
    const signed = this.#sign()
    const lines = ((await cosign?.(signed)) ?? []).map(({ line }) => line)
    const checkpoint = { ...signed, note: signed.note + lines.join("") }
    replaceFile(join(this.#served, "checkpoint"), checkpoint.note)
    this.#checkpoint = checkpoint
    this.#isPublished = true
    // A full tile replaces the partial ones, for readers of older checkpoints too.
    for (const path of this.#replaced.splice(0))
      await rm(join(this.#served, `${path}.p`), { recursive: true, force: true }).catch(() => {})
  }

  /**
   * Adds the cosignature of a witness to the checkpoint, in the place of an older one of the same witness. It is of the text of one checkpoint, so it is of no use
   * if there is a newer one by now.
   */
  cosign({ size }: Checkpoint, { name, id, line }: NoteSignature): void {
    if (size !== this.#checkpoint.size) return
    const { text, signatures } = parseNote(this.#checkpoint.note)
    const others = signatures.filter((other) => other.name !== name || other.id !== id)
    const note = `${text}\n${[...others, { line }].map((signature) => signature.line).join("")}`
    replaceFile(join(this.#served, "checkpoint"), note)
    this.#checkpoint = { ...this.#checkpoint, note }
  }
}
