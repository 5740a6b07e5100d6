// What the paths of the relay's HTTP server lead to.

import type { Buffer } from "node:buffer"
import type { IncomingHttpHeaders } from "node:http"
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

/** What is at which path now. */
export interface Paths {
  readonly mounts: ReadonlyMap<string, Mount>
  readonly pages: ReadonlyMap<string, Page>
  site(): Site | undefined
  /** Whether the relay stops, so that its sources have left. */
  isEnding(): boolean
}
