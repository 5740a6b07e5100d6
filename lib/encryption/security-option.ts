// The `security` option of sockets: sets up a mechanism completely, or throws an error that says what is missing.

import { isUint8Array } from "node:util/types"
import { checkNames, isObject } from "../base/checks.js"
import { hasKeyForm, type Key } from "../base/curve-key.js"
import { errnoError } from "../base/errors.js"
import { handle } from "../base/symbols.js"
import { addon, type NativeSocket } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import { staysHere } from "./requirements.js"

/** A public key and its secret key. A Certificate of `ohmq/security` is a key pair. */
export interface KeyPair {
  /** The public key. */
  readonly publicKey: Key
  /** The secret key; null in a public certificate. */
  readonly secretKey: Key | null
}

/** The properties of a socket that the `security` option sets and reads. */
export interface SecuredSocket
  extends Pick<
    OptionsOn<"Socket">,
    | "curvePublicKey"
    | "curveSecretKey"
    | "curveServer"
    | "curveServerKey"
    | "plainPassword"
    | "plainServer"
    | "plainUsername"
    | "securityMechanism"
    | "zapDomain"
    | "zapEnforceDomain"
  > {
  /** @internal */
  [handle](): Pick<NativeSocket, "isSecretKey">
}

/** Decides which clients may connect: an Authenticator of `ohmq/security`. */
export interface Guard {
  /** Starts to guard a server, before it binds or connects. */
  guard(socket: SecuredSocket): void
}

/** A CURVE server. One of `authenticator`, `domain` and `clients` is required: it decides which clients may connect. */
export interface ServerSecurity {
  /** The server's key pair. */
  server: KeyPair
  /** Decides which clients may connect, for `domain`. It must belong to the same context. */
  authenticator?: Guard
  /** The domain for the authentication handler. Without `authenticator`, this process must have a handler elsewhere. Default "global". */
  domain?: string
  /** "any": every client that knows the server's public key may connect. */
  clients?: "any"
}

/** A CURVE client. */
export interface ClientSecurity {
  /** The client's key pair. */
  client: KeyPair
  /** The server's public key, or its certificate. */
  serverKey: Key | Pick<KeyPair, "publicKey">
}

/** A PLAIN server, with user names and passwords. Only over ipc and inproc, because they are sent unencrypted. */
export interface PlainServerSecurity {
  /** Makes the socket a PLAIN server. */
  plainServer: true
  /** Decides which clients may connect, for `domain`. */
  authenticator?: Guard
  /** The domain for the authentication handler. Default "global". */
  domain?: string
}

/** A PLAIN client, with user name and password. Only over ipc and inproc. */
export interface PlainClientSecurity {
  /** The user name; not empty. */
  username: string
  /** The password; not empty. */
  password: string | Uint8Array
}

/** What the `security` option accepts. */
export type SocketSecurity = ServerSecurity | ClientSecurity | PlainServerSecurity | PlainClientSecurity

const invalid = (message: string) => errnoError("EINVAL", `security: ${message}`)

/** A key pair that hides its secret key from inspection and JSON. It can be used again. */
class ShownKeyPair implements KeyPair {
  readonly publicKey: Key
  readonly #secretKey: Key | null

  constructor({ publicKey, secretKey }: KeyPair) {
    this.publicKey = publicKey
    this.#secretKey = secretKey
  }

  get secretKey(): Key | null {
    return this.#secretKey
  }

  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { publicKey: this.publicKey, secretKey: "[hidden]" }
  }
}

class ShownPlainClient implements PlainClientSecurity {
  readonly username: string
  readonly #password: string | Uint8Array

  constructor({ username, password }: PlainClientSecurity) {
    this.username = username
    this.#password = password
  }

  get password(): string | Uint8Array {
    return this.#password
  }

  [Symbol.for("nodejs.util.inspect.custom")](): object {
    return { username: this.username, password: "[hidden]" }
  }
}

