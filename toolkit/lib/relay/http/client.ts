// HTTP requests of sinks: limits, TLS, compression, and what an answer says about a retry.

import type { Buffer } from "node:buffer"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { Agent } from "undici"
import { z } from "zod"
import { AnySignal, duration, isLoopback } from "../../config/index.js"
import { authorityOption, readTls } from "../tls.js"

/** The options of a sink that sends HTTP requests. */
export const httpOptions = {
  url: z.url({ protocol: /^https?$/, error: 'Expected a URL such as "https://example.com/hook"' }),
  timeout: duration().prefault("30s").describe("How long an answer may take."),
  compression: z.enum(["none", "gzip"]).prefault("gzip").describe("How bodies are compressed."),
  ca: authorityOption,
  insecure: z.boolean().prefault(false).describe("Whether http: may leave this machine."),
}

/** What the schema cannot express. */
export function httpCheck({ url, insecure }: { url: string; insecure: boolean }): [string[], string] | undefined {
  const { protocol, hostname, username, password } = new URL(url)
  if (username !== "" || password !== "") return [["url"], "A URL has no user or password here: they would not be sent"]
  return protocol === "http:" && !insecure && !isLoopback(hostname)
    ? [["url"], "http: is not encrypted. Use https:, or set insecure: true"]
    : undefined
}

export interface Answer {
  readonly status: number
  readonly text: string
  /** The wait that `Retry-After` asks for, in milliseconds. */
  readonly retryAfter: number | undefined
}

/** The wait that `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3). At most an hour. */
export function retryAfter(value: string | string[] | undefined, now: number): number | undefined {
  if (typeof value !== "string") return undefined
  const wait = /^\d{1,9}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), 3600e3) : undefined
}

/** An answer is read to its end, but no more than this is kept. */
const maxAnswer = 4 << 20

const compress = promisify(gzip)

/** Options of a client. */
interface ClientOptions {
  readonly timeout: number
  readonly compression: "none" | "gzip"
  readonly ca?: string | undefined
  /** How many requests may be under way. */
  readonly connections?: number
}

type Undici = typeof import("undici")

/** Sends requests to one server. */
export class HttpClient {
  readonly #request: Undici["request"]
  readonly #agent: Agent
  readonly #timeout: number
  readonly #isCompressing: boolean
  readonly #headers: Readonly<Record<string, string>>

  private constructor(
    undici: Undici,
    { timeout, compression, ca, connections }: ClientOptions,
    folder: string,
    headers: Readonly<Record<string, string>>,
  ) {
    this.#request = undici.request
    this.#timeout = timeout
    this.#isCompressing = compression === "gzip"
    this.#headers = { "user-agent": "ohmq-relay", ...headers }
    this.#agent = new undici.Agent({
      ...(connections !== undefined && { connections }),
      connect: { timeout, ...readTls({ ca }, folder) },
      headersTimeout: timeout,
      bodyTimeout: timeout,
    })
  }

  /**
   * Loads what it needs: a relay that sends no HTTP requests starts without that.
   *
   * @param folder What the path of `ca` is relative to.
   * @param headers Those of every request.
   */
  static async open(
    options: ClientOptions,
    folder: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<HttpClient> {
    return new HttpClient(await import("undici"), options, folder, headers)
  }

  /** @throws Error if there was no answer, or not all of it */
  async send(
    method: "GET" | "POST",
    url: string,
    stopped: AbortSignal,
    { headers = {}, body }: { headers?: Record<string, string>; body?: Buffer } = {},
  ): Promise<Answer> {
    // What is shorter gets hardly shorter.
    const isCompressed = this.#isCompressing && body !== undefined && body.length > 512
    using ending = new AnySignal([stopped], this.#timeout)
    const answer = await this.#request(url, {
      method,
      headers: { ...this.#headers, ...headers, ...(isCompressed && { "content-encoding": "gzip" }) },
      body: isCompressed ? await compress(body, { level: 1 }) : (body ?? null),
      signal: ending.signal,
      dispatcher: this.#agent,
    }).catch((error: Error & { code?: string }) => {
      // A message may be empty: that of an AggregateError, if no address could be connected to.
      throw error.message === "" ? new Error(error.code ?? "The request failed") : error
    })
    let text = ""
    for await (const chunk of answer.body.setEncoding("utf8")) if (text.length < maxAnswer) text += chunk
    return { status: answer.statusCode, text, retryAfter: retryAfter(answer.headers["retry-after"], Date.now()) }
  }

  close(): Promise<void> {
    return this.#agent.destroy()
  }
}
