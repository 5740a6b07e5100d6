import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type AuditError, type AuditLog, type AuditLogOptions, createAuditLog, openAuditLog } from "ohmq-toolkit/audit"
import { onTestFinished } from "vitest"

export const origin = "audit.example.com/test"

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "ohmq-audit-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A log that is closed after the test, with its public key. */
export async function newLog(
  options: AuditLogOptions = {},
  name = origin,
): Promise<{ folder: string; key: string; log: AuditLog }> {
  const folder = join(temporaryFolder(), "log")
  const key = await createAuditLog(folder, { name })
  return { folder, key, log: await opened(folder, options) }
}

export async function opened(folder: string, options: AuditLogOptions = {}): Promise<AuditLog> {
  const log = await openAuditLog(folder, options)
  onTestFinished(() => log.close())
  return log
}

/** A log that is closed, with this many entries: "entry 0", "entry 1" and so on. */
export async function filled(count: number): Promise<{ folder: string; key: string }> {
  const { folder, key, log } = await newLog()
  await Promise.all(Array.from({ length: count }, (_, i) => log.append(`entry ${i}`)))
  await log.close()
  return { folder, key }
}

export const served = (folder: string, path: string) => join(folder, "public", path)
export const checkpointOf = (folder: string) => readFileSync(served(folder, "checkpoint"), "utf8")

/** The code of the error that a promise is rejected with, and its message. */
export async function failure(work: Promise<unknown> | (() => unknown)): Promise<{ code: string; message: string }> {
  try {
    await (typeof work === "function" ? work() : work)
  } catch (error) {
    return { code: (error as AuditError).code, message: (error as Error).message }
  }
  throw new Error("Expected an error")
}
