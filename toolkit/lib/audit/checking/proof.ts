// Proofs that an entry is in a log, as one file: https://c2sp.org/tlog-proof.

import { Buffer } from "node:buffer"
import { AuditError } from "../error.js"
import { fromBase64 } from "../notes/base64.js"
import { type Checkpoint, hashOf, openCheckpoint, parseCheckpoint, sizeOf } from "../notes/checkpoint.js"
import { MAX_NOTE } from "../notes/note.js"
import { leafHash, rootFromInclusion } from "../tree/hashes.js"
import { hashText, Tiles } from "../tree/tiles.js"
import { cosignaturesOf, Trust, type TrustOptions } from "./trust.js"
import { readCheckpoint, servedFolder } from "./verification.js"

const MAGIC = "c2sp.org/tlog-proof@v1"
const MAX_HASHES = 63

/** What a proof has shown. */
export interface ProvenEntry {
  /** The name of the log. */
  origin: string
  /** The index of the entry. */
  index: number
  /** The entry. */
  entry: Buffer
  /** The checkpoint that covers it. */
  checkpoint: Checkpoint
  /** The witnesses that have cosigned the checkpoint, and when, in milliseconds since 1970. */
  cosignatures: { witness: string; time: number }[]
}

/**
 * Makes the proof that an entry is in a log. The proof holds the entry itself (as `extra`), so that one file is enough.
 *
 * @param folder The folder of a log, or a copy of what it serves.
 * @throws AuditError `NOT_FOUND`, `INVALID`, `UNTRUSTED` or `DAMAGED`: no proof is made that would not verify.
 */
export function proveInclusion(folder: string, index: number, options: TrustOptions): string {
  const checkpoint = readCheckpoint(folder, new Trust(options))
  const tiles = new Tiles(servedFolder(folder), checkpoint.size)
  const entry = tiles.entry(index)
  const hashes = tiles.inclusionProof(index)
  const lines = [MAGIC, `extra ${entry.toString("base64")}`, `index ${index}`, ...hashes.map(hashText)]
  const proof = `${lines.join("\n")}\n\n${checkpoint.note}`
  try {
    verifyProof(proof, options)
  } catch (error) {
    throw new AuditError(
      "DAMAGED",
      `No proof can be made of entry ${index}: ${(error as Error).message}. Run: ohmq audit verify ${folder}`,
      error,
    )
  }
  return proof
}

const malformed = (what: string) => new AuditError("INVALID", `The proof is malformed: ${what}`)

/**
 * Verifies a proof, offline.
 *
 * @param options Whom to trust; and `entry`, the entry, for proofs of others that do not hold it.
 * @throws AuditError `INVALID` if it is malformed, `UNTRUSTED` if a signature or the proof does not hold.
 */
export function verifyProof(proof: string, options: TrustOptions & { entry?: Uint8Array }): ProvenEntry {
  const trust = new Trust(options)
  const end = proof.indexOf("\n\n")
  if (!proof.startsWith(`${MAGIC}\n`) || end < 0)
    throw malformed(`expected "${MAGIC}" in the first line, and an empty line before the checkpoint`)
  if (proof.length - end > MAX_NOTE) throw malformed("its checkpoint is too long")
  const [, ...lines] = proof.slice(0, end).split("\n")
  const extra = lines[0]?.startsWith("extra ") ? fromBase64(lines.shift()?.slice(6) ?? "") : undefined
  const indexLine = lines.shift() ?? ""
  const index = indexLine.startsWith("index ") ? sizeOf(indexLine.slice(6)) : undefined
  if (index === undefined)
    throw malformed(`expected "index NUMBER", but received ${JSON.stringify(indexLine.slice(0, 80))}`)
  if (lines.length > MAX_HASHES) throw malformed(`it has more than ${MAX_HASHES} hashes`)
  const hashes = lines.map((line) => {
    const hash = hashOf(line)
    if (hash === undefined)
      throw malformed(`expected a hash in Base64, but received ${JSON.stringify(line.slice(0, 80))}`)
    return hash
  })
  const note = proof.slice(end + 2)
  const { signatures, ...checkpoint } = openCheckpoint(note, trust.keys)
  const shortage = trust.shortage(signatures)
  if (shortage !== undefined) throw new AuditError("UNTRUSTED", shortage)
  const entry = options.entry === undefined ? extra : Buffer.from(options.entry)
  if (entry === undefined) throw malformed("it does not hold the entry. Give the entry beside it")
  const root = rootFromInclusion(index, checkpoint.size, leafHash(entry), hashes)
  if (!root?.equals(checkpoint.root))
    throw new AuditError(
      "UNTRUSTED",
      `The proof does not hold: entry ${index} leads to the root ${root === undefined ? "of no tree of this size" : hashText(root)}. Expected ${hashText(checkpoint.root)}`,
    )
  return { origin: checkpoint.origin, index, entry, checkpoint, cosignatures: cosignaturesOf(signatures) }
}

/** Whether a text is a proof, for commands that take proofs and folders. */
export const isProof = (text: string): boolean => text.startsWith(`${MAGIC}\n`)

/** The checkpoint of a proof or of a note, not verified. */
export const checkpointNote = (text: string): string => {
  const note = isProof(text) ? text.slice(text.indexOf("\n\n") + 2) : text
  parseCheckpoint(note)
  return note
}
