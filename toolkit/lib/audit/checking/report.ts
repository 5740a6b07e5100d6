// What a verification has found.

import type { Buffer } from "node:buffer"

/** Something that is wrong with a log. */
export interface AuditProblem {
  /**
   * What kind of thing it is:
   *
   * - `entry`: an entry was changed, is missing, swapped or repeated.
   * - `tile`: hashes of the tree were changed, or are missing.
   * - `time`: a record is back-dated.
   * - `root`: all entries together are not what the checkpoint says.
   * - `rollback`: the log is older than a checkpoint that it has signed.
   * - `fork`: the log is not consistent with a checkpoint that it has signed.
   * - `signature`: the checkpoint, or an older one, cannot be read or is not signed by a trusted key.
   * - `witness`: too few witnesses have cosigned.
   */
  kind: "entry" | "tile" | "time" | "root" | "rollback" | "fork" | "signature" | "witness"
  /** The first entry that is concerned, if it is known. */
  index?: number
  /** The file, relative to the folder that is served. */
  file?: string
  /** What was expected, and what is there. */
  message: string
}

/** A key that the entries of the log announce. */
export interface AnnouncedKey {
  /** The entry that says so. */
  index: number
  /** The public key. */
  key: string
  /** Whether it signs from now on, or does not any more. */
  change: "added" | "retired"
}

/** What a verification has found. */
export interface AuditReport {
  /** The name of the log, or "" if there is no checkpoint that could be read. */
  origin: string
  /** How many entries the checkpoint covers. */
  size: number
  /** The root that the entries have: 32 bytes. */
  root: Buffer
  /** The names of the witnesses that have cosigned, and when, in milliseconds since 1970. */
  cosignatures: { witness: string; time: number }[]
  /** Older checkpoints that the log goes on from. */
  consistentWith: number[]
  /** The keys that the log has announced. */
  keys: AnnouncedKey[]
  /** The time of the first and the last record, in milliseconds since 1970. */
  times: { first: number; last: number } | undefined
  /** What is wrong, in the order of the log: at most 100 of each kind. */
  problems: AuditProblem[]
  /** How many problems there are. */
  found: number
}

const MAX_EACH = 100

/** Collects problems, and does not keep all of them: there may be one for each entry. */
export class Problems {
  readonly list: AuditProblem[] = []
  readonly #counts = new Map<string, number>()
  #found = 0

  get found(): number {
    return this.#found
  }

  add(problem: AuditProblem): void {
    this.#found++
    const count = (this.#counts.get(problem.kind) ?? 0) + 1
    this.#counts.set(problem.kind, count)
    if (count <= MAX_EACH) this.list.push(problem)
  }
}
