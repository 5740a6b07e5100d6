// The audit trail: an append-only log that anyone can verify.

export { AuditError, type AuditErrorCode } from "./error.js"
export type { AuditLog } from "./log/audit-log.js"
export { type AuditLogOptions, createAuditLog, type NewLogOptions, openAuditLog } from "./log/opening.js"
export type { RecordFields } from "./log/record.js"
export type { Checkpoint } from "./notes/checkpoint.js"
