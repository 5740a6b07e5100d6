// The proofs of audit entries, as files.

import { answer, type SiteAnswer } from "./answers.js"
import type { Visitor } from "./pages/layout.js"
import { nothingHere, refusal, type Section } from "./section.js"
import type { AuditSubject } from "./view/audit.js"

const pattern = /^\/status\/audit\/([\w.-]+)\/(\d{1,15})$/

/** Their addresses. */
export class AuditSection implements Section {
  readonly #audit: AuditSubject

  constructor(audit: AuditSubject) {
    this.#audit = audit
  }

  owns(path: string): boolean {
    return pattern.test(path)
  }

  async get(path: string, _query: URLSearchParams, { frame }: Visitor): Promise<SiteAnswer> {
    const [, log = "", index = ""] = pattern.exec(path) ?? []
    const proof = await this.#audit.proof(log, Number(index))
    if (proof === undefined)
      return refusal(
        frame,
        404,
        "No proof",
        "There is no such entry, or no checkpoint has it yet. Try again in a second.",
      )
    return answer(200, proof, {
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename="${log}-${index}.tlog-proof"`,
    })
  }

  async post(_path: string, _fields: URLSearchParams, { frame }: Visitor): Promise<SiteAnswer> {
    return nothingHere(frame)
  }
}
