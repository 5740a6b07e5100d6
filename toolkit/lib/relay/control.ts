// How `ohmq relay tap` and `replay` reach a relay that runs: HTTP over a socket in the folder of its store, which only its owner can open.

import { createHash } from "node:crypto"
import { chmodSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { join } from "node:path"
import process from "node:process"
import type { Store } from "../store/index.js"
import { ShortName } from "../store/short-name.js"
import type { Replayed } from "./delivery/replay.js"
import type { Taps } from "./intake/taps.js"

/** Where the socket of a store is. Windows has named pipes instead. */
export class ControlPath {
  readonly #name: ShortName | undefined
  readonly path: string

  constructor(folder: string) {
    if (process.platform === "win32") {
      const hash = createHash("sha256").update(folder).digest("hex").slice(0, 32)
      this.path = `\\\\.\\pipe\\ohmq-relay-${hash}`
    } else {
      this.#name = new ShortName(folder)
      this.path = join(this.#name.path, "relay.sock")
    }
  }

  /** Call this once nothing uses the path. */
  close(): void {
    this.#name?.close()
  }
}

/** Answers the commands. */
export class ControlServer {
  readonly #store: Store
  readonly #taps: Taps
  readonly #replay: (sink: string) => Promise<Replayed>
  #path: ControlPath | undefined
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: Error) => {
      response.statusCode = 400
      response.end(JSON.stringify({ error: error.message }))
    })
  })

  constructor(store: Store, taps: Taps, replay: (sink: string) => Promise<Replayed>) {
    this.#replay = replay
    this.#store = store
    this.#taps = taps
  }

  /** Listens. The store is locked, so that a socket that is there belongs to nobody any more. */
  async listen(folder: string): Promise<void> {
    this.#path = new ControlPath(folder)
    const { path } = this.#path
    if (process.platform !== "win32") rmSync(path, { force: true })
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject)
      this.#server.listen(path, resolve)
    })
    if (process.platform !== "win32") chmodSync(path, 0o600)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://relay")
    const name = searchParams.get("name") ?? undefined
    if (request.method === "GET" && pathname === "/tap") {
      response.writeHead(200, { "content-type": "application/x-ndjson" })
      response.flushHeaders()
      const end = this.#taps.add(name, (line) => {
        if (response.writableLength < 1 << 20) response.write(line)
      })
      response.once("close", end)
      return
    }
    if (request.method === "POST" && pathname === "/replay" && name !== undefined) {
      response.end(JSON.stringify(await this.#replay(name)))
      return
    }
    if (request.method === "GET" && pathname === "/stats") {
      response.end(JSON.stringify(this.#store.stats()))
      return
    }
    response.statusCode = 404
    response.end("{}")
  }

  async close(): Promise<void> {
    if (this.#server.listening) {
      this.#server.closeAllConnections()
      await new Promise((done) => this.#server.close(done))
    }
    this.#path?.close()
    this.#path = undefined
  }
}
