// Hashes of a Merkle tree, and what proofs over them show: RFC 6962, section 2.1 (https://www.rfc-editor.org/rfc/rfc6962#section-2.1), with SHA-256.

import { Buffer } from "node:buffer"
import { hash } from "node:crypto"

/** The bytes of a hash. */
export const HASH_SIZE = 32

const sha256 = (bytes: Uint8Array): Buffer => hash("sha256", bytes, "buffer")

/** The root of a tree without entries. */
export const emptyRoot: Buffer = sha256(new Uint8Array())

/** The hash of an entry. */
export function leafHash(entry: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(entry.length + 1)
  bytes[0] = 0
  bytes.set(entry, 1)
  return sha256(bytes)
}

const pair = Buffer.alloc(1 + 2 * HASH_SIZE)
pair[0] = 1

/** The hash of two subtrees. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1)
  pair.set(right, 1 + HASH_SIZE)
  return sha256(pair)
}

/** The largest power of two that is below a number of at least 2: where a tree of that size is split. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

/** The root over hashes of subtrees, of which all but the last have the same size, a power of two. */
export function rootOf(hashes: readonly Buffer[], from = 0, to = hashes.length): Buffer {
  if (to - from === 1) return hashes[from] as Buffer
  const middle = from + splitOf(to - from)
  return nodeHash(rootOf(hashes, from, middle), rootOf(hashes, middle, to))
}

/** The root that a proof of inclusion leads to, or undefined if it has the wrong length. RFC 9162, section 2.1.3.2. */
export function rootFromInclusion(
  index: number,
  size: number,
  leaf: Buffer,
  proof: readonly Buffer[],
): Buffer | undefined {
  if (index >= size) return undefined
  let node = index
  let last = size - 1
  let root = leaf
  for (const sibling of proof) {
    if (last === 0) return undefined
    if (node % 2 === 1 || node === last) {
      root = nodeHash(sibling, root)
      while (node % 2 === 0 && node !== 0) {
        node /= 2
        last = Math.floor(last / 2)
      }
    } else root = nodeHash(root, sibling)
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 ? root : undefined
}

/** Whether a proof shows that the smaller tree is the beginning of the larger one. RFC 9162, section 2.1.4.2. */
export function isConsistent(
  older: { size: number; root: Buffer },
  newer: { size: number; root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (older.size > newer.size) return false
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root)
  if (older.size === 0) return proof.length === 0 && older.root.equals(emptyRoot)
  const isPower = splitOf(older.size + 1) === older.size
  const path = isPower ? [older.root, ...proof] : [...proof]
  const first = path.shift()
  // With the empty proof of a tree that is no power of two there is nothing to start from.
  if (first === undefined) return false
  let node = older.size - 1
  let last = newer.size - 1
  const up = () => {
    node = Math.floor(node / 2)
    last = Math.floor(last / 2)
  }
  while (node % 2 === 1) up()
  let oldRoot = first
  let newRoot = first
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      oldRoot = nodeHash(sibling, oldRoot)
      newRoot = nodeHash(sibling, newRoot)
      while (node % 2 === 0 && node !== 0) up()
    } else newRoot = nodeHash(newRoot, sibling)
    up()
  }
  return last === 0 && oldRoot.equals(older.root) && newRoot.equals(newer.root)
}
