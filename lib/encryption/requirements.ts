// Checks before a socket binds or connects: no plain text leaves the machine unnoticed, and the options of a security mechanism are
// complete. The `security` option, which sets them, is in security-option.ts.

import { BlockList, isIP } from "node:net"
import { networkInterfaces } from "node:os"
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads"

import { errnoError } from "../base/errors.js"
import type { SocketType } from "../base/socket-types.js"
import { warnOnce } from "../base/warnings.js"
import { addon, constant } from "../native/addon.js"
import { type Option, socketOptions } from "../options/table/index.js"
import { mechanismOptions } from "../options/table/mechanisms.js"

export type EndpointUse = "bind" | "connect"

type Read = (option: Option) => unknown

/** Whether this is the CURVE secret key; null stands for none. The key itself is never read, because it would become a string. */
type IsSecretKey = (key: string | null) => boolean

const { raw, socksProxy, useFileDescriptor } = socketOptions

/** The options that are checked here and by the `security` option. They must not change during a bind. */
export const checkedOptions: ReadonlySet<Option> = new Set([
  ...Object.values<Option>(mechanismOptions),
  ...[raw, socksProxy, useFileDescriptor],
])

const loopback = new BlockList()
loopback.addSubnet("127.0.0.0", 8, "ipv4")
loopback.addAddress("::1", "ipv6")

function isLoopback(host: string, use: EndpointUse): boolean {
  const name = host.replace(/^\[(.*)\]$/, "$1").toLowerCase()
  const address = name.replace(/%.*$/, "")
  const family = isIP(address)
  if (family !== 0) {
    // A connect to "any address" reaches this machine.
    if (use === "connect" && (address === "0.0.0.0" || address === "::")) return true
    return loopback.check(address, family === 4 ? "ipv4" : "ipv6")
  }
  // Other names, even "x.localhost", are looked up.
  if (name === "localhost") return true
  const addresses = use === "bind" ? new Map(Object.entries(networkInterfaces())).get(host) : undefined
  return addresses?.every(({ internal }) => internal) ?? false
}

/** Transports that may leave the machine, which their addresses do not show. */
const network = ["pgm", "epgm", "norm", "tipc", "vmci", "vsock"]

/** Whether the messages of an endpoint stay on this machine. True for addresses that libzmq refuses. */
export function staysHere(address: string, use: EndpointUse): boolean {
  const [, transport, rest] = /^([^:]+):\/\/(.*)$/s.exec(address) ?? []
  if (rest === undefined || transport === "inproc" || transport === "ipc") return true
  if (!["tcp", "udp", "ws", "wss"].includes(transport as string)) return !network.includes(transport as string)
  const endpoint = transport?.startsWith("ws") ? rest.replace(/\/.*$/s, "") : rest
  // A source address may come before the destination, with a semicolon.
  const [, host] = /^(?:.*;)?(.*):[^:]*$/s.exec(endpoint) ?? []
  return host !== undefined && isLoopback(host, use)
}

/** The address at which other machines reach the descriptor that is used in place of the address; undefined if they cannot. */
function listensBeyond(fd: number): string | undefined {
  const [end, host] = /^(.+):\d+$/.exec((fd !== -1 && addon.endOf(fd, false)) || "") ?? []
  return host === undefined || isLoopback(host, "bind") ? undefined : end
}

/** How messages of an endpoint leave this machine, and what to use instead. Undefined if they do not. */
function wayOut(address: string, use: EndpointUse, read: Read): { reached: string; instead: string } | undefined {
  // The proxy resolves the address, even "127.0.0.1". libzmq uses a proxy for tcp only.
  const proxy = use === "connect" && address.startsWith("tcp:") ? read(socksProxy) : null
  if (proxy !== null) {
    const instead = "remove socksProxy and use loopback or ipc"
    return { reached: `${address} is reached through the SOCKS proxy ${proxy}`, instead }
  }
  const end = use === "bind" ? listensBeyond(read(useFileDescriptor) as number) : undefined
  if (end !== undefined) {
    const instead = "set useFileDescriptor to a descriptor that listens on loopback"
    return { reached: `${address} is reached at ${end}, where useFileDescriptor listens,`, instead }
  }
  return staysHere(address, use) ? undefined : { reached: `${address} is reached`, instead: "use loopback or ipc" }
}

