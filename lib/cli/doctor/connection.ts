// Gets a connection to the peer: the name, the addresses, the file of an ipc endpoint.

import { Buffer } from "node:buffer"
import { promises as dns } from "node:dns"
import { type Stats, statSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { connect, isIP, type NetConnectOpts } from "node:net"
import { networkInterfaces } from "node:os"
import process from "node:process"

import { systemMeaning } from "../connection/failures.js"
import type { Cause } from "./causes.js"
import type { Examination } from "./examination.js"
import type { LocalTarget, NetworkTarget, Target } from "./target.js"
import { Wire } from "./wire.js"

/** Whether an address is one of this machine. */
export const isOwnAddress = (address: string) =>
  /^(127\.|0\.0\.0\.0$|::1?$|::ffff:127\.)/.test(address) ||
  Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === address))

/** Opens one connection. */
export async function open(examination: Examination, options: NetConnectOpts): Promise<Wire | string> {
  const socket = connect(options)
  const wire = examination.adopt(new Wire(socket))
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      socket.destroy()
      resolve("ETIMEDOUT")
    }, examination.timeout)
    const finish = (result: Wire | string) => {
      clearTimeout(timer)
      resolve(result)
    }
    socket.once("connect", () => finish(wire))
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
  })
}

/** Finds the addresses of a name, those of IPv4 first, as libzmq takes them. */
export async function resolve(examination: Examination, host: string): Promise<string[] | Cause> {
  if (isIP(host.replace(/%.*$/, "")) !== 0) return [host]
  const end = examination.begin("name")
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((done) => {
    timer = setTimeout(done, examination.timeout, undefined)
  })
  try {
    const found = await Promise.race([dns.lookup(host, { all: true, order: "ipv4first" }), late])
    if (found === undefined) {
      end(`no answer about ${host}`, false)
      return "name-server-silent"
    }
    const addresses = [...new Set(found.map(({ address }) => address))]
    end(`${host} is ${addresses.join(", ")}`)
    return addresses
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException
    examination.facts.code = code
    const isUnknown = code === "ENOTFOUND" || code === "ENODATA"
    end(isUnknown ? `there is no ${host}` : `the name service cannot tell (${code})`, false)
    return isUnknown ? "name-unknown" : "name-server-silent"
  } finally {
    clearTimeout(timer)
  }
}

const causesByCode: Readonly<Record<string, Cause>> = {
  ECONNREFUSED: "nothing-listens",
  ETIMEDOUT: "no-answer",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  ENETDOWN: "unreachable",
  EHOSTDOWN: "unreachable",
  EADDRNOTAVAIL: "unreachable",
  EACCES: "not-permitted",
  EPERM: "not-permitted",
  ECONNRESET: "closes-at-once",
}

/** Whether a connection to a free port of this machine has met itself, as TCP allows it ("simultaneous open"). */
const isToItself = ({ socket }: Wire) =>
  socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress

async function openNetwork(examination: Examination, target: NetworkTarget): Promise<Wire | Cause> {
  const { facts } = examination
  const addresses = await resolve(examination, target.host)
  if (typeof addresses === "string") return addresses
  facts.addresses = addresses
  facts.isLocal = addresses.some(isOwnAddress)
  const codes: string[] = []
  for (const address of addresses) {
    const end = examination.begin("connection")
    const where = `${address.includes(":") ? `[${address}]` : address}:${target.port}`
    const result = await open(examination, {
      host: address,
      port: target.port,
      ...(target.source !== undefined && { localAddress: target.source }),
    })
    if (typeof result === "string") {
      codes.push(result)
      end(`${where}: ${systemMeaning(Object.assign(new Error(result), { code: result }))}`, false)
      continue
    }
    if (isToItself(result)) {
      end(`${where}: it has met itself, so nothing listens`, false)
      result.socket.resetAndDestroy()
      codes.push("ECONNREFUSED")
      continue
    }
    end(`to ${where}`)
    facts.peer = where
    examination.address = address
    // libzmq uses IPv6 only with the option ipv6, and without it the first address of IPv4.
    if (isIP(address) === 6 && isIP(target.host.replace(/%.*$/, "")) === 0) {
      result.close()
      return addresses.some((one) => isIP(one) === 4) ? "only-ipv6-listens" : "only-ipv6-name"
    }
    return result
  }
  const code = codes.find((one) => one !== "ENETUNREACH") ?? codes[0] ?? ""
  facts.code = code
  return causesByCode[code] ?? "unreachable"
}

