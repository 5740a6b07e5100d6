// The errors of the store. Match on `code`.

/**
 * What went wrong, as a code:
 *
 * - `FULL`: a bound of the store is reached. Try again once a cursor has moved on.
 * - `DISK_FULL`: the disk or the quota is full. Free space and try again; the store stays usable.
 * - `LOCKED`: another process, or another object of this one, has the store open.
 * - `READ_ONLY`: the folder cannot be written to.
 * - `NETWORK_FILE_SYSTEM`: the folder is on a network file system.
 * - `UNKNOWN_FORMAT`: a newer version, or another program, wrote the folder.
 * - `DAMAGED`: bytes on disk are not those that were written.
 * - `FAILED`: the disk reported an error; the store accepts nothing until it is opened again.
 * - `SEQUENCE_GAP`: events of a stream are missing before these.
 * - `UNKNOWN_CURSOR`: no cursor has this name.
 * - `CLOSED`: the store was closed.
 * - `UNREACHABLE`: the servers that keep the store do not answer. Try again later; what was under way may be stored.
 * - `NOT_OWNER`: another process has taken over the cursor, and this one may not move it any more.
 */
export type StoreErrorCode =
  | "FULL"
  | "DISK_FULL"
  | "LOCKED"
  | "READ_ONLY"
  | "NETWORK_FILE_SYSTEM"
  | "UNKNOWN_FORMAT"
  | "DAMAGED"
  | "FAILED"
  | "SEQUENCE_GAP"
  | "UNKNOWN_CURSOR"
  | "CLOSED"
  | "UNREACHABLE"
  | "NOT_OWNER"

/** An error of the store. */
export class StoreError extends Error {
  override readonly name = "StoreError"
  /** What went wrong. */
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** Where bytes are damaged. */
export interface Damage {
  /** The file, relative to the folder of the store. */
  file: string
  /** The first damaged byte. */
  offset: number
  /** The first position that cannot be read. */
  first: number
  /** The last position that cannot be read, or undefined if that is not known. */
  last: number | undefined
  /** What is wrong with the bytes. */
  reason: string
}

/** Entries that cannot be read back as they were written. */
export class DamageError extends StoreError {
  /** Where the damage is. */
  readonly damage: Damage

  constructor(damage: Damage) {
    const { file, offset, first, last, reason } = damage
    const what = last === undefined || last === first ? `Entry ${first}` : `Entries ${first} to ${last}`
    super(
      "DAMAGED",
      `${what} cannot be read: ${reason} at byte ${offset} of ${file}. Restore the store from a backup, or repair it ` +
        "(`ohmq store repair`): that keeps every intact entry, and puts a gap record in place of the damaged ones",
    )
    this.damage = damage
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code ?? error)

export const isDiskFull = (error: unknown): boolean => ["ENOSPC", "EDQUOT", "EFBIG"].includes(codeOf(error))

/** Says in terms of the store what the system reported about a path. */
export function systemError(error: unknown, path: string): StoreError {
  if (error instanceof StoreError) return error
  const code = codeOf(error)
  if (isDiskFull(error)) {
    return new StoreError(
      "DISK_FULL",
      `The disk that holds ${path} is full (${code}). Free some space, or lower the store's maxBytes`,
      error,
    )
  }
  if (code === "EROFS" || code === "EACCES" || code === "EPERM") {
    return new StoreError(
      "READ_ONLY",
      `${path} cannot be written to (${code}). Make it writable for this user, or choose another folder for the store`,
      error,
    )
  }
  if (code === "EMFILE" || code === "ENFILE") {
    return new StoreError(
      "FAILED",
      `${path} cannot be opened: too many files are open (${code}). Raise the limit (ulimit -n), then open the store again`,
      error,
    )
  }
  return new StoreError(
    "FAILED",
    `The disk reported ${code} for ${path}. Check the disk, then open the store again`,
    error,
  )
}
