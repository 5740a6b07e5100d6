// A server with the part of GitHub's REST API that is about deliveries of a hook. It refuses what GitHub refuses, and really sends webhooks.
// https://docs.github.com/en/rest/repos/webhooks

import { createHmac } from "node:crypto"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { onTestFinished } from "vitest"
import { githubSecret } from "../support.js"

interface Attempt {
  /** Larger than a double holds. */
  id: bigint
  guid: string
  delivered_at: string
  redelivery: boolean
  status: string
  status_code: number
}

/** What each token may do. */
const tokens: Record<string, "write" | "read"> = { "token-write": "write", "token-read": "read" }

export class GithubServer {
  /** The newest first. */
  readonly attempts: Attempt[] = []
  /** What was asked, such as `GET /repos/…`. */
  readonly requests: string[] = []
  /** Where the hook sends to. */
  hookUrl = ""
  /** Answers that come instead of the next ones. */
  readonly instead: { status: number; headers?: Record<string, string>; message?: string }[] = []
  /** Deliveries that GitHub does not send again. */
  readonly expired = new Set<string>()
  url = ""
  #id = 113_434_287_489_286_144n

  static async start(): Promise<GithubServer> {
    const github = new GithubServer()
    const server = createServer((request, response) => {
      github.#answer(request, response).catch((error: Error) => github.#refuse(response, 500, error.message))
    })
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    github.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`
    return github
  }

  /** Notes an attempt. */
  add(guid: string, status: string, code: number, time = Date.now(), redelivery = false): void {
    this.#id += 1n
    const delivered_at = new Date(time).toISOString().replace(/\.\d+Z$/, "Z")
    this.attempts.unshift({ id: this.#id, guid, delivered_at, redelivery, status, status_code: code })
  }

  /** Sends an event to the hook. */
  async deliver(guid: string, redelivery = false): Promise<void> {
    const body = `{"zen":"${guid}"}`
    const signature = createHmac("sha256", githubSecret).update(body).digest("hex")
    try {
      const { status, ok } = await fetch(this.hookUrl, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          "x-github-event": "push",
          "x-github-delivery": guid,
          "x-hub-signature-256": `sha256=${signature}`,
        },
      })
      this.add(guid, ok ? "OK" : "Invalid HTTP Response", status, Date.now(), redelivery)
    } catch {
      this.add(guid, "failed to connect", 502, Date.now(), redelivery)
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", this.url)
    this.requests.push(`${request.method} ${url.pathname}${url.search}`)
    const other = this.instead.shift()
    if (other?.status === 200) return void response.writeHead(200, other.headers).end("[]")
    if (other) return this.#refuse(response, other.status, other.message ?? "", other.headers)
    if (!request.headers["user-agent"]) return this.#refuse(response, 403, "Request forbidden by administrative rules")
    const access = tokens[/^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? ""]
    if (access === undefined) return this.#refuse(response, 401, "Bad credentials")
    const path = /^\/api\/v3\/(?:repos\/octo\/hello|orgs\/octo)\/hooks\/7\/deliveries(?:\/(\d+)\/attempts)?$/.exec(
      url.pathname,
    )
    if (path === null) return this.#refuse(response, 404, "Not Found")
    const [, id] = path
    if (request.method === "GET" && id === undefined) return this.#list(url, response)
    if (request.method !== "POST" || id === undefined) return this.#refuse(response, 404, "Not Found")
    if (access !== "write") return this.#refuse(response, 403, "Resource not accessible by personal access token")
    const attempt = this.attempts.find((one) => String(one.id) === id)
    if (attempt === undefined) return this.#refuse(response, 404, "Not Found")
    if (this.expired.has(attempt.guid)) return this.#refuse(response, 422, "Delivery is too old to be redelivered")
    response.writeHead(202, { "content-type": "application/json" }).end("{}")
    await this.deliver(attempt.guid, true)
  }

  #list(url: URL, response: ServerResponse): void {
    const size = Number(url.searchParams.get("per_page") ?? 30)
    if (!(size >= 1 && size <= 100)) {
      this.#refuse(response, 422, "Validation Failed")
      return
    }
    const cursor = url.searchParams.get("cursor")
    const start = cursor === null ? 0 : this.attempts.findIndex(({ id }) => `v1_${id}` === cursor)
    if (start < 0) {
      this.#refuse(response, 400, "Invalid cursor")
      return
    }
    const page = this.attempts.slice(start, start + size)
    const next = this.attempts[start + size]
    const headers: Record<string, string> = { "content-type": "application/json" }
    if (next !== undefined) {
      url.searchParams.set("cursor", `v1_${next.id}`)
      headers.link = `<${url.href}>; rel="next"`
    }
    const items = page.map(({ id, ...rest }) => {
      const more = { duration: 0.03, event: "push", action: null, installation_id: null, repository_id: 1 }
      return `{"id":${id},${JSON.stringify({ ...rest, ...more }).slice(1)}`
    })
    response.writeHead(200, headers).end(`[${items.join(",")}]`)
  }

  #refuse(response: ServerResponse, status: number, message: string, headers: Record<string, string> = {}): void {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify({ message }))
  }
}
