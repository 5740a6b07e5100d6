// The status page as the HTTP server sees it: which requests are its own, and what it answers.

import type { Buffer } from "node:buffer"
import type { IncomingHttpHeaders, ServerResponse } from "node:http"
import { Access } from "./access.js"
import { Feed } from "./feed.js"
import { pageFile } from "./files.js"
import { type Action, LetterActions } from "./letter-actions.js"
import { type LetterQuery, readPage } from "./letter-pages.js"
import { loginPage, messagePage } from "./pages/layout.js"
import { confirmPage, lettersPage, lettersUrl } from "./pages/letters.js"
import { overviewPage } from "./pages/overview.js"
import type { Subject } from "./view.js"

export interface SiteRequest {
  readonly method: string
  /** The path and the query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface SiteAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Gets the response, with its headers sent, instead of the body. */
  readonly stream?: (response: ServerResponse) => void
}

/** Nothing from elsewhere, nothing inline. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const commonHeaders = {
  "content-security-policy": policy,
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
}

function answer(status: number, body: string, headers: Record<string, string> = {}): SiteAnswer {
  return { status, body, headers: { ...commonHeaders, "content-type": "text/html; charset=utf-8", ...headers } }
}
const redirect = (location: string, headers: Record<string, string> = {}): SiteAnswer =>
  answer(303, "", { location, ...headers })
const refusal = (status: number, title: string, message: string): SiteAnswer =>
  answer(status, messagePage(title, message))

/** A number that was in an address or a form. Undefined if it is none. */
const numberOf = (text: string | null): number | undefined =>
  text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined

const queryOf = (fields: URLSearchParams): LetterQuery => ({
  after: numberOf(fields.get("after")) ?? 0,
  text: (fields.get("text") ?? "").slice(0, 200),
  within: numberOf(fields.get("within")),
})

/** The status page of a relay. */
export class StatusSite {
  readonly #subject: Subject
  readonly #access: Access
  readonly #feed: Feed
  readonly #actions: LetterActions

  /**
   * Begins to keep the history.
   *
   * @param token What has to be given to see the page. Without one, only this machine can.
   */
  constructor(subject: Subject, token: string | undefined) {
    this.#subject = subject
    this.#access = new Access(token)
    this.#feed = new Feed(subject)
    this.#actions = new LetterActions(subject)
    this.#feed.run()
  }

  /** Ends the connections of pages that are open. */
  close(): void {
    this.#feed.close()
  }

  /** Whether a path belongs to the page. */
  owns(method: string, path: string): boolean {
    return path.startsWith("/status/") || (path === "/" && method === "GET")
  }

  async answer(request: SiteRequest): Promise<SiteAnswer> {
    try {
      return await this.#answer(request)
    } catch (error) {
      const { message } = error as Error
      this.#subject.log("error", { reason: message }, "The status page could not answer")
      return refusal(500, "It failed", message)
    }
  }

  async #answer({ method, url, headers, body }: SiteRequest): Promise<SiteAnswer> {
    const { pathname, searchParams } = new URL(url, "http://relay")
    const problem = this.#access.problem(headers)
    if (problem !== undefined) return refusal(403, "Not from there", problem)
    const file = pageFile(pathname.replace("/status/", ""))
    if (file !== undefined) return answer(200, file.body, { "content-type": file.type, "cache-control": "no-cache" })
    const session = this.#access.session(headers)
    if (method === "POST") return this.#post(pathname, headers, body, session)
    if (session === undefined) return answer(pathname === "/status/live" ? 401 : 200, loginPage(undefined))
    return this.#get(pathname, searchParams, session)
  }

  async #get(path: string, query: URLSearchParams, session: string): Promise<SiteAnswer> {
    if (path === "/status/live") {
      if (!this.#feed.hasRoom) return refusal(503, "Too many pages", "Too many pages are open. Close some.")
      const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" }
      return { ...answer(200, "", headers), stream: (response) => this.#feed.add(response) }
    }
    const snapshot = await this.#subject.snapshot()
    const formToken = this.#access.formToken(session)
    const { needsToken } = this.#access
    if (path === "/") return answer(200, overviewPage(snapshot, this.#feed.history, needsToken ? formToken : undefined))
    if (path === "/status/charts") {
      return answer(200, JSON.stringify(this.#feed.charts(snapshot)), { "content-type": "application/json" })
    }
    const sink = snapshot.sinks.find(({ name }) => path === `/status/dead/${name}`)
    if (sink === undefined) return refusal(404, "Nothing is here", "There is no such page.")
    const wanted = queryOf(query)
    const page = await readPage(this.#subject, sink.name, wanted)
    const notices = this.#actions.notices(sink.name)
    return answer(200, lettersPage({ sink, query: wanted, page, formToken, canLogOut: needsToken, notices }))
  }

  async #post(
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
    session: string | undefined,
  ): Promise<SiteAnswer> {
    if (!this.#access.isOwnForm(headers)) {
      const message =
        "The form was not sent by a page of this relay. If a proxy stands before it, the proxy must pass the header Host on as it came."
      return refusal(403, "Not from there", message)
    }
    const fields = new URLSearchParams(body.toString())
    if (path === "/status/login" && this.#access.needsToken) return this.#login(fields, headers)
    if (session === undefined) return answer(401, loginPage(undefined))
    if (!this.#access.isFormToken(fields.get("form") ?? "", session))
      return refusal(403, "The page is too old", "Go back, load the page again, and try once more.")
    if (path === "/status/logout") return redirect("/", { "set-cookie": this.#access.logout(headers) })
    const { sinks } = await this.#subject.snapshot()
    const sink = sinks.find(({ name }) => path === `/status/dead/${name}`)
    if (sink === undefined) return refusal(404, "Nothing is here", "There is no such page.")
    return this.#act(sink.name, sink.dead, fields, session)
  }

  #login(fields: URLSearchParams, headers: IncomingHttpHeaders): SiteAnswer {
    if (this.#access.isToken(fields.get("token") ?? ""))
      return redirect("/", { "set-cookie": this.#access.login(headers) })
    this.#subject.log("warn", {}, "Somebody gave the status page a wrong token")
    return answer(401, loginPage("This is not the token."))
  }

  async #act(sink: string, dead: number, fields: URLSearchParams, session: string): Promise<SiteAnswer> {
    const action: Action | undefined = fields.has("replay") ? "replay" : fields.has("discard") ? "discard" : undefined
    if (action === undefined) return refusal(400, "Nothing to do", "The form says neither replay nor discard.")
    const query = queryOf(fields)
    const scope = fields.get(action)
    const given = scope === "selected" ? fields.getAll("id") : [scope]
    const ids = scope === "all" ? undefined : given.flatMap((text) => numberOf(text) ?? [])
    if (ids?.length === 0)
      return refusal(400, "Nothing is selected", "Select at least one dead letter. Go back and try again.")
    if (action === "discard" && fields.get("confirmed") !== "yes") {
      const matching = ids === undefined ? await this.#actions.count(sink, query, dead) : ids.length
      const formToken = this.#access.formToken(session)
      return answer(200, confirmPage({ sink, query, ids, total: matching, formToken }))
    }
    if (!(await this.#actions.start(action, sink, query, ids)))
      return refusal(409, "Something is under way", `Another action of ${sink} has not ended. Try again later.`)
    return redirect(lettersUrl(sink, query))
  }
}
