// Certificates: each process has its own, and lets in those only that have something to do with it.

import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import path from "node:path"

import { generateKeyPair } from "ohmq/security"
import { createAuditLog } from "ohmq-toolkit/audit"

/** Who may connect to whom. */
const clients = {
  analytics: ["hub", "orchestrator"],
  hub: ["edge"],
  edge: ["queue"],
  queue: ["worker", "orchestrator"],
}

/** Makes the certificates in `keys`, and the key of the audit log, unless they are there. */
export async function makeKeys(data) {
  const folder = path.join(data, "keys")
  if (existsSync(path.join(folder, "audit.pub"))) return
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of ["analytics", "hub", "edge", "queue", "worker", "orchestrator"]) {
    const certificate = generateKeyPair({ name })
    await certificate.save(path.join(folder, `${name}.key`))
    for (const [server, admitted] of Object.entries(clients)) {
      if (!admitted.includes(name)) continue
      mkdirSync(path.join(folder, `${server}-clients`), { recursive: true, mode: 0o700 })
      await certificate.public.save(path.join(folder, `${server}-clients`, `${name}.key`))
    }
  }
  const key = await createAuditLog(path.join(data, "hub/audit"), { name: "localhost/devsecops" })
  // Whoever verifies the log needs this key from elsewhere than the log.
  writeFileSync(path.join(folder, "audit.pub"), `${key}\n`)
}
