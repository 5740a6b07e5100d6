// Requests to GitHub's REST API: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api.

import { setTimeout } from "node:timers/promises"

/** An answer other than 2xx that waiting does not help against. */
export class GithubError extends Error {
  override readonly name = "GithubError"
  readonly status: number
  /** What GitHub says. */
  readonly reason: string

  constructor(status: number, reason: string, advice: string) {
    super(`GitHub answered ${status} (${reason}). ${advice}`)
    this.status = status
    this.reason = reason
  }
}

/** An answer of 2xx. */
export interface GithubAnswer {
  /** The body, as text. */
  text: string
  /** The URL of the next page. */
  next: string | undefined
}

const timeoutMs = 30_000
const maxAttempts = 5
/** A limit that holds for longer is an error. The primary one is by the hour. */
const maxWaitMs = 3600e3 + 60_000

const advice: Readonly<Record<number, string>> = {
  301: "The repository has another name now: give that",
  401: "The token is wrong or has expired. Make a new one",
  403: "The token may not do this. It needs write access to webhooks: a fine-grained token the permission Webhooks, a classic one the scope admin:repo_hook or admin:org_hook",
  404: "There is no such hook, or the token may not see it. Check --repo or --org, --hook and the permissions of the token",
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const text = (value: string | string[] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ""

/**
 * How long to wait if a rate limit is reached, in milliseconds: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api.
 * Undefined if the answer is about something else.
 */
function limitedFor(status: number, headers: Headers, body: string, attempt: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined
  const after = text(headers["retry-after"])
  if (/^\d+$/.test(after)) return Number(after) * 1000
  if (text(headers["x-ratelimit-remaining"]) === "0")
    return Math.max(Number(text(headers["x-ratelimit-reset"])) * 1000 - Date.now(), 0) + 1000
  // A secondary limit without a time: at least a minute, and longer each time.
  return status === 429 || /secondary rate limit/i.test(body) ? 60_000 * 2 ** attempt : undefined
}

function reasonOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    if (typeof message === "string") return message.slice(0, 300)
  } catch {}
  return body.slice(0, 300).trim() || "without a reason"
}

/** The URL of the next page in a `Link` header (RFC 8288). */
const nextOf = (link: string): string | undefined => /<([^>]+)>\s*;[^,]*\brel="next"/.exec(link)?.[1]

/** The API, with a token. */
export class GithubApi {
  readonly #base: URL
  readonly #token: string
  readonly #waiting: (milliseconds: number) => void

  /** @param waiting Hears of waits for a rate limit. */
  constructor(base: string, token: string, waiting: (milliseconds: number) => void) {
    this.#base = new URL(base.endsWith("/") ? base : `${base}/`)
    this.#token = token
    this.#waiting = waiting
  }

  /** Sends a request. The path is relative to the API, or the URL of a next page. */
  async send(method: "GET" | "POST", path: string): Promise<GithubAnswer> {
    const url = new URL(path, this.#base)
    if (url.origin !== this.#base.origin)
      throw new Error(`GitHub refers to ${url.origin}, which is not given the token`)
    for (let attempt = 0; ; attempt++) {
      const isLast = attempt === maxAttempts - 1
      const answer = await this.#once(method, url).catch((error: Error) => {
        if (isLast) throw new Error(`Cannot reach ${this.#base.origin}: ${error.message}`)
        return undefined
      })
      if (answer === undefined) {
        await setTimeout(1000 * 2 ** attempt)
        continue
      }
      const { status, headers, body } = answer
      if (status >= 200 && status < 300) return { text: body, next: nextOf(text(headers.link)) }
      const limited = limitedFor(status, headers, body, attempt)
      if (limited !== undefined && limited <= maxWaitMs && !isLast) {
        this.#waiting(limited)
        await setTimeout(limited)
      } else if (status >= 500 && !isLast) await setTimeout(1000 * 2 ** attempt)
      else if (limited !== undefined)
        throw new GithubError(status, reasonOf(body), "Its rate limit is reached. Try later")
      else throw new GithubError(status, reasonOf(body), advice[status] ?? "Try again later")
    }
  }

  async #once(method: "GET" | "POST", url: URL) {
    // Loaded here, because the relay has this module without using it.
    const { request } = await import("undici")
    const { statusCode, headers, body } = await request(url, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${this.#token}`,
        "user-agent": "ohmq-relay",
        "x-github-api-version": "2022-11-28",
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
    return { status: statusCode, headers, body: await body.text() }
  }
}
