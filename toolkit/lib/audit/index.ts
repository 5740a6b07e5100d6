/**
 * The audit trail: an append-only log that anyone can verify.
 *
 * @module ohmq-toolkit/audit
 */

export { type AuditEntry, type EntrySelection, readEntries } from "./checking/entries.js"
export { type ProvenEntry, proveInclusion, verifyProof } from "./checking/proof.js"
export type { AnnouncedKey, AuditProblem, AuditReport } from "./checking/report.js"
export { type AuditSummary, checkpointTime, summarizeAuditLog } from "./checking/summary.js"
export type { TrustOptions } from "./checking/trust.js"
export { type VerifyOptions, verifyAuditLog } from "./checking/verification.js"
export { AuditError, type AuditErrorCode } from "./error.js"
export type { AuditLog } from "./log/audit-log.js"
export { type AuditLogOptions, createAuditLog, type NewLogOptions, openAuditLog } from "./log/opening.js"
export type { RecordFields } from "./log/record.js"
export { rotateKey } from "./log/rotation.js"
export type { Checkpoint } from "./notes/checkpoint.js"
export { AuditServer, type AuditServerOptions } from "./server.js"
export { Witness, type WitnessAnswer, type WitnessOptions } from "./witness/witness.js"
