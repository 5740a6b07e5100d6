// The status page as the HTTP server sees it: which requests are its own, and what it answers.

import type { Buffer } from "node:buffer"
import type { IncomingHttpHeaders } from "node:http"
import { Access, type Session } from "./access.js"
import { answer, redirect, type SiteAnswer, type SiteRequest } from "./answers.js"
import { ApprovalSection } from "./approval-section.js"
import { AuditSection } from "./audit-section.js"
import { Feed } from "./feed.js"
import { pageFile } from "./files.js"
import { LetterSection } from "./letters/section.js"
import { loginPage, type Visitor } from "./pages/layout.js"
import { overviewPage } from "./pages/overview.js"
import { nothingHere, refusal, type Section } from "./section.js"
import type { Subject } from "./view/subject.js"
import { WorkSection } from "./work-section.js"

/** Who may see the page. */
export interface SiteAccess {
  /** What has to be given to see it. Without it and `people`, only this machine can. */
  readonly token?: string | undefined
  /** Tokens of people, by their names: what they do is recorded with the name. */
  readonly people?: Readonly<Record<string, string>> | undefined
}

/** The parts that a program has. */
function sectionsOf(subject: Subject): Section[] {
  const { letters, work, approvals, audit } = subject
  return [
    ...(letters ? [new LetterSection(subject, letters)] : []),
    ...(work ? [new WorkSection(subject, work)] : []),
    ...(approvals ? [new ApprovalSection(subject, approvals)] : []),
    ...(audit ? [new AuditSection(audit)] : []),
  ]
}

/** The status page of a program. */
export class StatusSite {
  readonly #subject: Subject
  readonly #access: Access
  readonly #feed: Feed
  readonly #sections: readonly Section[]

  /** Begins to keep the history. */
  constructor(subject: Subject, access: SiteAccess = {}) {
    this.#subject = subject
    this.#access = new Access(access.token, access.people)
    this.#feed = new Feed(subject)
    this.#sections = sectionsOf(subject)
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
      return this.#refusal(500, "It failed", message)
    }
  }

  /** What pages show to somebody who is not known yet. */
  get #frame() {
    return { service: this.#subject.title }
  }

  #refusal(status: number, title: string, message: string): SiteAnswer {
    return refusal(this.#frame, status, title, message)
  }

  async #answer({ method, url, headers, body }: SiteRequest): Promise<SiteAnswer> {
    const { pathname, searchParams } = new URL(url, "http://status")
    const problem = this.#access.problem(headers)
    if (problem !== undefined) return this.#refusal(403, "Not from there", problem)
    const file = pageFile(pathname.replace("/status/", ""))
    if (file !== undefined) return answer(200, file.body, { "content-type": file.type, "cache-control": "no-cache" })
    const session = this.#access.session(headers)
    if (method === "POST") return this.#post(pathname, headers, body, session)
    if (session === undefined) return answer(pathname === "/status/live" ? 401 : 200, loginPage(this.#frame, undefined))
    return this.#get(pathname, searchParams, this.#visitor(session))
  }

  #visitor(session: Session): Visitor {
    const formToken = this.#access.formToken(session.id)
    const logout = this.#access.needsToken ? formToken : undefined
    return { frame: { ...this.#frame, logout }, formToken, person: session.person }
  }

  #section(path: string): Section | undefined {
    return this.#sections.find((section) => section.owns(path))
  }

  async #get(path: string, query: URLSearchParams, visitor: Visitor): Promise<SiteAnswer> {
    if (path === "/status/live") {
      if (!this.#feed.hasRoom) return this.#refusal(503, "Too many pages", "Too many pages are open. Close some.")
      const headers = { "content-type": "text/event-stream", "x-accel-buffering": "no" }
      return { ...answer(200, "", headers), stream: (response) => this.#feed.add(response) }
    }
    if (path === "/") return answer(200, overviewPage(await this.#subject.snapshot(), this.#feed.history, visitor))
    if (path === "/status/charts") {
      const charts = this.#feed.charts(await this.#subject.snapshot())
      return answer(200, JSON.stringify(charts), { "content-type": "application/json" })
    }
    return this.#section(path)?.get(path, query, visitor) ?? nothingHere(visitor.frame)
  }

  async #post(
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
    session: Session | undefined,
  ): Promise<SiteAnswer> {
    if (!this.#access.isOwnForm(headers)) {
      const message =
        "The form was not sent by this page. If a proxy stands before it, the proxy must pass the header Host on as it came."
      return this.#refusal(403, "Not from there", message)
    }
    const fields = new URLSearchParams(body.toString())
    if (path === "/status/login" && this.#access.needsToken) return this.#login(fields, headers)
    if (session === undefined) return answer(401, loginPage(this.#frame, undefined))
    if (!this.#access.isFormToken(fields.get("form") ?? "", session.id))
      return this.#refusal(403, "The page is too old", "Go back, load the page again, and try once more.")
    if (path === "/status/logout") return redirect("/", { "set-cookie": this.#access.logout(headers) })
    const visitor = this.#visitor(session)
    return this.#section(path)?.post(path, fields, visitor) ?? nothingHere(visitor.frame)
  }

  #login(fields: URLSearchParams, headers: IncomingHttpHeaders): SiteAnswer {
    const cookie = this.#access.login(fields.get("token") ?? "", headers)
    if (cookie !== undefined) return redirect("/", { "set-cookie": cookie })
    this.#subject.log("warn", {}, "Somebody gave the status page a wrong token")
    return answer(401, loginPage(this.#frame, "This is not the token."))
  }
}
