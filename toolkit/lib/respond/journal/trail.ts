// The audit log of a responder: a log in tiles that anyone can verify (lib/audit).

import { hostname } from "node:os"
import { resolve } from "node:path"
import type { Logger } from "pino"
import { createAuditLog, openAuditLog, readEntries } from "../../audit/index.js"
import { readHead } from "../../audit/log/folder.js"
import type { RespondConfig } from "../configuration/configuration.js"
import type { AuditTrail } from "./journal.js"

/**
 * Opens the audit log of a configuration. If there is none, it is made, with a key of its own.
 *
 * @throws AuditError if it is in use, damaged, an old copy or sealed, or cannot be written
 */
export async function openTrail({ folder, audit }: RespondConfig, log: Logger): Promise<AuditTrail> {
  const path = resolve(folder, audit.path)
  if (readHead(path) === undefined) {
    const name = audit.name ?? `${hostname()}/respond`
    const key = await createAuditLog(path, { name })
    log.info({ key, path }, "The audit log is new. Give this public key to those who verify it")
  }
  const auditLog = await openAuditLog(path, {
    // Steps never go back in time: after a clock was ahead, they stay ahead until it has come there.
    maxAhead: Number.POSITIVE_INFINITY,
    onProblem: (problem) => log.warn({ problem }, "The audit log has a problem"),
  })
  return {
    get size() {
      return auditLog.size
    },
    append: (entry) => auditLog.append(entry),
    // When it has been opened, all that is on disk is in a checkpoint.
    async *entries(from) {
      if (from < auditLog.size)
        for (const { entry } of readEntries(path, { keys: auditLog.keys, from })) yield String(entry)
    },
    covered: async () => {
      await auditLog.checkpoint()
    },
    close: () => auditLog.close(),
  }
}
