// The relay's HTTP server. Paths come and go with the configuration, which is why they are not fastify's routes.

import { Buffer } from "node:buffer"
import type { IncomingHttpHeaders } from "node:http"
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify"
import type { SiteAnswer, SiteRequest } from "../../status/index.js"

/** A request to a mounted path. */
export interface HttpRequest {
  readonly headers: IncomingHttpHeaders
  /** The body, byte for byte. */
  readonly body: Buffer
  /** Who has connected: a proxy, if there is one. Undefined if the connection has ended. */
  readonly address: string | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What answers the POST requests of a path. */
export interface Mount {
  readonly maxBytes: number
  handle(request: HttpRequest): Promise<HttpAnswer>
}

/** What answers the GET requests of a path. */
export type Page = () => Promise<HttpAnswer> | HttpAnswer

/** What answers all requests to the paths that belong to it. */
export interface Site {
  owns(method: string, path: string): boolean
  answer(request: SiteRequest): Promise<SiteAnswer>
  /** Ends what it streams: no new request comes. */
  close(): void
}

/** No mount takes more. GitHub sends up to 25 MB. */
export const maxBodyBytes = 32 * 2 ** 20

/** More than a form of the status page has. */
const maxFormBytes = 64 << 10

/** How long requests may take to come in after the relay was told to stop. */
const closeMs = 2000

const pathOf = (url: string): string => url.split("?", 1)[0] ?? url

/** The HTTP server of a relay. */
export class HttpServer {
  readonly #mounts = new Map<string, Mount>()
  readonly #pages = new Map<string, Page>()
  readonly #server: FastifyInstance
  #isListening = false
  #site: Site | undefined

  constructor(maxConnections: number, dropped: () => void) {
    this.#server = fastify({
      bodyLimit: maxBodyBytes,
      requestTimeout: 30_000,
      // Requests under way are answered, connections that wait are closed.
      forceCloseConnections: "idle",
      return503OnClosing: true,
    })
    this.#server.server.maxConnections = maxConnections
    this.#server.server.on("drop", dropped)
    this.#server.removeAllContentTypeParsers()
    this.#server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body))
    this.#server.addHook("onRequest", async (request, reply) => {
      const path = pathOf(request.url)
      const mount = this.#mounts.get(path)
      if (request.method === "GET" && this.#pages.has(path)) return
      if (this.#site?.owns(request.method, path)) {
        if (!["GET", "POST"].includes(request.method)) return reply.code(405).header("allow", "GET, POST").send()
        if (Number(request.headers["content-length"]) > maxFormBytes) return reply.code(413).send("Too large\n")
        return
      }
      if (mount === undefined) return reply.code(404).send("Nothing is here\n")
      if (request.method !== "POST") return reply.code(405).header("allow", "POST").send("Only POST is allowed\n")
      if (Number(request.headers["content-length"]) > mount.maxBytes) return reply.code(413).send(tooLarge(mount))
    })
    this.#server.get("*", async (request, reply) => {
      if (this.#isOfSite(request)) return this.#answerOfSite(request, reply)
      const answer = await this.#pages.get(pathOf(request.url))?.()
      return reply
        .code(answer?.status ?? 404)
        .headers(answer?.headers ?? {})
        .send(answer?.body ?? "")
    })
    this.#server.post("*", async (request, reply) => {
      if (this.#isOfSite(request)) return this.#answerOfSite(request, reply)
      const mount = this.#mounts.get(pathOf(request.url))
      if (mount === undefined) return reply.code(404).send("Nothing is here\n")
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
      if (body.length > mount.maxBytes) return reply.code(413).send(tooLarge(mount))
      const answer = await mount.handle({ headers: request.headers, body, address: request.socket.remoteAddress })
      return reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .send(answer.body ?? "")
    })
  }

  #isOfSite({ method, url }: FastifyRequest): boolean {
    return !this.#pages.has(pathOf(url)) && this.#site?.owns(method, pathOf(url)) === true
  }

  async #answerOfSite({ method, url, headers, body }: FastifyRequest, reply: FastifyReply) {
    const form = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
    const answer = await (this.#site as Site).answer({ method, url, headers, body: form })
    if (answer.stream === undefined) return reply.code(answer.status).headers(answer.headers).send(answer.body)
    reply.hijack()
    reply.raw.writeHead(answer.status, { ...answer.headers })
    answer.stream(reply.raw)
    return reply
  }

  /** Answers the requests to the paths of a site. */
  serve(site: Site): void {
    this.#site = site
  }

  /** Answers the POST requests of a path. */
  mount(path: string, mount: Mount): void {
    if (this.#mounts.has(path)) throw new Error(`Another source has the path ${path}`)
    this.#mounts.set(path, mount)
  }

  unmount(path: string): void {
    this.#mounts.delete(path)
  }

  page(path: string, page: Page): void {
    this.#pages.set(path, page)
  }

  /** Listens. Resolves to the address, such as `http://127.0.0.1:8080`. */
  async listen(host: string, port: number): Promise<string> {
    const address = await this.#server.listen({ host, port })
    this.#isListening = true
    return address
  }

  /** Answers the requests that are under way, and closes. A client that has not sent its request in time is cut off. */
  async close(): Promise<void> {
    this.#site?.close()
    if (!this.#isListening) return
    const timer = setTimeout(() => this.#server.server.closeAllConnections(), closeMs)
    await this.#server.close()
    clearTimeout(timer)
  }
}

const tooLarge = ({ maxBytes }: Mount): string => `The body is larger than ${maxBytes} bytes\n`
