// The security of a socket, from the options of the command line.

import { readFileSync, statSync } from "node:fs"
import process from "node:process"

import type { Context, SocketSecurity } from "../../index.js"
import type { Certificate } from "../../security/index.js"
import { CommandError, RefusedError, UsageError } from "../command/exit.js"
import { systemReason } from "../command/reasons.js"
import { warn } from "../command/terminal.js"
import type { ConnectionValues } from "./options.js"

/** The security of a socket. Undefined without any. */
export interface Security {
  security: SocketSecurity
  /** Ends the authenticator. */
  close(): Promise<void>
}

async function loadCertificate(option: string, file: string): Promise<Certificate> {
  const { Certificate } = require("../../security/index.js") as typeof import("../../security/index.js")
  try {
    return await Certificate.load(file)
  } catch (error) {
    const { code, syscall, message } = error as NodeJS.ErrnoException
    // Not the system's: others can read the secret key, or change the file. The message says how to mend it.
    if (code === "EACCES" && syscall === undefined) throw new RefusedError(`--${option}: ${message}`)
    throw new CommandError(`--${option}: cannot load the certificate ${file}: ${systemReason(error)}`)
  }
}

async function ownCertificate(file: string): Promise<Certificate> {
  const certificate = await loadCertificate("cert", file)
  if (certificate.hasSecretKey) return certificate
  throw new UsageError(`--cert: ${file} has no secret key. Did you mean ${file}_secret?`)
}

/** Whether a text is a key, and not the name of a file. */
export const isKey = (text: string) => /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/.test(text)

/** The password that "env:NAME" or "file:PATH" refers to. */
function readSecret(reference: string): string | Buffer {
  const [, kind, where = ""] = /^(env|file):(.+)$/s.exec(reference) ?? []
  if (kind === "env") {
    const secret = process.env[where]
    if (secret === undefined || secret === "")
      throw new CommandError(`--plain: the environment variable ${where} is not set`)
    return secret
  }
  if (kind === "file") {
    try {
      if (process.platform !== "win32" && (statSync(where).mode & 0o077) !== 0) {
        throw new RefusedError(`--plain: other users can read ${where}. Run: chmod 600 ${where}`)
      }
      return readFileSync(where, "utf8").replace(/\r?\n$/, "")
    } catch (error) {
      if (error instanceof CommandError) throw error
      throw new CommandError(`--plain: cannot read ${where}: ${systemReason(error)}`)
    }
  }
  throw new UsageError(
    "--plain: expected USER:env:NAME or USER:file:PATH. A password on the command line is visible to all users",
  )
}

const noClose = async () => {}

async function curveServer(
  { cert, clients, passwords, ...more }: ConnectionValues,
  context: Context | undefined,
): Promise<Security> {
  if (cert === undefined)
    throw new UsageError("--server needs --cert FILE, this server's certificate with its secret key")
  if (more["server-cert"] !== undefined)
    throw new UsageError("--server-cert is for clients. A server has --cert and --clients")
  if (clients === undefined)
    throw new UsageError("--server needs --clients DIR, the certificates of its clients, or --clients any")
  const server = await ownCertificate(cert)
  if (clients === "any") {
    warn("--clients any: everybody who knows this server's public key may connect")
    return { security: { server, clients: "any" }, close: noClose }
  }
  const { Authenticator } = require("../../security/index.js") as typeof import("../../security/index.js")
  const authenticator = new Authenticator({ context, curve: clients })
  authenticator.on("denied", ({ reason, address }) => warn(`refused a client at ${address}: ${reason}`))
  return { security: { server, authenticator }, close: async () => authenticator.close() }
}

async function curveClient({ cert, "server-cert": serverCertificate }: ConnectionValues): Promise<Security> {
  if (serverCertificate === undefined) {
    throw new UsageError("--cert needs --server-cert FILE to connect, or --server to be the server")
  }
  const { generateKeyPair } = require("../../security/index.js") as typeof import("../../security/index.js")
  const serverKey = isKey(serverCertificate)
    ? serverCertificate
    : await loadCertificate("server-cert", serverCertificate)
  const client = cert === undefined ? generateKeyPair() : await ownCertificate(cert)
  return { security: { client, serverKey }, close: noClose }
}

/**
 * The security that the options ask for.
 * @param context The socket's, if that is not the default one. A context can have only one authenticator.
 */
export async function securityOf(values: ConnectionValues, context?: Context): Promise<Security | undefined> {
  const { cert, server, clients, plain, passwords } = values
  const isCurve = cert !== undefined || values["server-cert"] !== undefined || server === true || clients !== undefined
  if (isCurve && (plain !== undefined || passwords !== undefined)) {
    throw new UsageError("CURVE (--cert, --server-cert) and PLAIN (--plain, --passwords) exclude each other")
  }
  if (clients !== undefined && server !== true) throw new UsageError("--clients needs --server")
  if (server === true) return curveServer(values, context)
  if (isCurve) return curveClient(values)
  if (passwords !== undefined) {
    const { Authenticator } = require("../../security/index.js") as typeof import("../../security/index.js")
    const authenticator = new Authenticator({ context, plain: passwords })
    authenticator.on("denied", ({ reason, address }) => warn(`refused a client at ${address}: ${reason}`))
    return { security: { plainServer: true, authenticator }, close: async () => authenticator.close() }
  }
  if (plain === undefined) return undefined
  const [, username = "", reference = ""] = /^([^:]*):(.*)$/s.exec(plain) ?? []
  if (username === "") throw new UsageError("--plain: expected USER:env:NAME or USER:file:PATH")
  return { security: { username, password: readSecret(reference) }, close: noClose }
}
