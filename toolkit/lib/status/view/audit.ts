// Audit logs on the status page.

import type { Buffer } from "node:buffer"

/** An entry of an audit log. */
export interface AuditEntryView {
  readonly index: number
  /** RFC 3339. Undefined if the entry does not say. */
  readonly time: string | undefined
  readonly type: string
  /** What it says, cut where it is long. */
  readonly text: string
}

/** An audit log. */
export interface AuditView {
  /** What the program calls it, such as the sink's name. */
  readonly name: string
  /** The name in its checkpoints. */
  readonly origin: string
  /** Its entries. */
  readonly size: number
  /** How many of them the last checkpoint covers. */
  readonly checkpointSize: number
  /** The root of the last checkpoint in base64. */
  readonly root: string
  /** When the last checkpoint was signed, in milliseconds since 1970. Undefined before the first. */
  readonly checkpointTime: number | undefined
  /** The last entries, newest first. */
  readonly recent: readonly AuditEntryView[]
}

/** What can be asked of audit logs. */
export interface AuditSubject {
  /** The proof that an entry is in a log: a file of C2SP tlog-proof. Undefined if there is no such entry in a checkpoint. */
  proof(log: string, index: number): Promise<Buffer | string | undefined>
}
