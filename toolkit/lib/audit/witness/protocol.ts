// What a log sends to a witness: https://c2sp.org/tlog-witness.

import type { Buffer } from "node:buffer"
import { AuditError } from "../error.js"
import { hashOf, sizeOf } from "../notes/checkpoint.js"
import { hashText } from "../tree/tiles.js"

/** A request to cosign. */
export interface AddCheckpoint {
  /** The size that the witness has cosigned last. */
  old: number
  /** That the tree has only grown since. */
  proof: Buffer[]
  /** The signed note. */
  checkpoint: string
}

/** The path of the request. */
export const ADD_CHECKPOINT = "/add-checkpoint"
/** The type of an answer that has the size which the witness has cosigned last. */
export const SIZE_TYPE = "text/x.tlog.size"
const MAX_PROOF = 63

export const formatRequest = ({ old, proof, checkpoint }: AddCheckpoint): string =>
  `old ${old}\n${proof.map((hash) => `${hashText(hash)}\n`).join("")}\n${checkpoint}`

/**
 * Reads a request.
 *
 * @throws AuditError `INVALID`.
 */
export function parseRequest(body: string): AddCheckpoint {
  const end = body.indexOf("\n\n")
  const [first = "", ...lines] = body.slice(0, end < 0 ? 0 : end).split("\n")
  const old = first.startsWith("old ") ? sizeOf(first.slice(4)) : undefined
  if (old === undefined)
    throw new AuditError("INVALID", 'Expected "old SIZE" in the first line, hashes, an empty line, and a checkpoint')
  if (lines.length > MAX_PROOF) throw new AuditError("INVALID", `The proof has more than ${MAX_PROOF} hashes`)
  const proof = lines.map((line) => {
    const hash = hashOf(line)
    if (hash === undefined)
      throw new AuditError("INVALID", `Expected a hash in Base64, but received ${JSON.stringify(line.slice(0, 80))}`)
    return hash
  })
  return { old, proof, checkpoint: body.slice(end + 2) }
}
