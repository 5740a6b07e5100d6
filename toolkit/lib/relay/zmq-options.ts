// What the sources and sinks over ØMQ have in common.

import { basename, resolve } from "node:path"
import { Context, type Socket, type SocketSecurity } from "ohmq"
import { Authenticator, Certificate } from "ohmq/security"
import { z } from "zod"
import { isLocalEndpoint, oneOrMore, textShapes } from "../config/index.js"
import type { ComponentContext } from "./components.js"
import { Complaints } from "./observation/complaints.js"
import { type PeerConnections, SocketPeers } from "./observation/peers.js"

export const endpoint = z
  .string()
  .regex(/^(tcp|ipc):\/\/.+$/, 'Expected an endpoint such as "tcp://127.0.0.1:5561" or "ipc:///run/relay.sock"')
  .register(textShapes, { name: "endpoint" })

/** One endpoint or several. */
export const endpoints = oneOrMore(endpoint)

export const zmqOptions = {
  bind: endpoints.optional().describe("Where to listen. Either this or `connect` is required."),
  connect: endpoints.optional().describe("What to connect to."),
  insecure: z.boolean().prefault(false).describe("Whether other machines may be talked to without CURVE."),
}

/** Certificates, as `ohmq keys certificate` writes them. */
export const securitySchema = z.strictObject({
  cert: z.string().min(1).describe("The relay's own certificate, with its secret key."),
  serverKey: z.string().min(1).optional().describe("The server's public certificate. For connect."),
  clients: z.string().min(1).optional().describe("The folder of the public certificates that are let in. For bind."),
})
type Security = z.infer<typeof securitySchema>

/** The same, of what only binds. */
export const serverSecuritySchema = z.strictObject({
  cert: z.string().min(1).describe("The relay's own certificate, with its secret key."),
  clients: z.string().min(1).describe("The folder of the public certificates that are let in."),
})

interface Options {
  bind?: string[] | undefined
  connect?: string[] | undefined
  insecure: boolean
  security?: Security | undefined
}

/** What the schema cannot express. */
export function zmqCheck({ bind, connect, insecure, security }: Options): [string[], string] | undefined {
  if ((bind === undefined) === (connect === undefined)) return [[], "Expected either bind or connect"]
  if (security !== undefined) {
    if (bind && security.clients === undefined)
      return [["security"], "bind needs clients: the folder of the certificates that are let in"]
    if (connect && security.serverKey === undefined)
      return [["security"], "connect needs serverKey: the server's public certificate"]
    return undefined
  }
  return insecure ? undefined : farCheck(bind ? "bind" : "connect", bind ?? connect ?? [])
}

/** Refuses endpoints beyond this machine, for those without security. */
export function farCheck(option: string, endpoints: readonly string[]): [string[], string] | undefined {
  const far = endpoints.find((one) => !isLocalEndpoint(one))
  if (far === undefined) return undefined
  return [[option], `${far} goes beyond this machine, unencrypted. Add security, or set insecure: true`]
}

/** What no other socket can bind. A port that the system chooses is free for sure. */
export const zmqClaims = ({ bind = [] }: Options): string[] => bind.filter((one) => !/:[*0]$/.test(one))

export const endpointsOf = (given: string[] | undefined): string[] => given ?? []

interface Secured {
  options: { context?: Context; security?: SocketSecurity }
  /** Who the peers of a socket that has these options are. Undefined without CURVE. */
  peersOf?: (socket: Socket) => SocketPeers
  release: () => Promise<void>
}

const nothing: Secured = { options: {}, release: async () => {} }

/** The peers of a socket that connects to servers with the certificate in this file. */
function serversOf(socket: Socket, identity: string): SocketPeers {
  const connected = new Map<string, PeerConnections>()
  socket.events.watch((event) => {
    if (event.type !== "handshake" && event.type !== "disconnect") return
    const { address = "" } = event
    if (event.type === "handshake") connected.set(address, { address, userIds: [identity], since: Date.now() })
    else connected.delete(address)
  })
  return new SocketPeers(() => [...connected.values()], identity)
}

/** The options of a socket that connects. */
export async function clientSecurity(
  security: Pick<Security, "cert" | "serverKey"> | undefined,
  folder: string,
): Promise<Secured> {
  if (security?.serverKey === undefined) return nothing
  const client = await Certificate.load(resolve(folder, security.cert))
  const serverKey = await Certificate.load(resolve(folder, security.serverKey))
  const identity = basename(security.serverKey)
  return {
    options: { security: { client, serverKey } },
    peersOf: (socket) => serversOf(socket, identity),
    release: async () => {},
  }
}

/** The options of a socket that binds. */
export async function serverSecurity(
  security: Pick<Security, "cert" | "clients"> | undefined,
  role: "source" | "sink",
  { name, folder, log, metrics }: ComponentContext,
): Promise<Secured> {
  if (security?.clients === undefined) return nothing
  const server = await Certificate.load(resolve(folder, security.cert))
  // A context has one authenticator only, and each socket lets in clients of its own.
  const context = new Context()
  const authenticator = new Authenticator({ context, curve: resolve(folder, security.clients) })
  const complaints = new Complaints(log)
  const guard = metrics.peers.guard({ role, name })
  authenticator.on("denied", ({ reason, count, address, publicKey }) => {
    guard.deny(reason, address, count)
    complaints.warn(reason, { reason, address, publicKey }, "A peer was not let in")
  })
  authenticator.on("problem", ({ message }) => {
    complaints.warn("problem", { reason: message }, "Who may connect could not be decided")
  })
  return {
    options: { context, security: { server, authenticator } },
    peersOf: (socket) => new SocketPeers(() => authenticator.connectionsOf(socket)),
    release: async () => {
      guard.end()
      await authenticator.close()
    },
  }
}

/** A socket, who its peers are if it has CURVE, and what ends the rest of it. */
export interface OpenSocket<S> {
  readonly socket: S
  readonly peers: SocketPeers | undefined
  release(): Promise<void>
}

/** Creates a socket and binds or connects it. If that fails, nothing of it stays. */
export async function openZmq<S extends Socket>(
  { bind, connect, security }: Options,
  role: "source" | "sink",
  context: ComponentContext,
  create: (options: Secured["options"]) => S,
): Promise<OpenSocket<S>> {
  const { options, peersOf, release } =
    bind === undefined ? await clientSecurity(security, context.folder) : await serverSecurity(security, role, context)
  let socket: S | undefined
  try {
    socket = create(options)
    const peers = peersOf?.(socket)
    for (const endpoint of endpointsOf(bind)) {
      await socket.bind(endpoint)
      context.log.info({ address: socket.lastEndpoint }, `The ${role} listens`)
    }
    for (const endpoint of endpointsOf(connect)) socket.connect(endpoint)
    const unwatch = peers && context.metrics.peers.watch({ role, name: context.name }, peers)
    return {
      socket,
      peers,
      release: async () => {
        unwatch?.()
        await release()
      },
    }
  } catch (error) {
    socket?.close()
    await release()
    throw error
  }
}