/** A certificate hides its secret key itself, so it is returned as it is. */
const shownPair = (pair: KeyPair) => (Object.hasOwn(pair, "secretKey") ? new ShownKeyPair(pair) : pair)

function shown(security: SocketSecurity): SocketSecurity {
  if ("server" in security) return { ...security, server: shownPair(security.server) }
  if ("client" in security) return { ...security, client: shownPair(security.client) }
  return "password" in security ? new ShownPlainClient(security) : security
}

// Errors never quote a value, because it may be secret.

function checkKey(what: string, key: unknown): Key {
  if (!hasKeyForm(key)) throw invalid(`${what} must be a key: 40 characters of Z85, or 32 bytes`)
  return key
}

/** Asks the addon, because reading `curveSecretKey` would create a string, which cannot be zeroed. */
const isSecretKey = (socket: SecuredSocket, key: string | null) => socket[handle]().isSecretKey(key)

/** Sets the key pair of a socket, after checking that the two keys belong together. */
function setPair(socket: SecuredSocket, what: "server" | "client", pair: unknown): void {
  if (!isObject(pair)) throw invalid(`${what} must be a certificate or a key pair; generateKeyPair() makes one`)
  const { publicKey, secretKey } = pair as KeyPair
  checkKey(`${what}.publicKey`, publicKey)
  if (secretKey === null || secretKey === undefined) {
    throw invalid(`${what} has no secret key. Load the secret certificate file (.key_secret), not the public one`)
  }
  checkKey(`${what}.secretKey`, secretKey)
  let derived: string
  try {
    derived = addon.curvePublicKey(secretKey)
    socket.curvePublicKey = publicKey as string
    socket.curveSecretKey = secretKey as string
  } catch {
    throw invalid(`${what} has a key with an invalid Z85 character`)
  }
  const own = socket.curvePublicKey
  if (derived === own) return
  if (isSecretKey(socket, own)) throw invalid(`${what}.secretKey is the public key; use the secret key`)
  throw invalid(
    `${what}.publicKey does not belong to ${what}.secretKey. Are the two swapped? publicKeyFrom() returns the right one`,
  )
}

function setDomain(socket: SecuredSocket, domain: unknown): void {
  if (typeof domain !== "string" || domain === "") throw invalid("domain must be a non-empty string")
  socket.zapDomain = domain
  // Without this, libzmq accepts every client if there is no handler.
  if (addon.capability.draft === true) socket.zapEnforceDomain = true
}

function setGuard(
  socket: SecuredSocket,
  { authenticator, domain = "global" }: { authenticator?: Guard; domain?: string },
) {
  setDomain(socket, domain)
  if (authenticator === undefined) return
  if (typeof authenticator?.guard !== "function")
    throw invalid("authenticator must be an Authenticator from ohmq/security")
  authenticator.guard(socket)
}

function asServer(socket: SecuredSocket, security: ServerSecurity): void {
  checkNames(security, "server", "authenticator", "domain", "clients")
  const { clients, authenticator, domain } = security
  if (clients !== undefined && clients !== "any") throw invalid(`clients must be "any" or be left out`)
  if (clients === undefined && authenticator === undefined && domain === undefined) {
    throw invalid(
      "a server with keys only encrypts, but lets anyone in. Add authenticator: new Authenticator({ context, curve }), " +
        `or domain if this process has its own ZAP handler, or clients: "any" if anyone may connect`,
    )
  }
  if (clients === "any" && (authenticator !== undefined || domain !== undefined)) {
    throw invalid(`clients: "any" cannot be combined with authenticator or domain; remove one of them`)
  }
  setPair(socket, "server", security.server)
  socket.curveServer = true
  if (clients === undefined) setGuard(socket, security)
  // Without this, libzmq asks the handler that other sockets of the context may have.
  else if (addon.capability.draft === true) socket.zapEnforceDomain = true
}

