// `ohmq tasks serve`: the queue, until a signal ends it.

import process from "node:process"
import { Context, type SocketSecurity } from "ohmq"
import { Authenticator } from "ohmq/security"
import { type Logger, pino } from "pino"
import { isLocalEndpoint } from "../../config/index.js"
import { Complaints } from "../../relay/observation/complaints.js"
import { openStore, type Store, StoreError } from "../../store/index.js"
import type { ReplicatedStore } from "../../store/replicated/index.js"
import { serveTasks, TaskError, type TaskServerOptions, takeTurns } from "../../tasks/index.js"
import { parseUsage, UsageError } from "../usage.js"
import { asUsage, checkEndpoint, durationOf, integerOf, ownCertificate, sizeOf, timerOf } from "./connecting.js"
import { type RelayLink, relayLinkOf, sendToRelay } from "./relaying.js"
import { addressOf, serveHttp, serveWaiting, type Web } from "./serve-http.js"
import { openShared, sharedConfig } from "./shared-store.js"

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
  "jetstream",
  "stream",
  "replicas",
  "relay",
  "relay-cert",
] as const

type Values = ReturnType<typeof parseUsage<(typeof names)[number], "insecure" | "standby">>["values"]

interface Secured {
  options: Pick<TaskServerOptions, "security" | "context" | "insecure">
  release(): Promise<void>
}

async function secured(bind: string, { cert, clients, insecure }: Values, log: Logger): Promise<Secured> {
  if (cert === undefined && clients === undefined) {
    if (insecure !== true && !isLocalEndpoint(bind))
      throw new UsageError(
        `--bind: ${bind} can be reached from other machines, unencrypted. Give --cert FILE_secret and --clients DIR, or --insecure`,
      )
    return { options: { ...(insecure && { insecure }) }, release: async () => {} }
  }
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

/** The errors of an address that cannot be listened at. */
const listening = new Set(["EADDRINUSE", "EADDRNOTAVAIL", "EACCES", "ENODEV"])
const STANDBY_MS = 500
/** What workers need to outlive a process that is killed: another one has its turn after 15 s. */
const SHARED_LEASE_MS = 60_000

/** Opens the store; as a standby, once the process that has it open is gone. */
async function opened<S extends Store>(
  open: () => Promise<S>,
  standby: boolean,
  log: Logger,
  signal: AbortSignal,
): Promise<S | undefined> {
  let isWaiting = false
  while (!signal.aborted) {
    try {
      return await open()
    } catch (error) {
      if (!standby || !(error instanceof StoreError) || error.code !== "LOCKED") throw error
      if (!isWaiting) log.info("Another process has the store open. This one waits to take over")
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
  checkEndpoint("--bind", bind)
  if (folder === undefined) throw new UsageError("Expected --store DIR, the folder for the tasks")
  if (values.http !== undefined) addressOf(values.http)
  const shared = sharedConfig(values)
  const options = {
    bind,
    lease: timerOf(values, "lease") ?? (shared && SHARED_LEASE_MS),
    keep: durationOf(values, "keep"),
    keepCount: integerOf(values, "keep-count"),
    maxTasks: integerOf(values, "max-tasks"),
    maxValue: sizeOf(values, "max-value"),
    source: values.source,
  }
  const relay = await relayLinkOf(values)
  // Lines are written at once, so that the last ones are there when the process ends.
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true }))
  const stopped = new AbortController()
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stopped.abort(name))
  const { signal } = stopped
  const { options: security, release } = await secured(bind, values, log)
  const parts = { options: { ...options, ...security }, http: values.http, relay, log }
  const standby = values.standby === true
  try {
    if (shared === undefined) {
      await using store = await opened(() => openStore(folder), standby, log, signal)
      return store === undefined ? 0 : await run(store, parts, signal)
    }
    const complaints = new Complaints(log)
    const complain = (reason: string) => complaints.warn("store", { reason }, "The servers of the store fail")
    await using store = await opened(() => openShared(folder, shared, complain), standby, log, signal)
    return store === undefined ? 0 : await runInTurn(store, parts, signal)
  } finally {
    await release()
  }
}

/** What it runs beside the store. */
interface Parts {
  options: TaskServerOptions
  http: string | undefined
  relay: RelayLink | "off" | undefined
  log: Logger
}

/** Serves the queue whenever no other process does. */
async function runInTurn(store: ReplicatedStore, parts: Parts, signal: AbortSignal): Promise<number> {
  const { log, http } = parts
  let code = 0
  const ended = new AbortController()
  let waiting: Promise<Web | undefined> | undefined
  const wait = async (by: string | undefined) => {
    waiting ??= http === undefined ? undefined : serveWaiting(http)
    try {
      const web = await waiting
      log.info(
        { ...(by && { by }), ...(web && { http: web.url }) },
        "This process waits for its turn to serve the queue",
      )
    } catch {
      // It is thrown below.
      ended.abort()
    }
  }
  const waitNoMore = async () => {
    const web = await waiting
    waiting = undefined
    await web?.close()
  }
  await takeTurns(store, {
    signal: AbortSignal.any([signal, ended.signal]),
    onWait: (by) => void wait(by),
    onProblem: ({ message }) => log.warn({ reason: message }, "The queue cannot be served for now"),
    serve: async (turn) => {
      await waitNoMore()
      code = await run(store, parts, signal, turn)
      if (code !== 0) ended.abort()
    },
  })
  await waitNoMore()
  return code
}

/** Serves the queue until a signal ends it, or its turn is over. */
async function run(store: Store, parts: Parts, signal: AbortSignal, turn?: AbortSignal): Promise<number> {
  const { options, http, relay, log } = parts
  await using server = await asUsage(() => serveTasks(store, { ...options, turn })).catch((error: unknown) => {
    const { code, address = options.bind, message } = error as NodeJS.ErrnoException & { address?: string }
    if (code === undefined || !listening.has(code)) throw error
    throw new Error(`--bind: Cannot listen at ${address}: ${message}`)
  })
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
  await using sender = await sendToRelay(store, relay, log)
  const web = http === undefined ? undefined : await serveHttp(http, server, log)
  log.info(
    { endpoint: server.endpoint, ...(web && { http: web.url }), tasks: server.counts, pid: process.pid },
    "The queue takes tasks",
  )
  await ended
  await web?.close()
  await sender?.close()
  await server.close()
  const isOver = turn !== undefined && failure instanceof TaskError && failure.code === "TAKEN_OVER"
  if (isOver) log.warn({ reason: failure?.message }, "The turn of this process is over")
  else if (failure) log.error({ reason: failure.message }, "The queue has ended")
  else log.info({ signal: signal.reason }, "The queue has stopped")
  return failure && !isOver ? 1 : 0
}
