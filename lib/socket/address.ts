// Explains what is wrong with an address that libzmq or this package has refused.

import { Buffer } from "node:buffer"
import process from "node:process"
import { type ErrnoError, errnoError, withReason } from "../base/errors.js"
import type { EndpointUse } from "../encryption/requirements.js"
import { addon } from "../native/addon.js"

/** An example of an address, by transport. The last ones may be missing from a build of libzmq. */
const examples: Record<string, string> = {
  tcp: "tcp://127.0.0.1:5555",
  ipc: "ipc:///run/app/tasks",
  inproc: "inproc://tasks",
  udp: "udp://127.0.0.1:5555",
  ws: "ws://127.0.0.1:8080/tasks",
  wss: "wss://example.org:443/tasks",
  tipc: "tipc://{5555,0}",
  vmci: "vmci://2:5555",
  vsock: "vsock://2:5555",
  pgm: "pgm://eth0;239.192.1.1:5555",
  epgm: "epgm://eth0;239.192.1.1:5555",
  norm: "norm://239.192.1.1:5555",
}

/** The name in `capability` of each transport that may be missing. */
const capabilities: Record<string, string> = {
  ipc: "ipc",
  ws: "WS",
  wss: "WSS",
  tipc: "tipc",
  vmci: "vmci",
  vsock: "vsock",
  pgm: "pgm",
  epgm: "pgm",
  norm: "norm",
}

const isBuiltIn = (transport: string) =>
  capabilities[transport] === undefined || addon.capability[capabilities[transport]] === true

/** The maximum length of the path of a socket file, in bytes, including a zero byte at the end. */
const LONGEST_PATH = process.platform === "linux" || process.platform === "win32" ? 107 : 103

function transportProblem(address: string): string {
  const separator = address.indexOf("://")
  if (address === "") return `The address is empty. An address looks like "${examples.tcp}"`
  if (separator <= 0) {
    const meant = /^[^/]+:(?:\d+|\*)$/.test(address) ? `tcp://${address.replace(/^tcp:/, "")}` : examples.tcp
    return `The address has no transport. An address looks like "${meant}"`
  }
  const transport = address.slice(0, separator)
  const known = transport.trim().toLowerCase()
  const example = Object.hasOwn(examples, known) ? examples[known] : undefined
  if (example === undefined) {
    const all = Object.keys(examples).filter(isBuiltIn).join(", ")
    return `Unknown transport "${transport}". This libzmq supports ${all}`
  }
  if (known !== transport) return `The transport is spelt "${known}", not "${transport}": "${example}"`
  return `This libzmq was built without ${transport}`
}

function hostProblem(transport: string, rest: string, use: EndpointUse | undefined): string | undefined {
  const example = `as in "${examples[transport]}"`
  // A source address may come before the destination, with a semicolon. Only ws has a path.
  const target = rest.slice(rest.indexOf(";") + 1)
  const [authority = "", ...path] = transport.startsWith("ws") ? target.split("/") : [target]
  const colon = authority.lastIndexOf(":")
  if (path.length === 0 && authority.includes("/"))
    return `A ${transport} address has no path: it ends with the port, ${example}`
  if (colon < 0 || authority.endsWith("]")) return `The port is missing: it follows the host after a colon, ${example}`
  const [host, port] = [authority.slice(0, colon), authority.slice(colon + 1)]
  if (port === "") return `The port is missing after the colon, ${example}`
  if (port === "*" && use === "connect") return 'The port "*" is only for bind. To connect, give the port of the peer'
  if (port !== "*" && !/^\d+$/.test(port) && !/^[+-]\d+$/.test(port)) {
    return `The port is ${JSON.stringify(port)}, but must be a number, ${example}`
  }
  if (port !== "*" && !(Number(port) >= 0 && Number(port) <= 65535)) {
    return `The port is ${port}, but ports go from 0 to 65535`
  }
  if (host === "*" && use === "connect") return 'The host "*" is only for bind. To connect, give the host of the peer'
  if (host === "") return `The host is missing before the port, ${example}`
  const zone = /%([^\]]*)/.exec(host)?.[1]
  if (zone !== undefined) return `The host names the unknown network interface ${JSON.stringify(zone)}`
  const odd = /[^\w.:;%*[\]-]/.exec(authority)?.[0]
  return odd && `${JSON.stringify(odd)} cannot be in a host or port: an address looks like "${examples[transport]}"`
}

function pathProblem(path: string): string | undefined {
  const length = Buffer.byteLength(path)
  if (length > LONGEST_PATH) return `The path is ${length} bytes long, and the system allows ${LONGEST_PATH}`
  return path === "@" ? 'The name after "@" is missing, as in "ipc://@tasks"' : undefined
}

function typeProblem(transport: string): string {
  if (transport === "udp") return "udp is for draft types: a Radio connects to it, a Dish or Datagram binds to it"
  if (transport === "ws") return "A Stream speaks plain TCP: use tcp"
  return `${transport} is for Publisher, Subscriber, XPublisher and XSubscriber`
}

/** What is wrong with an address that failed with this code, as far as the address shows it. */
function problemOf(address: string, code: string, use: EndpointUse | undefined): string | undefined {
  if (address.includes("\0")) return "The address contains a zero byte. libzmq would ignore everything after it"
  const [, transport, rest] = /^([a-z]+):\/\/(.*)$/s.exec(address) ?? []
  if (code === "EPROTONOSUPPORT" || transport === undefined || rest === undefined) return transportProblem(address)
  if (code === "ENOCOMPATPROTO") return typeProblem(transport)
  if (rest === "") return `Nothing follows "${transport}://". An address looks like "${examples[transport]}"`
  if (transport === "ipc") return pathProblem(rest)
  return ["tcp", "udp", "ws", "wss"].includes(transport) ? hostProblem(transport, rest, use) : undefined
}

/** The codes of libzmq for addresses that are invalid whatever the state of the system. */
const explainable = new Set(["EINVAL", "EPROTONOSUPPORT", "ENOCOMPATPROTO", "ENAMETOOLONG"])

/**
 * Adds to an error of libzmq what is wrong with the address.
 *
 * @param use What the address was for; undefined for an unbind or disconnect.
 */
export function explained(error: unknown, address: string, use?: EndpointUse): unknown {
  const { code } = error as ErrnoError
  if (code === "EEXIST" && use === "bind" && address.startsWith("ipc://")) {
    const path = address.slice("ipc://".length)
    return Object.assign(error as Error, { message: `${path} exists and is not a socket, so it was not replaced` })
  }
  const problem = explainable.has(code) ? problemOf(address, code, use) : undefined
  return problem === undefined ? error : withReason(error as Error, problem)
}

export function checkAddress(address: unknown): asserts address is string {
  if (typeof address !== "string") throw new TypeError("Address must be a string")
}

/**
 * libzmq reads port 65537 as 1, 65536 as any port, and in a bind -1 as 65535. It reads an address up to the first NUL byte, so we would check
 * the rest although it is not used.
 */
export function checkForm(address: string, use?: EndpointUse): void {
  const port = /^(?:tcp|udp|ws|wss):.*:([+-]?\d+)(?:\/.*)?$/.exec(address)?.[1]
  const fits = port === undefined || (Number(port) >= 0 && Number(port) <= 65535)
  if (fits && !address.includes("\0")) return
  throw explained(Object.assign(errnoError("EINVAL"), { address }), address, use)
}
