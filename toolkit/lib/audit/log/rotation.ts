// New keys for a log.

import { existsSync } from "node:fs"
import { join } from "node:path"
import { Owner } from "../../store/owner.js"
import { AuditError, auditError } from "../error.js"
import { SignerKey } from "../notes/keys.js"
import { names, readKeys, writeKeys } from "./folder.js"
import { openAuditLog } from "./opening.js"
import { Seal } from "./seal.js"

/**
 * Adds a new key to a log, which signs beside the old ones from now on; or, with `finish`, retires all keys but the newest. An entry of the log says so. The log must not be in use.
 *
 * If this is interrupted, the next one who opens the log writes the entry.
 *
 * @returns The public keys that sign now, the newest last.
 * @throws AuditError `NOT_FOUND`, `LOCKED`, `SEALED`, or `INVALID` if there is no older key to retire.
 */
export async function rotateKey(folder: string, { finish = false }: { finish?: boolean } = {}): Promise<string[]> {
  if (!existsSync(join(folder, names.head)))
    throw new AuditError("NOT_FOUND", `${folder} has no audit log. Run: ohmq audit init ${folder} --name NAME`)
  let keys: SignerKey[]
  try {
    const owner = await Owner.claim(folder)
    try {
      new Seal(folder).refuse()
      const old = readKeys(folder, undefined)
      if (finish && old.length === 1)
        throw new AuditError(
          "INVALID",
          `The log in ${folder} has one key only. Add a new one first: ohmq audit rotate ${folder}`,
        )
      keys = finish ? old.slice(-1) : [...old, SignerKey.generate(old[0]?.verifier.name ?? "", "log")]
      writeKeys(folder, keys)
    } finally {
      await owner.release()
    }
  } catch (error) {
    throw auditError(error, folder)
  }
  await (await openAuditLog(folder)).close()
  return keys.map(({ verifier }) => String(verifier))
}
