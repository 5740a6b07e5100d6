// The errors of the audit trail. Match on `code`.

import { StoreError } from "../store/index.js"

/**
 * What went wrong, as a code:
 *
 * - `INVALID`: an argument, an entry, a key, a checkpoint or a proof has the wrong form.
 * - `TOO_LARGE`: an entry has more than 65,535 bytes.
 * - `BACK_DATED`: the time of a record is earlier than that of the record before it.
 * - `NOT_FOUND`: the folder has no log, or the log has no such entry.
 * - `UNTRUSTED`: a signature is missing or wrong.
 * - `DAMAGED`: bytes on disk are not those that were written.
 * - `ROLLED_BACK`: the log is older than a checkpoint that it has signed.
 * - `FORKED`: the log is not consistent with a checkpoint that it has signed.
 * - `SEALED`: the log was sealed. It takes no more entries.
 * - `LOCKED`: another process, or another object of this one, has the log open.
 * - `DISK_FULL`: the disk or the quota is full. Free space and try again; the log stays usable.
 * - `READ_ONLY`, `NETWORK_FILE_SYSTEM`, `UNKNOWN_FORMAT`: the folder cannot hold a log.
 * - `FAILED`: the disk reported an error; the log accepts nothing until it is opened again.
 * - `CLOSED`: the log was closed.
 */
export type AuditErrorCode =
  | "INVALID"
  | "TOO_LARGE"
  | "BACK_DATED"
  | "NOT_FOUND"
  | "UNTRUSTED"
  | "DAMAGED"
  | "ROLLED_BACK"
  | "FORKED"
  | "SEALED"
  | "LOCKED"
  | "DISK_FULL"
  | "READ_ONLY"
  | "NETWORK_FILE_SYSTEM"
  | "UNKNOWN_FORMAT"
  | "FAILED"
  | "CLOSED"

/** An error of the audit trail. */
export class AuditError extends Error {
  override readonly name = "AuditError"
  /** What went wrong. */
  readonly code: AuditErrorCode

  constructor(code: AuditErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

const own = new Set<string>(["LOCKED", "DISK_FULL", "READ_ONLY", "NETWORK_FILE_SYSTEM", "UNKNOWN_FORMAT"])

/** Says in terms of the audit trail what the files below it, or the system, reported about a folder. */
export function auditError(error: unknown, folder: string): AuditError {
  if (error instanceof AuditError) return error
  const code = String((error as { code?: unknown }).code ?? error)
  if (code === "LOCKED") {
    const who = /process \d+/.exec((error as Error).message)?.[0] ?? "another process"
    return new AuditError(
      "LOCKED",
      `${folder} is in use by ${who}. An audit log can be open only once: stop that process, or choose another folder`,
      error,
    )
  }
  if (["DISK_FULL", "ENOSPC", "EDQUOT", "EFBIG"].includes(code))
    return new AuditError("DISK_FULL", `The disk that holds ${folder} is full. Free some space, then try again`, error)
  if (["READ_ONLY", "EROFS", "EACCES", "EPERM"].includes(code))
    return new AuditError(
      "READ_ONLY",
      `${folder} cannot be written to. Make it writable for this user, or choose another folder`,
      error,
    )
  if (error instanceof StoreError && error.code === "DAMAGED")
    return new AuditError(
      "DAMAGED",
      `The journal of ${folder} is damaged: ${error.message.replace(/\. Restore the store.*$/s, "")}. Restore the folder from a backup`,
      error,
    )
  if (own.has(code)) return new AuditError(code as AuditErrorCode, (error as Error).message, error)
  return new AuditError(
    "FAILED",
    `The disk reported ${code} for ${folder}. Check the disk, then open the log again`,
    error,
  )
}
