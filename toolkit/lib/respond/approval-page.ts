// What waits for people, on the status page.

import type { ApprovalSubject, ApprovalView } from "../status/index.js"
import type { Approvals } from "./approvals.js"
import type { Response } from "./journal/response.js"

/** The person has logged in with a token of their own: the page knows the name. */
export class ApprovalPage implements ApprovalSubject {
  readonly #approvals: Approvals

  constructor(approvals: Approvals) {
    this.#approvals = approvals
  }

  waiting(): ApprovalView[] {
    return this.#approvals.isOpen ? this.#approvals.pending().map(viewOf) : []
  }

  async approve(id: string, who: string): Promise<string> {
    const missing = await this.#approvals.approve(id, who)
    if (missing === 0) return `The response ${id} runs now.`
    return `The response ${id} needs ${missing} more approval${missing === 1 ? "" : "s"}, of other people.`
  }

  async refuse(id: string, who: string, why: string): Promise<string> {
    await this.#approvals.refuse(id, who, why === "" ? "no reason given" : why)
    return `The response ${id} does not run.`
  }
}

const viewOf = ({ id, rule, action, parameters, event, subject, since, approval, approvals }: Readonly<Response>) => ({
  id,
  rule,
  action,
  parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)])),
  subject: subject ?? `${event.type} from ${event.source}`,
  since,
  until: approval?.until ?? 0,
  needed: approval?.people ?? 1,
  approvedBy: approvals,
})
