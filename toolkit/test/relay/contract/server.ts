// What servers that stand in for others have in common. They refuse what the real ones refuse.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"
import { setTimeout as wait } from "node:timers/promises"
import { gunzipSync } from "node:zlib"
import { onTestFinished } from "vitest"

/** What a server does with a request instead of what it would do: an answer, or `cut` the connection before one. */
export type Fault =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | "cut"
  /** It takes the request, then cuts the connection before the answer. */
  | "cut-after"
  | "silent"

export interface Request {
  method: string
  url: URL
  headers: IncomingMessage["headers"]
  /** After decompression. Undefined if it could not be decompressed. */
  body: Buffer | undefined
}

export interface Answer {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** A server that is closed after the test. */
export abstract class ContractServer {
  /** What happens to the next requests. */
  readonly faults: Fault[] = []
  /** Requests so far, those with a fault included. */
  readonly requests: Request[] = []
  url = ""
  /** An address of this machine. With one that nobody else uses, the port is still free after `close`. */
  host = "127.0.0.1"
  /** How long each answer takes, in milliseconds. */
  delay = 0
  #server: Server | undefined

  protected abstract handle(request: Request): Answer

  async listen(tls?: { key: Buffer; cert: Buffer }, port = 0): Promise<this> {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#answer(request, response)
    const server = tls ? createTlsServer(tls, listener) : createServer(listener)
    this.#server = server
    await new Promise<void>((done) => server.listen(port, this.host, done))
    onTestFinished(() => this.close())
    this.url = `${tls ? "https" : "http"}://${this.host}:${(server.address() as AddressInfo).port}`
    return this
  }

  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const request: Request = {
      method: incoming.method ?? "",
      url: new URL(incoming.url ?? "/", "http://server"),
      headers: incoming.headers,
      body: plain(Buffer.concat(chunks), incoming.headers["content-encoding"]),
    }
    this.requests.push(request)
    if (this.delay > 0) await wait(this.delay)
    const fault = this.faults.shift()
    if (fault === "silent") return
    if (fault === "cut") return void incoming.socket.destroy()
    const answer = fault === undefined || fault === "cut-after" ? this.handle(request) : fault
    if (fault === "cut-after") return void incoming.socket.destroy()
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers })
    response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? {}))
  }
}

function plain(body: Buffer, encoding: string | undefined): Buffer | undefined {
  try {
    return encoding === "gzip" ? gunzipSync(body) : body
  } catch {
    return undefined
  }
}
