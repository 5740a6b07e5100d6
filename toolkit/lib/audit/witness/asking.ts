// Asks a witness for its cosignature, as https://c2sp.org/tlog-witness has it.

import { Buffer } from "node:buffer"
import { AuditError } from "../error.js"
import { type Checkpoint, sizeOf } from "../notes/checkpoint.js"
import { MAX_NOTE, type NoteSignature, parseNote, verifyNote } from "../notes/note.js"
import type { Party } from "../notes/policy.js"
import type { Tiles } from "../tree/tiles.js"
import { ADD_CHECKPOINT, formatRequest } from "./protocol.js"

/** How long a witness may take to answer. */
const TIMEOUT = 2000
/** The first request may guess wrong, and the witness may cosign for another copy of the log meanwhile. */
const ATTEMPTS = 3

/** A witness. */
export interface Asked extends Party {
  /** The size that it has cosigned last, as far as this process knows. */
  size: number
  /** The largest size that it was asked about by this process. It may have cosigned that, and the answer was lost. */
  offered: number
}

/**
 * Asks for the cosignature of a checkpoint.
 *
 * @returns The cosignature, or why there will never be one: an AuditError `ROLLED_BACK` or `FORKED`.
 * @throws Error if it could not be had this time.
 */
export async function askWitness(
  witness: Asked,
  checkpoint: Checkpoint,
  tiles: Tiles,
): Promise<NoteSignature | AuditError> {
  const { origin, size, note } = checkpoint
  const { name } = witness.key
  witness.offered = Math.max(witness.offered, size)
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const old = Math.min(witness.size, size)
    const proof = tiles.consistencyProof(old, size)
    const { status, text } = await post(
      `${witness.url}${ADD_CHECKPOINT}`,
      formatRequest({ old, proof, checkpoint: note }),
    )
    if (status === 200) {
      const parsed = parseNote(`${parseNote(note).text}\n${text}`)
      const [verified] = verifyNote(parsed, [witness.key])
      const signature = parsed.signatures.find(({ line }) => line === verified?.line)
      if (signature === undefined) throw new Error("its answer has no signature of its key")
      witness.size = size
      return signature
    }
    const seen = status === 409 ? sizeOf(text.trim()) : undefined
    if (seen !== undefined && seen > size)
      return new AuditError(
        "ROLLED_BACK",
        `The witness ${name} has cosigned ${origin} with ${seen} entries, but this log has ${size}: it was rolled back, such as by an old backup. Restore the newest copy; otherwise seal this log, and begin a new one with another name`,
      )
    if (seen === undefined) {
      if (status === 422)
        return new AuditError(
          "FORKED",
          `The witness ${name} has cosigned another tree of ${origin} with ${old} entries: this log was forked or rolled back. Restore the newest copy; otherwise seal this log, and begin a new one with another name`,
        )
      throw new Error(`it answered ${status}: ${text.slice(0, 200).trim()}`)
    }
    witness.size = seen
  }
  throw new Error("it cosigns for another copy of this log at the same time")
}

async function post(url: string, body: string): Promise<{ status: number; text: string }> {
  const signal = AbortSignal.timeout(TIMEOUT)
  const response = await fetch(url, { method: "POST", body, signal, redirect: "error" })
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    length += chunk.length
    if (length > MAX_NOTE) throw new Error(`its answer has more than ${MAX_NOTE} bytes`)
    chunks.push(chunk)
  }
  return { status: response.status, text: Buffer.concat(chunks).toString("utf8") }
}
