// The dead letters as requests: lists, and what their forms ask for.

import { answer, redirect, type SiteAnswer } from "../answers.js"
import type { Visitor } from "../pages/layout.js"
import { nothingHere, refusal, type Section } from "../section.js"
import type { LetterSubject, SinkView } from "../view/relay.js"
import type { Subject } from "../view/subject.js"
import { type Action, LetterActions } from "./actions.js"
import { confirmPage, lettersPage, lettersUrl } from "./html.js"
import { type LetterQuery, readPage } from "./search.js"

const root = "/status/dead/"

/** A number that was in an address or a form. Undefined if it is none. */
const numberOf = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined

const queryOf = (fields: URLSearchParams): LetterQuery => ({
  after: numberOf(fields.get("after")) ?? 0,
  text: (fields.get("text") ?? "").slice(0, 200),
  within: numberOf(fields.get("within")),
})

/** The pages of dead letters. */
export class LetterSection implements Section {
  readonly #subject: Subject
  readonly #letters: LetterSubject
  readonly #actions: LetterActions

  constructor(subject: Subject, letters: LetterSubject) {
    this.#subject = subject
    this.#letters = letters
    this.#actions = new LetterActions(subject, letters)
  }

  owns(path: string): boolean {
    return path.startsWith(root)
  }

  async #sink(path: string): Promise<SinkView | undefined> {
    const { relay } = await this.#subject.snapshot()
    return relay?.sinks.find(({ name }) => path === root + name)
  }

  async get(path: string, fields: URLSearchParams, { frame, formToken }: Visitor): Promise<SiteAnswer> {
    const sink = await this.#sink(path)
    if (sink === undefined) return nothingHere(frame)
    const query = queryOf(fields)
    const page = await readPage(this.#letters, sink.name, query)
    const notices = this.#actions.notices(sink.name)
    return answer(200, lettersPage(frame, { sink, query, page, formToken, notices }))
  }

  async post(path: string, fields: URLSearchParams, { frame, formToken }: Visitor): Promise<SiteAnswer> {
    const sink = await this.#sink(path)
    if (sink === undefined) return nothingHere(frame)
    const action: Action | undefined = fields.has("replay") ? "replay" : fields.has("discard") ? "discard" : undefined
    if (action === undefined) return refusal(frame, 400, "Nothing to do", "The form says neither replay nor discard.")
    const query = queryOf(fields)
    const scope = fields.get(action)
    const given = scope === "selected" ? fields.getAll("id") : [scope]
    const ids = scope === "all" ? undefined : given.flatMap((text) => numberOf(text) ?? [])
    if (ids?.length === 0)
      return refusal(frame, 400, "Nothing is selected", "Select at least one dead letter. Go back and try again.")
    const { name, dead } = sink
    if (action === "discard" && fields.get("confirmed") !== "yes") {
      const total = ids === undefined ? await this.#actions.count(name, query, dead) : ids.length
      return answer(200, confirmPage(frame, { sink: name, query, ids, total, formToken }))
    }
    if (!(await this.#actions.start(action, name, query, ids)))
      return refusal(frame, 409, "Something is under way", `Another action of ${name} has not ended. Try again later.`)
    return redirect(lettersUrl(name, query))
  }
}
