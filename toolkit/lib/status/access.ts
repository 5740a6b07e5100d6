// Who may see the page and act on it: the token, the cookie, and what keeps pages of others out.

import { Buffer } from "node:buffer"
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"

const cookieName = "ohmq-status"
const lifetimeMs = 12 * 3_600_000
const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/i

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in a time that does not depend on where the texts differ, or on the length of the expected one. */
const isEqual = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** What a login is: signed, in a cookie. */
export interface Session {
  readonly id: string
  /** Whose token was given. Undefined for the token of the page, and without one. */
  readonly person: string | undefined
}

/** A session's key follows from the token that was given, so that a login outlives a restart, and not a change of that token. */
const keyOf = (token: string): Buffer => createHmac("sha256", token).update("ohmq-toolkit status page").digest()

const sign = (key: Buffer, text: string): string => createHmac("sha256", key).update(text).digest("base64url")

/** Guards the page. */
export class Access {
  /** By person. Nobody's own is that of the page. */
  readonly #tokens = new Map<string | undefined, string>()
  readonly #formKey: Buffer

  constructor(token: string | undefined, people: Readonly<Record<string, string>> = {}) {
    if (token !== undefined) this.#tokens.set(undefined, token)
    for (const [person, own] of Object.entries(people)) this.#tokens.set(person, own)
    this.#formKey = this.needsToken ? keyOf([...this.#tokens.values()].join("\n")) : randomBytes(32)
  }

  get needsToken(): boolean {
    return this.#tokens.size > 0
  }

  /** The session of a request. Undefined if it has to log in first. */
  session(headers: IncomingHttpHeaders, now = Date.now()): Session | undefined {
    if (!this.needsToken) return { id: "loopback", person: undefined }
    for (const pair of (headers.cookie ?? "").split(";")) {
      const [name, value = ""] = pair.trim().split("=", 2)
      const [, id = "", expires, who = "", signature = ""] = /^((\d+)\.[\w-]+\.([\w-]*))\.([\w-]+)$/.exec(value) ?? []
      const person = who === "" ? undefined : Buffer.from(who, "base64url").toString()
      const token = this.#tokens.get(person)
      if (name !== cookieName || Number(expires) < now || token === undefined) continue
      if (isEqual(signature, sign(keyOf(token), `session ${id}`))) return { id, person }
    }
    return undefined
  }

  /** The cookie of a new session. Undefined if it is nobody's token. */
  login(given: string, headers: IncomingHttpHeaders, now = Date.now()): string | undefined {
    // All are compared, so that the time does not say whose it is.
    const [found] = [...this.#tokens].filter(([, token]) => isEqual(given, token))
    if (found === undefined) return undefined
    const [person = "", token] = found
    const who = Buffer.from(person).toString("base64url")
    const id = `${now + lifetimeMs}.${randomBytes(16).toString("base64url")}.${who}`
    return this.#cookie(headers, `${id}.${sign(keyOf(token), `session ${id}`)}`, lifetimeMs / 1000)
  }

  /** The cookie that ends a session. */
  logout(headers: IncomingHttpHeaders): string {
    return this.#cookie(headers, "", 0)
  }

  #cookie(headers: IncomingHttpHeaders, value: string, maxAge: number): string {
    // The browser says whether there is TLS between it and a proxy.
    const secure = headers.origin?.startsWith("https:") ? "; Secure" : ""
    return `${cookieName}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${secure}`
  }

  /** What a form has to send back, which pages of others do not know. */
  formToken(session: string): string {
    return sign(this.#formKey, `form ${session}`)
  }

  isFormToken(given: string, session: string): boolean {
    return isEqual(given, this.formToken(session))
  }

  /**
   * What is wrong with where a request comes from, if anything. Without a token, only this machine may ask, and by its own name: a name that
   * somebody else points at this machine would let their page read this one (DNS rebinding).
   */
  problem({ host = "" }: IncomingHttpHeaders): string | undefined {
    if (this.needsToken || loopback.test(host)) return undefined
    return "Without a token, the status page can be opened on this machine only, as http://127.0.0.1 or http://localhost. Set http.token"
  }

  /** Whether a form was sent by this page: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site, and `Origin` for browsers and addresses without it. */
  isOwnForm({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
    if (site !== undefined) return site === "same-origin"
    return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
  }
}
