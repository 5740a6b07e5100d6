// How commands reach a queue, and what they have in common.

import type { SocketSecurity } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"
import { duration, isLocalEndpoint, size, timerDuration } from "../../config/index.js"
import { type ConnectOptions, TaskClient, TaskError, type TaskErrorCode } from "../../tasks/index.js"
import { ExitError } from "../commands.js"
import { UsageError } from "../usage.js"

/** Options of all commands that connect. */
export const connectOptions = ["queue", "cert", "server-cert"] as const
export const connectFlags = ["insecure"] as const

type Given = Partial<Record<(typeof connectOptions)[number], string> & Record<(typeof connectFlags)[number], boolean>>

/** The help of those options. */
export const connectHelp = `
  --queue ENDPOINT      where the queue is, such as tcp://127.0.0.1:5580. Several, with commas, if they serve the same tasks.
                        If it does not answer in time, the exit code is 3; if it refuses this side or what it asks for, 4
  --cert FILE           this side's certificate with its secret key, made by: ohmq keys certificate
  --server-cert FILE    the queue's public certificate, or its public key as 40 characters of Z85
  --insecure            connect to another machine without encryption`

/** A certificate with its secret key. */
export async function ownCertificate(file: string): Promise<Certificate> {
  const certificate = await Certificate.load(file)
  if (certificate.hasSecretKey) return certificate
  throw new UsageError(`--cert: ${file} has no secret key. Did you mean ${file}_secret?`)
}

const isKey = (text: string) => /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(text)

/** The public key of a server: in a certificate, or as it is. */
export const serverKeyOf = async (server: string): Promise<string> =>
  isKey(server) ? server : (await Certificate.load(server)).publicKey

async function securityOf({ cert, "server-cert": server }: Given): Promise<SocketSecurity | undefined> {
  if (cert === undefined && server === undefined) return undefined
  if (server === undefined) throw new UsageError("--cert needs --server-cert FILE, the queue's public certificate")
  const serverKey = await serverKeyOf(server)
  return { client: cert === undefined ? generateKeyPair() : await ownCertificate(cert), serverKey }
}

/** Where the queue is. */
export async function targetOf(values: Given): Promise<ConnectOptions> {
  if (values.queue === undefined)
    throw new UsageError("Expected --queue ENDPOINT, such as --queue tcp://127.0.0.1:5580. ohmq tasks serve says it")
  const connect = values.queue.split(",")
  for (const endpoint of connect) checkEndpoint("--queue", endpoint)
  const security = await securityOf(values)
  const open = connect.find((endpoint) => !isLocalEndpoint(endpoint))
  if (security === undefined && values.insecure !== true && open !== undefined)
    throw new UsageError(
      `--queue: ${open} goes beyond this machine, unencrypted. Give --cert FILE_secret and --server-cert FILE, or --insecure`,
    )
  return { connect, security, insecure: values.insecure }
}

/** Refuses what cannot be an endpoint, by the name of the option. */
export function checkEndpoint(option: string, endpoint: string): void {
  if (!/^(tcp|ipc|inproc):\/\/.+$/.test(endpoint))
    throw new UsageError(`${option}: Expected an endpoint such as tcp://127.0.0.1:5580 but received "${endpoint}"`)
}

/** What an option of the command line is refused for is wrong usage. */
export async function asUsage<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make()
  } catch (error) {
    if (error instanceof TaskError && error.code === "INVALID") throw new UsageError(error.message)
    throw error
  }
}

/** The exit codes beyond those of all commands, as of `emit` and `gate`. */
const exitCodes: Partial<Record<TaskErrorCode, number>> = { TIMEOUT: 3, DENIED: 4 }

/** Does something with a client, and closes it. */
export async function withClient<T>(values: Given, work: (client: TaskClient) => Promise<T>): Promise<T> {
  const target = await targetOf(values)
  // Of several, another one may have to take over first.
  const timeout = [target.connect].flat().length > 1 ? 60_000 : 10_000
  const client = await asUsage(() => new TaskClient({ ...target, timeout }))
  try {
    return await work(client)
  } catch (error) {
    const code = error instanceof TaskError ? exitCodes[error.code] : undefined
    throw code === undefined ? error : new ExitError((error as Error).message, code)
  } finally {
    client.close()
  }
}

/** A duration such as 30s, in milliseconds. Undefined if the option was not given. */
export function durationOf<Name extends string>(values: Partial<Record<Name, string>>, name: Name): number | undefined {
  return parsed(values[name], name, duration())
}

/** The same, of a duration that is waited for. */
export function timerOf<Name extends string>(values: Partial<Record<Name, string>>, name: Name): number | undefined {
  return parsed(values[name], name, timerDuration())
}

/** A size such as 1MiB, in bytes. */
export function sizeOf<Name extends string>(values: Partial<Record<Name, string>>, name: Name): number | undefined {
  return parsed(values[name], name, size())
}

function parsed(text: string | undefined, name: string, schema: ReturnType<typeof duration>): number | undefined {
  if (text === undefined) return undefined
  const result = schema.safeParse(text)
  if (!result.success) throw new UsageError(`--${name}: ${result.error.issues[0]?.message}`)
  return result.data
}

/** An integer. Undefined if the option was not given. */
export function integerOf<Name extends string>(values: Partial<Record<Name, string>>, name: Name): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  if (/^-?\d{1,15}$/.test(text)) return Number(text)
  throw new UsageError(`--${name}: Expected an integer but received "${text}"`)
}

/** A point of time: a date, or a duration from now. In milliseconds since 1970. */
export function timeFrom<Name extends string>(values: Partial<Record<Name, string>>, name: Name): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const wait = duration().safeParse(text)
  if (wait.success) return Date.now() + wait.data
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new UsageError(
    `--${name}: Expected a time such as 2026-11-29T10:00Z, or a duration from now such as 30m, but received "${text}"`,
  )
}