/** libzmq's limit is that of sockaddr_un. */
const LONGEST_PATH = process.platform === "linux" ? 107 : 103

function look(path: string): Stats | string {
  try {
    return statSync(path)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "?"
  }
}

/** What is wrong with the file of an ipc endpoint. Undefined if it is a socket. */
function examineFile(examination: Examination, path: string): Cause | undefined {
  const end = examination.begin("file")
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    end(`${path.length} characters are too many`, false)
    return "ipc-path-too-long"
  }
  const stats = look(path)
  if (typeof stats === "string") {
    examination.facts.code = stats
    end(
      `${path}: ${stats === "ENOENT" ? "no such file" : systemMeaning({ code: stats, name: "", message: stats })}`,
      false,
    )
    if (stats === "EACCES" || stats === "EPERM") return "ipc-not-permitted"
    return "ipc-missing"
  }
  if (!stats.isSocket()) {
    end(`${path} is ${stats.isDirectory() ? "a folder" : stats.isFile() ? "a file" : "not a socket"}`, false)
    return "ipc-not-a-socket"
  }
  end(`${path} is a socket, mode ${(stats.mode & 0o777).toString(8).padStart(4, "0")}`)
  return undefined
}

/**
 * Whether an abstract socket is bound to a name. Node.js before 22 cannot connect to it: it fills the name up with zeros, and those belong
 * to the name.
 */
async function isAbstractBound(name: string): Promise<boolean> {
  const text = await readFile("/proc/net/unix", "utf8").catch(() => "")
  return text.split("\n").some((line) => {
    const [, , , flags, , , , ...words] = line.split(" ")
    return flags === LISTENING && words.join(" ") === name
  })
}

/** SO_ACCEPTCON, in /proc/net/unix. */
const LISTENING = "00010000"

async function openLocal(examination: Examination, { path }: LocalTarget): Promise<Wire | Cause | "abstract"> {
  const { facts } = examination
  facts.isLocal = true
  const isAbstract = path.startsWith("@")
  const wrong = isAbstract ? undefined : examineFile(examination, path)
  if (wrong !== undefined) return wrong
  const end = examination.begin("connection")
  const result = await open(examination, { path: isAbstract ? `\0${path.slice(1)}` : path })
  if (typeof result !== "string") {
    end(`to ${path}`)
    facts.peer = path
    return result
  }
  facts.code = result
  end(`${path}: ${systemMeaning(Object.assign(new Error(result), { code: result }))}`, false)
  if (result === "ECONNREFUSED") {
    if (!isAbstract) return "ipc-abandoned"
    return (await isAbstractBound(path)) ? "abstract" : "ipc-missing"
  }
  if (result === "EACCES" || result === "EPERM") return "ipc-not-permitted"
  if (result === "ENOENT") return "ipc-missing"
  return causesByCode[result] ?? "unreachable"
}

/** Connects to the target, or says why that fails. "abstract" if only libzmq can connect. */
export const openTarget = (examination: Examination, target: Target): Promise<Wire | Cause | "abstract"> =>
  target.transport === "ipc" ? openLocal(examination, target) : openNetwork(examination, target)

/** How a further connection gets to where the first one went. */
export const sameWay = ({ address }: Examination, target: Target): NetConnectOpts =>
  target.transport === "ipc"
    ? { path: target.path.startsWith("@") ? `\0${target.path.slice(1)}` : target.path }
    : {
        host: address ?? target.host,
        port: target.port,
        ...(target.source !== undefined && { localAddress: target.source }),
      }

/** A further connection to where the first one went. Undefined if it fails. */
export async function openAgain(examination: Examination, target: Target): Promise<Wire | undefined> {
  const wire = await open(examination, sameWay(examination, target))
  return typeof wire === "string" ? undefined : wire
}
