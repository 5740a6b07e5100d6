// Who may see the page and act on it: the token, the cookie, and what keeps pages of others out.

import type { Buffer } from "node:buffer"
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"

const cookieName = "ohmq-status"
const lifetimeMs = 12 * 3_600_000
const loopback = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/i

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

/** Compares in a time that does not depend on where the texts differ, or on the length of the expected one. */
const isEqual = (given: string, expected: string): boolean => timingSafeEqual(digest(given), digest(expected))

/** Guards the page. */
export class Access {
  readonly #token: string | undefined
  /** Follows from the token, so that a login outlives a restart of the relay, and not a change of the token. */
  readonly #key: Buffer

  constructor(token: string | undefined) {
    this.#token = token
    this.#key =
      token === undefined ? randomBytes(32) : createHmac("sha256", token).update("ohmq-toolkit status page").digest()
  }

  get needsToken(): boolean {
    return this.#token !== undefined
  }

  #sign(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url")
  }

  isToken(given: string): boolean {
    return this.#token !== undefined && isEqual(given, this.#token)
  }

  /** The session of a request. Undefined if it has to log in first. */
  session(headers: IncomingHttpHeaders, now = Date.now()): string | undefined {
    if (this.#token === undefined) return "loopback"
    for (const pair of (headers.cookie ?? "").split(";")) {
      const [name, value = ""] = pair.trim().split("=", 2)
      const [, session = "", expires, signature = ""] = /^((\d+)\.[\w-]+)\.([\w-]+)$/.exec(value) ?? []
      if (name !== cookieName || Number(expires) < now) continue
      if (isEqual(signature, this.#sign(`session ${session}`))) return session
    }
    return undefined
  }

  /** The cookie of a new session. */
  login(headers: IncomingHttpHeaders, now = Date.now()): string {
    const session = `${now + lifetimeMs}.${randomBytes(16).toString("base64url")}`
    return this.#cookie(headers, `${session}.${this.#sign(`session ${session}`)}`, lifetimeMs / 1000)
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
    return this.#sign(`form ${session}`)
  }

  isFormToken(given: string, session: string): boolean {
    return isEqual(given, this.formToken(session))
  }

  /**
   * What is wrong with where a request comes from, if anything. Without a token, only this machine may ask, and by its own name: a name that
   * somebody else points at this machine would let their page read this one (DNS rebinding).
   */
  problem({ host = "" }: IncomingHttpHeaders): string | undefined {
    if (this.#token !== undefined || loopback.test(host)) return undefined
    return "Without a token, the status page can be opened on this machine only, as http://127.0.0.1 or http://localhost. Set http.token"
  }

  /** Whether a form was sent by a page of this relay: https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Sec-Fetch-Site, and `Origin` for browsers and addresses without it. */
  isOwnForm({ origin, host, "sec-fetch-site": site }: IncomingHttpHeaders): boolean {
    if (site !== undefined) return site === "same-origin"
    return origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
  }
}
