// `ohmq tasks serve`: the queue, until a signal ends it.

import process from "node:process"
import { Context, type SocketSecurity } from "ohmq"
import { Authenticator } from "ohmq/security"
import { type Logger, pino } from "pino"
import { isLoopback } from "../../config/index.js"
import { HttpServer } from "../../relay/http/server.js"
import { StatusSite } from "../../status/index.js"
import { openStore, type Store, StoreError } from "../../store/index.js"
import { serveTasks, type TaskServer, type TaskServerOptions, tasksMetrics } from "../../tasks/index.js"
import { parseUsage, UsageError } from "../usage.js"
import { asUsage, durationOf, integerOf, ownCertificate, sizeOf } from "./connecting.js"
import { QueuePage } from "./page.js"
import { relaySecurity, sendToRelay } from "./relaying.js"

const names = [
  "bind",
  "store",
  "http",
  "cert",
  "clients",
  "lease",
  "keep",
  "keep-count",
  "max-tasks",
  "max-value",
  "source",
  "relay",
  "relay-cert",
] as const

type Values = ReturnType<typeof parseUsage<(typeof names)[number], "insecure" | "standby">>["values"]

interface Secured {
  options: Pick<TaskServerOptions, "security" | "context" | "insecure">
  release(): Promise<void>
}

async function secured({ cert, clients, insecure }: Values, log: Logger): Promise<Secured> {
  if (cert === undefined && clients === undefined)
    return { options: { ...(insecure && { insecure }) }, release: async () => {} }
  if (cert === undefined)
    throw new UsageError("--clients needs --cert FILE, the queue's certificate with its secret key")
  if (clients === undefined)
    throw new UsageError("--cert needs --clients DIR, the certificates of workers and clients, or --clients any")
  const server = await ownCertificate(cert)
  if (clients === "any") {
    log.warn("Everybody who knows the queue's public key may connect: --clients any")
    const security: SocketSecurity = { server, clients: "any" }
    return { options: { security }, release: async () => {} }
  }
  const context = new Context()
  const authenticator = new Authenticator({ context, curve: clients })
  authenticator.on("denied", ({ reason, address }) => log.warn({ reason, address }, "A peer was not let in"))
  return { options: { context, security: { server, authenticator } }, release: async () => authenticator.close() }
}

function addressOf(text: string): { host: string; port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(text)
  const port = Number(match?.[2])
  if (match?.[1] === undefined || port > 65_535)
    throw new UsageError(`--http: Expected an address such as 127.0.0.1:9580 but received "${text}"`)
  if (!isLoopback(match[1]))
    throw new UsageError("--http serves without encryption, so on this machine only: use 127.0.0.1:PORT")
  return { host: match[1], port }
}

/** Serves the status page, /metrics, /healthz and /readyz. */
async function serveHttp(
  text: string,
  server: TaskServer,
  log: Logger,
): Promise<{ url: string; close(): Promise<void> }> {
  const { host, port } = addressOf(text)
  const registry = tasksMetrics(server)
  const http = new HttpServer(100, () => {})
  const type = { "content-type": "text/plain; charset=utf-8" }
  http.page("/metrics", async () => ({
    status: 200,
    headers: { "content-type": registry.contentType },
    body: await registry.metrics(),
  }))
  // On this machine only, so without a token.
  http.serve(new StatusSite(new QueuePage(server, log)))
  http.page("/healthz", () => ({ status: 200, headers: type, body: "ok\n" }))
  http.page("/readyz", () =>
    server.isReady
      ? { status: 200, headers: type, body: "ok\n" }
      : { status: 503, headers: type, body: "The store of the queue does not work\n" },
  )
  return { url: await http.listen(host.replace(/^\[(.*)\]$/, "$1"), port), close: () => http.close() }
}

const STANDBY_MS = 500

/** Opens the store; as a standby, once the process that has it open is gone. */
async function opened(folder: string, standby: boolean, log: Logger, signal: AbortSignal): Promise<Store | undefined> {
  let isWaiting = false
  while (!signal.aborted) {
    try {
      return await openStore(folder)
    } catch (error) {
      if (!standby || !(error instanceof StoreError) || error.code !== "LOCKED") throw error
      if (!isWaiting) log.info({ store: folder }, "Another process serves these tasks. This one waits to take over")
      isWaiting = true
      await new Promise((resolve) => setTimeout(resolve, STANDBY_MS))
    }
  }
  return undefined
}

export async function serve(args: readonly string[]): Promise<number> {
  const { values } = parseUsage(args, 0, names, ["insecure", "standby"])
  const { bind, store: folder } = values
  if (bind === undefined) throw new UsageError("Expected --bind ENDPOINT, such as --bind tcp://127.0.0.1:5580")
  if (folder === undefined) throw new UsageError("Expected --store DIR, the folder for the tasks")
  if (values.http !== undefined) addressOf(values.http)
  const options = {
    bind,
    lease: durationOf(values, "lease"),
    keep: durationOf(values, "keep"),
    keepCount: integerOf(values, "keep-count"),
    maxTasks: integerOf(values, "max-tasks"),
    maxValue: sizeOf(values, "max-value"),
    source: values.source,
  }
  // Lines are written at once, so that the last ones are there when the process ends.
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
  const stopped = new AbortController()
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stopped.abort(name))
  const toRelay = await relaySecurity(values)
  const { options: security, release } = await secured(values, log)
  try {
    const store = await opened(folder, values.standby === true, log, stopped.signal)
    if (store === undefined) return 0
    try {
      const sender = await sendToRelay(store, values, toRelay, log)
      try {
        return await run(store, { ...options, ...security }, values.http, log, stopped.signal)
      } finally {
        await sender?.close()
      }
    } finally {
      await store.close()
    }
  } finally {
    await release()
  }
}

async function run(
  store: Store,
  options: TaskServerOptions,
  http: string | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<number> {
  const server = await asUsage(() => serveTasks(store, options))
  let failure: Error | undefined
  const ended = new Promise<void>((resolve) => {
    server.on("failed", (error) => {
      failure = error
      resolve()
    })
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })
  server.on("refused", ({ user, code, reason }) => log.warn({ user, code, reason }, "A message was refused"))
  server.on("recovered", ({ message }) => log.error({ reason: message }, "The store failed, and was opened again"))
  if (server.missing > 0)
    log.error({ entries: server.missing }, "The store has lost entries: tasks may be missing, or start again")
  const web = http === undefined ? undefined : await serveHttp(http, server, log)
  log.info(
    { endpoint: server.endpoint, ...(web && { http: web.url }), tasks: server.counts, pid: process.pid },
    "The queue takes tasks",
  )
  await ended
  await web?.close()
  await server.close()
  if (failure) log.error({ reason: failure.message }, "The queue has ended")
  else log.info({ signal: signal.reason }, "The queue has stopped")
  return failure ? 1 : 0
}
