import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import type { RespondConfig } from "../configuration/configuration.js"
import type { AuditTrail } from "./journal.js"

export async function openTrail({ folder, audit }: RespondConfig): Promise<AuditTrail> {
  const path = resolve(folder, audit.path)
  mkdirSync(path, { recursive: true })
  const file = join(path, "log.ndjson")
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").slice(0, -1) : []
  return {
    get size() {
      return lines.length
    },
    async append(entry) {
      appendFileSync(file, entry + "\n")
      return { index: lines.push(entry) - 1 }
    },
    async *entries(from) {
      yield* lines.slice(from)
    },
    async close() {},
  }
}
