// The relay's HTTP server. Paths come and go with the configuration, which is why they are not fastify's routes.

import type { FastifyInstance } from "fastify"
import type { Mount, Page, Site } from "./paths.js"

/** How long requests may take to come in after the relay was told to stop. */
const closeMs = 2000

/** The HTTP server of a relay. */
export class HttpServer {
  readonly #mounts = new Map<string, Mount>()
  readonly #pages = new Map<string, Page>()
  readonly #maxConnections: number
  readonly #dropped: () => void
  #server: FastifyInstance | undefined
  #site: Site | undefined
  #isEnding = false

  constructor(maxConnections: number, dropped: () => void) {
    this.#maxConnections = maxConnections
    this.#dropped = dropped
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
    // A relay without HTTP starts sooner, and takes less memory, without fastify.
    const { createListener } = await import("./listener.js")
    const server = createListener({
      mounts: this.#mounts,
      pages: this.#pages,
      site: () => this.#site,
      isEnding: () => this.#isEnding,
    })
    server.server.maxConnections = this.#maxConnections
    server.server.on("drop", this.#dropped)
    const address = await server.listen({ host, port })
    this.#server = server
    return address
  }

  /** From now on, requests to paths that have gone are to be tried again. */
  end(): void {
    this.#isEnding = true
  }

  /** Answers the requests that are under way, and closes. A client that has not sent its request in time is cut off. */
  async close(): Promise<void> {
    this.#site?.close()
    const server = this.#server
    if (server === undefined) return
    const timer = setTimeout(() => server.server.closeAllConnections(), closeMs)
    await server.close()
    clearTimeout(timer)
  }
}