function encrypts(address: string, type: SocketType, read: Read): boolean {
  if (address.startsWith("wss:")) return true
  // Without ZMTP there is no mechanism, whatever the options say. An option that was set by its number may be an integer.
  const isPlain = type.plain || (type.number === constant("ZMQ_ROUTER") && Boolean(read(raw)))
  // The descriptor of a bind over ipc may be that of a tcp socket.
  if (isPlain || !/^(tcp|ipc|ws|tipc|vmci|vsock):/.test(address)) return false
  const mechanism = read(socketOptions.securityMechanism)
  return mechanism === "curve" || (mechanism === "gssapi" && read(socketOptions.gssapiPlainText) === false)
}

/** What CURVE lacks, and what to do. Without this, libzmq would retry forever without an error. */
function lackOfCurve(read: Read, isSecretKey: IsSecretKey): string | undefined {
  const publicKey = read(socketOptions.curvePublicKey) as string | null
  const hasSecretKey = !isSecretKey(null)
  if (read(socketOptions.curveServer)) {
    return hasSecretKey ? undefined : "curveServer also needs curveSecretKey, the server's own secret key"
  }
  if (read(socketOptions.curveServerKey) === null) {
    return "CURVE needs curveServerKey (the server's public key) on a client, or curveServer: true on a server"
  }
  if (!hasSecretKey || publicKey === null) {
    return "curveServerKey also needs curvePublicKey and curveSecretKey, this side's own key pair; curveKeyPair() makes one"
  }
  return isSecretKey(publicKey) ? "curveSecretKey is the public key; set the secret key" : undefined
}

const refusal = (code: string, message: string, address: string) =>
  Object.assign(errnoError(code, message), { address })

interface Endpoint {
  address: string
  use: EndpointUse
  type: SocketType
  read: Read
  isSecretKey: IsSecretKey
  /** Whether messages that leave this machine must be encrypted. */
  required: boolean
}

/** Throws if a socket must not bind or connect to an address. Warns of plain text. */
export function checkEncryption({ address, use, type, read, isSecretKey, required }: Endpoint): void {
  if (address.startsWith("inproc:")) return
  const mechanism = read(socketOptions.securityMechanism)
  if (mechanism === "curve") {
    const lack = lackOfCurve(read, isSecretKey)
    if (lack !== undefined && required) throw refusal("EPERM", lack, address)
    if (lack !== undefined) warnOnce("OHMQ_CURVE_INCOMPLETE", `${lack}. No message will pass through ${address}`)
  }
  if (mechanism === "plain" && enforcesDomain(read) && read(socketOptions.zapDomain) === null) {
    // libzmq would abort the process when a peer connects.
    if (read(socketOptions.plainServer)) throw refusal("EINVAL", "zapEnforceDomain also needs a zapDomain", address)
  }
  if (encrypts(address, type, read)) return
  const way = wayOut(address, use, read)
  if (way === undefined) return
  const problem = `${way.reached} in plain text: everybody on the way can read and change the messages.`
  const remedy = `Set the socket's security option (CURVE; see docs/security.md), or ${way.instead}`
  if (required)
    throw refusal("EPERM", `${problem} The context requires encryption (requireEncryption). ${remedy}`, address)
  warnOnce(
    "OHMQ_PLAINTEXT",
    `${problem} ${remedy}. (This warning appears once. context.requireEncryption turns it into an error.)`,
  )
}

const enforcesDomain = (read: Read) => addon.capability.draft === true && read(socketOptions.zapEnforceDomain) === true

/**
 * Whether a ZAP handler must accept every peer. Otherwise a peer can claim any user id in its handshake, and libzmq reports that as
 * "User-Id".
 */
export function namesUsersForCertain(read: Read): boolean {
  const mechanism = read(socketOptions.securityMechanism)
  if (mechanism === "plain") return read(socketOptions.plainServer) === true
  if (mechanism === "curve" && read(socketOptions.curveServer) === false) return false
  return mechanism !== "gssapi" && enforcesDomain(read) && read(socketOptions.zapDomain) !== null
}

const requirement = "ohmq.requireEncryption"

/** Worker threads share the default context, but each has its own object for it. */
export const inheritedRequirement = (): boolean => getEnvironmentData(requirement) === true
export const bequeathRequirement = (value: boolean): void => setEnvironmentData(requirement, value)
