// The options of clients and servers, with their defaults.

import { Buffer } from "node:buffer"
import type { Context, SocketSecurity } from "ohmq"
import { isLoopback, suggestion } from "../config/index.js"
import { type Contract, checkSchema } from "./contract.js"

/** What clients and servers have in common. Times are in milliseconds, sizes in bytes. */
export interface CommonOptions {
  /** Whether to talk without encryption beyond this machine. Loopback and ipc need neither this nor `security`. */
  insecure?: boolean | undefined
  /** The context of the sockets, if not the common one: a context has one authenticator only. */
  context?: Context | undefined
  /** How long silence may last before a ping is sent. After three times that the other side counts as dead. 2,000 by default. */
  heartbeat?: number | undefined
  /** How large a body may be that comes in. 1 MiB by default. */
  maxBodyBytes?: number | undefined
}

/** Options of `Client`. */
export interface ClientOptions<C extends Contract = Contract> extends CommonOptions {
  /** The addresses of the servers: each request goes to the one that has the fewest under way. */
  connect: string | readonly string[]
  /** CURVE: `{ client, serverKey }`. */
  security?: SocketSecurity | undefined
  /** The schemas of the services. What is sent, and what comes, is checked by them. */
  contract?: C | undefined
}

/** Options of `Server`. */
export interface ServerOptions extends CommonOptions, ServiceLimits {
  /** CURVE with an authenticator, whose user ids handlers get as `caller`: `{ server, authenticator }`. */
  security?: SocketSecurity | undefined
}

/** How much a service does at a time. */
export interface ServiceLimits {
  /** How many requests of a service are handled at a time. 64 by default. */
  concurrency?: number | undefined
  /** How many requests of a service may wait. More are answered with `BUSY`. 1,000 by default. */
  queue?: number | undefined
}

/** Options of `request`. Times are in milliseconds. */
export interface RequestOptions {
  /** How long to wait for the reply, all attempts included. 10,000 by default, and without end for a stream. */
  timeout?: number | undefined
  /** How long one server may take, before another one is asked. It needs `retries`. By default all of `timeout`. */
  attemptTimeout?: number | undefined
  /** Cancels the request. The handler's signal is aborted, too. */
  signal?: AbortSignal | undefined
  /**
   * How often to send the request again after a server was lost, or has taken too long, or all are busy. The request may then be handled
   * more than once. 0 by default. What no server has begun goes to another one in any case.
   */
  retries?: number | undefined
}

/** Options of `stream`. */
export interface StreamOptions extends Omit<RequestOptions, "attemptTimeout"> {
  /** How many items may be under way or wait to be read. 16 by default. */
  window?: number | undefined
}

/** The names of options: those of an interface, all of them. */
export const namesOf = <O>(names: Record<keyof O, true>): ReadonlySet<string> => new Set(Object.keys(names))

const common: Record<keyof CommonOptions, true> = { insecure: true, context: true, heartbeat: true, maxBodyBytes: true }
const limits: Record<keyof ServiceLimits, true> = { concurrency: true, queue: true }
const clientNames = namesOf<ClientOptions>({ ...common, connect: true, security: true, contract: true })
const serverNames = namesOf<ServerOptions>({ ...common, ...limits, security: true })

/** Throws if there is an option that does not exist. */
export function checkNames(options: object, known: ReadonlySet<string>): void {
  if (typeof options !== "object" || options === null)
    throw new TypeError(`Expected options to be an object but received ${String(options)}`)
  for (const name of Object.keys(options))
    if (!known.has(name)) throw new TypeError(`Unknown option "${name}".${suggestion(name, [...known])}`)
}

/** Throws unless the value is an integer within bounds. */
export function integer(name: string, value: unknown, least: number, most = 0x7fff_ffff): number {
  if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most) return value as number
  throw new RangeError(`Expected ${name} to be an integer from ${least} to ${most} but received ${String(value)}`)
}

/** Throws unless the value is an AbortSignal, or undefined. */
export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new TypeError(`Expected signal to be an AbortSignal but received ${String(signal)}`)
}

