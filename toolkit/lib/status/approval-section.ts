// The pages on which responses are approved or refused.

import { answer, type SiteAnswer } from "./answers.js"
import { approvalPage, approvalUrl } from "./pages/approvals.js"
import { messagePage, type Visitor } from "./pages/layout.js"
import { refusal, type Section } from "./section.js"
import type { ApprovalSubject, ApprovalView } from "./view/approvals.js"
import type { Subject } from "./view/subject.js"

const root = approvalUrl("")

/** These pages. */
export class ApprovalSection implements Section {
  readonly #subject: Subject
  readonly #approvals: ApprovalSubject

  constructor(subject: Subject, approvals: ApprovalSubject) {
    this.#subject = subject
    this.#approvals = approvals
  }

  owns(path: string): boolean {
    return path.startsWith(root)
  }

  async #find(path: string): Promise<ApprovalView | undefined> {
    const { approvals } = await this.#subject.snapshot()
    return approvals?.find(({ id }) => path === approvalUrl(id))
  }

  async get(path: string, _query: URLSearchParams, visitor: Visitor): Promise<SiteAnswer> {
    const approval = await this.#find(path)
    if (approval === undefined) return gone(visitor)
    return answer(200, approvalPage(visitor.frame, approval, visitor))
  }

  async post(path: string, fields: URLSearchParams, visitor: Visitor): Promise<SiteAnswer> {
    const { frame, person } = visitor
    if (person === undefined)
      return refusal(frame, 403, "Who are you?", "Log in with a token of your own (http.people) to approve or refuse.")
    const approval = await this.#find(path)
    if (approval === undefined) return gone(visitor)
    const decision = fields.get("decision")
    if (decision !== "approve" && decision !== "refuse")
      return refusal(frame, 400, "Nothing to do", "The form says neither approve nor refuse.")
    const { id } = approval
    try {
      const result =
        decision === "approve"
          ? await this.#approvals.approve(id, person)
          : await this.#approvals.refuse(id, person, (fields.get("why") ?? "").slice(0, 500))
      this.#subject.log("info", { response: id, decision, person }, "A response was decided on the status page")
      return answer(200, messagePage(frame, decision === "approve" ? "Approved" : "Refused", result))
    } catch (error) {
      return refusal(frame, 409, "That did not work", (error as Error).message)
    }
  }
}

const gone = ({ frame }: Visitor): SiteAnswer =>
  refusal(frame, 404, "It does not wait", "This response was decided, or its time is over. The audit log says which.")
