// Signed notes: https://c2sp.org/signed-note.

import type { Buffer } from "node:buffer"
import { AuditError } from "../error.js"
import { fromBase64 } from "./base64.js"
import type { VerifierKey } from "./keys.js"

/** A signature that is not verified. */
export interface NoteSignature {
  name: string
  id: number
  bytes: Buffer
  /** Its line, with the end. */
  line: string
}

/** A note that is not verified. */
export interface Note {
  /** What is signed, with the last line break. */
  text: string
  signatures: NoteSignature[]
}

/** A signature that was verified. */
export interface VerifiedSignature {
  key: VerifierKey
  /** When a witness signed, in seconds since 1970; 0 for a log. */
  time: number
  line: string
}

/** The longest note that is read. Sixteen signatures must be accepted, and each may have 5 kB. */
export const MAX_NOTE = 1 << 17
const MAX_SIGNATURES = 100

const malformed = (what: string) => new AuditError("INVALID", `The signed note is malformed: ${what}`)

/**
 * Splits a note.
 *
 * @throws AuditError `INVALID`.
 */
export function parseNote(note: string): Note {
  if (note.length > MAX_NOTE) throw malformed(`it has more than ${MAX_NOTE} characters`)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a note must not have.
  if (/[\u0000-\u0009\u000b-\u001f\ufffd]/.test(note)) throw malformed("it has control characters, or is not UTF-8")
  const split = note.lastIndexOf("\n\n")
  if (split < 0) throw malformed("there is no empty line before the signatures")
  const text = note.slice(0, split + 1)
  const rest = note.slice(split + 2)
  if (!rest.endsWith("\n")) throw malformed("there are no signatures, or the last line has no end")
  const lines = rest.slice(0, -1).split("\n")
  if (lines.length > MAX_SIGNATURES) throw malformed(`it has more than ${MAX_SIGNATURES} signatures`)
  return { text, signatures: lines.map(parseSignature) }
}

function parseSignature(line: string): NoteSignature {
  const [, name, encoded] = /^— ([^\s+]+) (\S+)$/.exec(line) ?? []
  const bytes = encoded === undefined ? undefined : fromBase64(encoded)
  if (name === undefined || bytes === undefined || bytes.length < 5)
    throw malformed(`expected "— NAME SIGNATURE", but received ${JSON.stringify(line.slice(0, 100))}`)
  return { name, id: bytes.readUInt32BE(0), bytes: bytes.subarray(4), line: `${line}\n` }
}

/**
 * The signatures of known keys. Those of unknown keys are ignored.
 *
 * @throws AuditError `UNTRUSTED` if the signature of a known key is wrong.
 */
export function verifyNote({ text, signatures }: Note, keys: readonly VerifierKey[]): VerifiedSignature[] {
  const verified = new Map<VerifierKey, VerifiedSignature>()
  for (const { name, id, bytes, line } of signatures) {
    const key = keys.find((known) => known.name === name && known.id === id)
    if (key === undefined || verified.has(key)) continue
    const time = key.verify(text, bytes)
    if (time === undefined)
      throw new AuditError(
        "UNTRUSTED",
        `The signature of ${name} is wrong: the checkpoint was changed, or another key has signed it`,
      )
    verified.set(key, { key, time, line })
  }
  return [...verified.values()]
}
