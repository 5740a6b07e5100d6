// Checkpoints: https://c2sp.org/tlog-checkpoint.

import { Buffer } from "node:buffer"
import { AuditError } from "../error.js"
import { HASH_SIZE } from "../tree/hashes.js"
import { fromBase64 } from "./base64.js"
import type { VerifierKey } from "./keys.js"
import { type Note, parseNote, type VerifiedSignature, verifyNote } from "./note.js"

/** The size and the root of a tree, as a log has signed them. */
export interface Checkpoint {
  /** The name of the log. */
  readonly origin: string
  /** How many entries the tree has. */
  readonly size: number
  /** The root of the tree: 32 bytes. */
  readonly root: Buffer
  /** The signed note, as it is in the file `checkpoint`. */
  readonly note: string
}

/** The text that is signed. */
export const checkpointText = (origin: string, size: number, root: Buffer): string =>
  `${origin}\n${size}\n${root.toString("base64")}\n`

const malformed = (what: string) => new AuditError("INVALID", `The checkpoint is malformed: ${what}`)

/** A decimal number without leading zeroes. */
export function sizeOf(text: string): number | undefined {
  const size = /^(0|[1-9]\d{0,15})$/.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(size) ? size : undefined
}

/** A hash in Base64. */
export function hashOf(text: string): Buffer | undefined {
  const hash = fromBase64(text)
  return hash?.length === HASH_SIZE ? hash : undefined
}

/**
 * Reads a checkpoint, and verifies nothing.
 *
 * @throws AuditError `INVALID`.
 */
export function parseCheckpoint(note: string): Checkpoint & { parsed: Note } {
  const parsed = parseNote(note)
  const [origin = "", sizeLine = "", rootLine = "", ...rest] = parsed.text.slice(0, -1).split("\n")
  const size = sizeOf(sizeLine)
  const root = hashOf(rootLine)
  if (origin === "") throw malformed("the first line, the origin, is empty")
  if (size === undefined)
    throw malformed(
      `expected the size of the tree in the second line, but received ${JSON.stringify(sizeLine.slice(0, 40))}`,
    )
  if (root === undefined)
    throw malformed(
      `expected the root hash in Base64 in the third line, but received ${JSON.stringify(rootLine.slice(0, 80))}`,
    )
  if (rest.includes("")) throw malformed("there is an empty line among the extension lines")
  return { origin, size, root: Buffer.from(root), note, parsed }
}

/**
 * Reads a checkpoint that one of these keys of a log has signed.
 *
 * @param keys Keys of logs, of which one must have signed, and of witnesses.
 * @throws AuditError `INVALID` or `UNTRUSTED`.
 */
export function openCheckpoint(
  note: string,
  keys: readonly VerifierKey[],
): Checkpoint & { signatures: VerifiedSignature[] } {
  const { parsed, ...checkpoint } = parseCheckpoint(note)
  const { origin } = checkpoint
  // A key is trusted for its own log only.
  const usable = keys.filter(({ use, name }) => use === "witness" || name === origin)
  const signatures = verifyNote(parsed, usable)
  if (!signatures.some(({ key }) => key.use === "log")) {
    const names = keys.filter(({ use }) => use === "log").map(String)
    const by = parsed.signatures.map(({ name, id }) => `${name}+${id.toString(16).padStart(8, "0")}`)
    throw new AuditError(
      "UNTRUSTED",
      `The checkpoint of ${origin} is signed by ${by.join(", ")}. Expected a signature of ${names.join(" or ") || "a log, but no key of a log was given"}`,
    )
  }
  return { ...checkpoint, signatures }
}