/** Throws unless an address may be used: beyond this machine with security only, or if that is waived. */
export function checkAddress(address: unknown, { security, insecure }: ClientOptions | ServerOptions): void {
  const match = typeof address === "string" ? /^(?:ipc:\/\/.|tcp:\/\/(?:[^;]*;)?(.+):[^:]+$)/s.exec(address) : null
  if (!match)
    throw new TypeError(
      `Expected an address such as "tcp://127.0.0.1:5555" or "ipc://…" but received ${String(address)}`,
    )
  const [, host] = match
  if (host !== undefined && security === undefined && insecure !== true && !isLoopback(host))
    throw new TypeError(
      `${String(address)} can be reached by others, and needs security. To run without encryption, pass insecure: true`,
    )
}

function readCommon(options: ClientOptions | ServerOptions) {
  const { security, insecure, context } = options
  if (insecure !== undefined && typeof insecure !== "boolean")
    throw new TypeError(`Expected insecure to be true or false but received ${String(insecure)}`)
  if (insecure === true && security !== undefined) throw new TypeError("Pass either security or insecure, not both")
  return {
    security,
    insecure,
    context,
    heartbeat: integer("heartbeat", options.heartbeat ?? 2000, 10, 600_000),
    maxBodyBytes: integer("maxBodyBytes", options.maxBodyBytes ?? 1 << 20, 1, 0x7fff_0000),
  }
}

/** Checks the options of a client and adds the defaults. */
export function readClientOptions<C extends Contract>(options: ClientOptions<C>) {
  checkNames(options, clientNames)
  const connect = [...new Set([options.connect].flat())]
  if (connect.length === 0) throw new TypeError("Expected connect to be one address or several but received none")
  for (const address of connect) checkAddress(address, options)
  const contract: Contract = options.contract ?? {}
  for (const [name, { input, output }] of Object.entries(contract)) {
    checkSchema(input, `contract.${name}.input`)
    checkSchema(output, `contract.${name}.output`)
  }
  return { ...readCommon(options), connect, contract: new Map(Object.entries(contract)) }
}

/** Checks the limits of a service and adds the defaults. */
export const readLimits = (options: ServiceLimits, defaults: ServiceLimits = {}) => ({
  concurrency: integer("concurrency", options.concurrency ?? defaults.concurrency ?? 64, 1),
  queue: integer("queue", options.queue ?? defaults.queue ?? 1000, 0),
})

/** Checks the options of a server and adds the defaults. */
export function readServerOptions(options: ServerOptions) {
  checkNames(options, serverNames)
  return { ...readCommon(options), ...readLimits(options) }
}

export type ReadClientOptions = ReturnType<typeof readClientOptions>
export type ReadServerOptions = ReturnType<typeof readServerOptions>

const requestNames = namesOf<RequestOptions>({ timeout: true, attemptTimeout: true, signal: true, retries: true })
const streamNames = namesOf<StreamOptions>({ timeout: true, signal: true, retries: true, window: true })

/** Checks the options of a request and adds the defaults. */
export function readRequestOptions(options: RequestOptions) {
  checkNames(options, requestNames)
  checkSignal(options.signal)
  const timeout = integer("timeout", options.timeout ?? 10_000, 1)
  return {
    timeout,
    attemptTimeout: integer("attemptTimeout", options.attemptTimeout ?? timeout, 1),
    retries: integer("retries", options.retries ?? 0, 0),
    signal: options.signal,
  }
}

/** Checks the options of a stream and adds the defaults. A timeout of 0 is without end. */
export function readStreamOptions(options: StreamOptions) {
  checkNames(options, streamNames)
  checkSignal(options.signal)
  return {
    timeout: options.timeout === undefined ? 0 : integer("timeout", options.timeout, 1),
    attemptTimeout: Number.POSITIVE_INFINITY,
    retries: integer("retries", options.retries ?? 0, 0),
    signal: options.signal,
    window: integer("window", options.window ?? 16, 1, 100_000),
  }
}

/** How an attempt at a request goes on. */
export interface Terms {
  timeout: number
  attemptTimeout: number
  retries: number
  signal: AbortSignal | undefined
}

/** Throws unless it can be the name of a service. */
export function checkService(name: unknown): void {
  const bytes = typeof name === "string" ? Buffer.byteLength(name) : 0
  if (bytes < 1 || bytes > 255)
    throw new TypeError(`Expected the name of a service to be a string of 1 to 255 bytes but received ${String(name)}`)
}
