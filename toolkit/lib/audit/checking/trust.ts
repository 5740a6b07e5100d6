// Whom a verifier trusts.

import { AuditError } from "../error.js"
import { VerifierKey } from "../notes/keys.js"
import type { VerifiedSignature } from "../notes/note.js"
import { type Policy, parsePolicy } from "../notes/policy.js"

/** Whom to trust: keys of the log, or a policy, or both. */
export interface TrustOptions {
  /** Public keys of the log, as `ohmq audit init` prints them. One of them must have signed. */
  keys?: readonly string[]
  /** A policy (https://c2sp.org/tlog-policy) with witnesses and a quorum, and with keys of logs. */
  policy?: string
}

/** The keys, and whether the witnesses are enough. */
export class Trust {
  /** All keys whose signatures are verified. */
  readonly keys: readonly VerifierKey[]
  readonly #policy: Policy | undefined

  /** @throws AuditError `INVALID`. */
  constructor({ keys = [], policy }: TrustOptions) {
    this.#policy = policy === undefined ? undefined : parsePolicy(policy)
    const logs = [...keys.map((key) => VerifierKey.parse(key)), ...(this.#policy?.logs ?? []).map(({ key }) => key)]
    for (const { use, name } of logs)
      if (use !== "log")
        throw new AuditError("INVALID", `The key of ${name} is that of a witness. Expected the key of the log`)
    if (logs.length === 0) throw new AuditError("INVALID", "Expected the public key of the log, or a policy with one")
    this.keys = [...logs, ...(this.#policy?.witnesses ?? []).map(({ key }) => key)]
  }

  /** What is missing, if these signatures are not enough. */
  shortage(signatures: readonly VerifiedSignature[]): string | undefined {
    if (this.#policy === undefined || this.#policy.isMet(signatures)) return undefined
    const names = signatures.filter(({ key }) => key.use === "witness").map(({ key }) => key.name)
    return `The checkpoint is cosigned by ${names.join(", ") || "no witness of the policy"}. Expected what the policy says: ${this.#policy.quorum}`
  }
}

/** The cosignatures among signatures, for a report. */
export const cosignaturesOf = (signatures: readonly VerifiedSignature[]): { witness: string; time: number }[] =>
  signatures
    .filter(({ key }) => key.use === "witness")
    .map(({ key, time }) => ({ witness: key.name, time: time * 1000 }))
