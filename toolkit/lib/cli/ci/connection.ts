// How `emit` and `gate` reach a relay: a socket under CURVE, and what they say if that fails.

import { readFileSync } from "node:fs"
import process from "node:process"
import type { Dealer, Push, SocketSecurity } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"
import { duration, timerDuration } from "../../config/index.js"
import { type Connection, ConnectionError, connect as connectSocket, type Target } from "../../gate/connection.js"
import { GateError } from "../../gate/index.js"
import { endpoint, farCheck } from "../../relay/zmq-options.js"
import { ExitError } from "../commands.js"
import { UsageError } from "../usage.js"

/** The options that say where the relay is. */
export const connectionOptions = ["to", "cert", "server-cert", "timeout"] as const
export const connectionFlags = ["insecure"] as const

/** Their help, with an endpoint as in docs/ci.md: events and gates have one each. */
export const connectionHelp = (port: 5562 | 5563) => `\
  --to ENDPOINT         the relay, such as tcp://relay.example.com:${port}. By default the environment variable OHMQ_RELAY
  --cert CERT           this side's certificate with its secret key, made by: ohmq keys certificate
  --server-cert CERT    the relay's public certificate, or its public key as 40 characters of Z85
                        CERT is a file, or env:NAME for an environment variable that holds the certificate
  --insecure            talk to another machine without CURVE`

export interface ConnectionValues {
  readonly to?: string | undefined
  readonly cert?: string | undefined
  readonly "server-cert"?: string | undefined
  readonly insecure?: boolean | undefined
}

/** The exit codes of `emit` and `gate` beyond those of all commands. */
export const exit = { timedOut: 3, refused: 4 } as const

const isKey = (text: string) => /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(text)

/** The value of an option of time, in milliseconds. */
export const timeOption = (name: string, text: string): number => positive(name, text, duration())

/** The same, of a time that is waited for. */
export const timerOption = (name: string, text: string): number => positive(name, text, timerDuration())

function positive(name: string, text: string, schema: ReturnType<typeof duration>): number {
  const parsed = schema.safeParse(text)
  if (!parsed.success) throw new UsageError(`--${name}: ${parsed.error.issues[0]?.message}`)
  if (parsed.data <= 0) throw new UsageError(`--${name}: Expected more than 0`)
  return parsed.data
}

/** The text of a file, or of an environment variable: "env:NAME". */
export function textOf(option: string, reference: string): string {
  const name = /^env:(.+)$/.exec(reference)?.[1]
  if (name !== undefined) {
    const value = process.env[name]
    if (value) return value
    throw new UsageError(`--${option}: The environment variable ${name} is ${value === "" ? "empty" : "not set"}`)
  }
  try {
    return readFileSync(reference, "utf8")
  } catch (error) {
    throw new UsageError(`--${option}: Cannot read ${reference}: ${(error as NodeJS.ErrnoException).code}`)
  }
}

async function certificate(option: string, reference: string): Promise<Certificate> {
  const isVariable = reference.startsWith("env:")
  try {
    // The text of a variable is not shown: it may hold a secret key.
    return isVariable ? Certificate.parse(textOf(option, reference)) : await Certificate.load(reference)
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw new UsageError(`--${option}: Cannot load the certificate ${reference}: ${(error as Error).message}`)
  }
}

async function securityOf(values: ConnectionValues): Promise<SocketSecurity | undefined> {
  const { cert, "server-cert": server } = values
  if (server === undefined) {
    if (cert !== undefined) throw new UsageError("--cert needs --server-cert: the relay's public certificate")
    return undefined
  }
  const serverKey = isKey(server) ? server : await certificate("server-cert", server)
  if (cert === undefined) return { client: generateKeyPair(), serverKey }
  const client = await certificate("cert", cert)
  if (!client.hasSecretKey) throw new UsageError(`--cert: ${cert} has no secret key. Did you mean ${cert}_secret?`)
  return { client, serverKey }
}

/** Checks the options that say where the relay is. */
export async function targetOf(values: ConnectionValues): Promise<Target> {
  const to = values.to ?? process.env.OHMQ_RELAY
  if (!to) throw new UsageError("Expected --to ENDPOINT, or the environment variable OHMQ_RELAY")
  const checked = endpoint.safeParse(to)
  if (!checked.success) throw new UsageError(`--to: ${checked.error.issues[0]?.message}`)
  const security = await securityOf(values)
  if (security === undefined && values.insecure !== true && farCheck("--to", [to]) !== undefined)
    throw new UsageError(
      `--to: ${to} goes beyond this machine, unencrypted. Give --cert and --server-cert, or --insecure`,
    )
  return { endpoint: to, security }
}

/** Why a peer cannot be talked to. */
export class PeerError extends ExitError {
  /** Whether the peer has a socket of another type. */
  readonly isOtherType: boolean

  constructor(message: string, isOtherType = false) {
    super(message, exit.refused)
    this.isOtherType = isOtherType
  }
}

/** The error of a command, of what a gate has refused, or of what keeps it from talking to a relay. */
export function peerError(error: unknown): unknown {
  if (!(error instanceof GateError)) return error
  if (!(error instanceof ConnectionError) || error.obstacle === "certificate") return new PeerError(error.message)
  const { message, obstacle, endpoint } = error
  const option = obstacle === "encryption" ? ". See --server-cert" : ""
  return new PeerError(`${message}${option}. Run: ohmq doctor ${endpoint}`, obstacle === "socket-type")
}

/** Connects a socket. What ends its connection is a GateError: see {@link peerError}. */
export function connect<S extends Dealer | Push>(target: Target, Socket: new (options: object) => S): Connection<S> {
  const { endpoint: address, security } = target
  try {
    return connectSocket(target, Socket, (code) => {
      const advice = security ? "Compare --server-cert with the relay's certificate, or wait" : "Wait"
      process.stderr.write(`warning: ${address} broke off (${code}). ${advice}: this side tries again\n`)
    })
  } catch (error) {
    throw new UsageError(`Cannot connect to ${address}: ${(error as Error).message}`)
  }
}
