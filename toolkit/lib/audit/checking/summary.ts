// A log at a glance: for pages and commands that show one, also while another process writes it.

import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { names } from "../log/folder.js"
import type { Checkpoint } from "../notes/checkpoint.js"
import { type AuditEntry, readEntries } from "./entries.js"
import { Trust } from "./trust.js"
import { readCheckpoint, servedFolder } from "./verification.js"

/** A log at a glance. */
export interface AuditSummary {
  /** The public keys of the log, from its own folder: they prove nothing to somebody who does not trust the folder. */
  keys: string[]
  /** The last checkpoint that was signed. */
  checkpoint: Checkpoint
  /** When the checkpoint was written, in milliseconds since 1970. */
  time: number
  /** The last entries that the checkpoint covers, oldest first. */
  recent: AuditEntry[]
}

const noteOf = (folder: string): string => join(servedFolder(folder), "checkpoint")

/** When the last checkpoint of a log was written, in milliseconds since 1970. Undefined if there is none yet. */
export const checkpointTime = (folder: string): number | undefined =>
  statSync(noteOf(folder), { throwIfNoEntry: false })?.mtimeMs

/**
 * Reads the last checkpoint and the last entries of a log, and verifies nothing but the signature of the checkpoint. Undefined if there is none yet.
 *
 * @param count How many entries.
 * @throws AuditError `INVALID`, `UNTRUSTED` or `DAMAGED`.
 */
export function summarizeAuditLog(folder: string, count: number): AuditSummary | undefined {
  const keyFile = join(folder, names.publicKey)
  const time = checkpointTime(folder)
  if (time === undefined || !existsSync(keyFile)) return undefined
  const keys = readFileSync(keyFile, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
  const checkpoint = readCheckpoint(folder, new Trust({ keys }))
  const from = Math.max(0, checkpoint.size - count)
  const recent = [...readEntries(folder, { keys, from, to: checkpoint.size })]
  return { keys, checkpoint, time, recent }
}
