// The HTTP server of `ohmq tasks serve`.

import type { Logger } from "pino"
import { isLoopback } from "../../config/index.js"
import { HttpServer } from "../../relay/http/server.js"
import { StatusSite } from "../../status/index.js"
import { type TaskServer, tasksMetrics } from "../../tasks/index.js"
import { UsageError } from "../usage.js"
import { QueuePage } from "./page.js"

/** The address of `--http`, which must be on this machine. */
export function addressOf(text: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535)
    throw new UsageError(`--http: Expected an address such as 127.0.0.1:9580 but received "${text}"`)
  if (!isLoopback(match[1]))
    throw new UsageError("--http serves without encryption, so on this machine only: use 127.0.0.1:PORT")
  return { host: match[1], port }
}

const type = { "content-type": "text/plain; charset=utf-8" }

/** What serves pages, and where. */
export interface Web {
  url: string
  close(): Promise<void>
}

async function listen(http: HttpServer, text: string): Promise<Web> {
  const { host, port } = addressOf(text)
  http.page("/healthz", () => ({ status: 200, headers: type, body: "ok\n" }))
  return { url: await http.listen(host.replace(/^\[(.*)\]$/, "$1"), port), close: () => http.close() }
}

/** Serves /healthz and /readyz of a process that waits for its turn. */
export function serveWaiting(text: string): Promise<Web> {
  const http = new HttpServer(100, () => {})
  http.page("/readyz", () => ({ status: 503, headers: type, body: "Another process serves the queue\n" }))
  return listen(http, text)
}

/** Serves the status page, /metrics, /healthz and /readyz. */
export function serveHttp(text: string, server: TaskServer, log: Logger): Promise<Web> {
  const registry = tasksMetrics(server)
  const http = new HttpServer(100, () => {})
  http.page("/metrics", async () => ({
    status: 200,
    headers: { "content-type": registry.contentType },
    body: await registry.metrics(),
  }))
  // On this machine only, so without a token.
  http.serve(new StatusSite(new QueuePage(server, log)))
  http.page("/readyz", () =>
    server.isReady
      ? { status: 200, headers: type, body: "ok\n" }
      : { status: 503, headers: type, body: "The store of the queue does not work\n" },
  )
  return listen(http, text)
}