function asClient(socket: SecuredSocket, security: ClientSecurity): void {
  checkNames(security, "client", "serverKey")
  const { client, serverKey } = security
  if (client === undefined) {
    throw invalid("serverKey also needs client, this side's own key pair; generateKeyPair() makes one")
  }
  if (serverKey === undefined) {
    throw invalid("client also needs serverKey, the server's public key, which proves that it is the right server")
  }
  const key = checkKey("serverKey", isObject(serverKey) && "publicKey" in serverKey ? serverKey.publicKey : serverKey)
  setPair(socket, "client", client)
  try {
    socket.curveServerKey = key as string
  } catch {
    throw invalid("serverKey has an invalid Z85 character")
  }
  const { curveServerKey } = socket
  if (curveServerKey === socket.curvePublicKey) {
    throw invalid("serverKey is this side's own public key; use the server's public key")
  }
  if (isSecretKey(socket, curveServerKey)) {
    throw invalid("serverKey is this side's secret key; use the server's public key")
  }
}

function asPlainServer(socket: SecuredSocket, security: PlainServerSecurity): void {
  checkNames(security, "plainServer", "authenticator", "domain")
  if (security.plainServer !== true) throw invalid("plainServer must be true")
  socket.plainServer = true
  setGuard(socket, security)
}

function asPlainClient(socket: SecuredSocket, security: PlainClientSecurity): void {
  checkNames(security, "username", "password")
  const { username, password } = security
  if (typeof username !== "string" || username === "") throw invalid("username must be a non-empty string")
  if (!(typeof password === "string" || isUint8Array(password)) || password.length === 0) {
    throw invalid("password must be a non-empty string or Uint8Array")
  }
  socket.plainUsername = username
  socket.plainPassword = password as string
}

/** The security of a socket, which is checked before each bind and connect. */
export class SecuritySetup {
  readonly given: SocketSecurity
  readonly #mechanism: "curve" | "plain"
  readonly #server: boolean
  readonly #domain: string | null

  constructor(socket: SecuredSocket, security: unknown) {
    if (!isObject(security)) {
      throw invalid(
        "must be { server, authenticator }, { client, serverKey }, { plainServer } or { username, password }",
      )
    }
    if (socket.securityMechanism !== null)
      throw invalid(`${socket.securityMechanism} was already set up by other options`)
    this.#server = "server" in security || "plainServer" in security
    this.#mechanism = "plainServer" in security || "username" in security || "password" in security ? "plain" : "curve"
    if ("server" in security) asServer(socket, security as ServerSecurity)
    else if (this.#mechanism === "curve") asClient(socket, security as ClientSecurity)
    else if (this.#server) asPlainServer(socket, security as PlainServerSecurity)
    else asPlainClient(socket, security as PlainClientSecurity)
    this.given = shown(security as SocketSecurity)
    this.#domain = socket.zapDomain
  }

  /** Throws if other options have undone it, or if it does not fit the endpoint. */
  check(socket: SecuredSocket, address: string): void {
    const refuse = (message: string) => Object.assign(invalid(message), { address })
    const { securityMechanism } = socket
    const isServer = this.#mechanism === "curve" ? socket.curveServer : socket.plainServer
    if (securityMechanism !== this.#mechanism || isServer !== this.#server) {
      throw refuse(
        "was undone by an option that was set after it, such as curveServer or plainUsername; remove that option",
      )
    }
    if (this.#server && this.#domain !== null) {
      const enforced = addon.capability.draft !== true || socket.zapEnforceDomain
      if (socket.zapDomain !== this.#domain || !enforced)
        throw refuse("zapDomain was changed after it; set the domain in security instead")
    }
    if (this.#mechanism === "plain" && !/^(ipc|inproc):/.test(address)) {
      const where = staysHere(address, "connect")
        ? "Use ipc:// or CURVE"
        : "Use CURVE: { server } and { client, serverKey }"
      throw refuse(
        `PLAIN sends passwords and messages unencrypted, so it is refused over ${address.replace(/:.*/s, "")}. ${where}`,
      )
    }
  }
}
