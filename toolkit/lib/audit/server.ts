// Serves the files of a log, and a witness, over HTTP. Any other web server can serve the folder `public`, too.

import { Buffer } from "node:buffer"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import { isLoopback } from "../config/index.js"
import { servedFolder } from "./checking/verification.js"
import { AuditError } from "./error.js"
import { MAX_NOTE } from "./notes/note.js"
import { ADD_CHECKPOINT } from "./witness/protocol.js"
import type { Witness } from "./witness/witness.js"

/** What to serve, and where. */
export interface AuditServerOptions {
  /** The folder of a log, or a copy of what it serves. */
  log?: string
  /** A witness. It stays open when the server is closed. */
  witness?: Witness
  /** The address. Default `127.0.0.1`. */
  host?: string
  /** The port. Default 0: a free one. */
  port?: number
  /** Whether others than this machine may connect, without encryption. Default false. */
  insecure?: boolean
}

const TEXT = "text/plain; charset=utf-8"
const BYTES = "application/octet-stream"
const FILES = /^\/(?:checkpoint|tile\/(?:entries|[0-9]|[1-5][0-9]|6[0-3])\/(?:x\d{3}\/){0,5}\d{3}(?:\.p\/\d{1,3})?)$/
/** A note, a proof of at most 63 hashes, and the old size. */
const MAX_BODY = MAX_NOTE + 64 * 64
const TIMEOUT = 10_000
const MAX_CONNECTIONS = 1000
const compress = promisify(gzip)

/** An HTTP server for a log, a witness or both. */
export class AuditServer implements AsyncDisposable {
  readonly #server: Server
  /** Where it listens, such as `http://127.0.0.1:8081`. */
  readonly url: string

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  /**
   * Starts a server.
   *
   * @throws AuditError `NOT_FOUND` if there is no log, `INVALID` if the address is not of this machine and `insecure` is not set, `FAILED` if it cannot listen.
   */
  static async start({
    log,
    witness,
    host = "127.0.0.1",
    port = 0,
    insecure = false,
  }: AuditServerOptions): Promise<AuditServer> {
    const name = host.includes(":") ? `[${host}]` : host
    if (!insecure && !isLoopback(name))
      throw new AuditError(
        "INVALID",
        `${host} can be reached from other machines, and HTTP is not encrypted. Listen on 127.0.0.1 behind a web server with TLS, or allow it: --insecure`,
      )
    const folder = log === undefined ? undefined : servedFolder(log)
    if (folder !== undefined && !existsSync(join(folder, "checkpoint")))
      throw new AuditError("NOT_FOUND", `${log} has no audit log. Run: ohmq audit init ${log} --name NAME`)
    const server = createServer((request, response) => {
      respond(request, response, folder, witness).catch(() => response.destroy())
    })
    server.requestTimeout = TIMEOUT
    server.headersTimeout = TIMEOUT
    server.maxConnections = MAX_CONNECTIONS
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          new AuditError("FAILED", `Cannot listen on ${name}:${port}: ${error.code}. Choose another address`, error),
        )
      })
      server.listen(port, host, resolve)
    })
    return new AuditServer(server, `http://${name}:${(server.address() as AddressInfo).port}`)
  }

  /** Stops it. Requests under way end first. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeIdleConnections()
    await closed
  }

  /** Closes it, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
) {
  const bytes = Buffer.from(body)
  response.writeHead(status, {
    "content-type": type,
    "content-length": bytes.length,
    "x-content-type-options": "nosniff",
    ...headers,
  })
  response.end(response.req.method === "HEAD" ? undefined : bytes)
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string | undefined,
  witness: Witness | undefined,
): Promise<void> {
  const path = (request.url ?? "").split("?", 1)[0] ?? ""
  if (witness !== undefined && path === ADD_CHECKPOINT && request.method === "POST") {
    const body = await readBody(request)
    if (body === undefined)
      return send(response, 413, TEXT, `Expected at most ${MAX_BODY} bytes\n`, { connection: "close" })
    const { status, type, text } = witness.add(body)
    return send(response, status, type, text)
  }
  if (request.method !== "GET" && request.method !== "HEAD")
    return send(response, 405, TEXT, "Expected GET\n", { allow: "GET, HEAD" })
  const [, originHash] = /^\/([0-9a-f]{64})\/checkpoint$/.exec(path) ?? []
  const cosigned = originHash === undefined ? undefined : witness?.checkpoint(originHash)
  if (cosigned !== undefined) return send(response, 200, TEXT, cosigned, { "cache-control": "no-cache" })
  if (folder === undefined || !FILES.test(path)) return send(response, 404, TEXT, "Not found\n")
  await sendFile(request, response, join(folder, path), path)
}

async function sendFile(request: IncomingMessage, response: ServerResponse, file: string, path: string): Promise<void> {
  let bytes: Buffer
  try {
    bytes = await readFile(file)
  } catch {
    return send(response, 404, TEXT, "Not found\n")
  }
  if (path === "/checkpoint") return send(response, 200, TEXT, bytes, { "cache-control": "no-cache" })
  const headers: Record<string, string> = { "cache-control": "public, max-age=31536000, immutable" }
  if (path.startsWith("/tile/entries/")) {
    headers.vary = "accept-encoding"
    if (/\bgzip\b/.test(String(request.headers["accept-encoding"]))) {
      headers["content-encoding"] = "gzip"
      bytes = await compress(bytes)
    }
  }
  send(response, 200, BYTES, bytes, headers)
}

/** The body, or undefined if it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_BODY) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString("utf8")
}
