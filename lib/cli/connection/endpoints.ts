// Endpoints on the command line: which of them are bound and which connected.

import { suggestion } from "../../base/spelling.js"
import { UsageError } from "../command/exit.js"

/** An endpoint, and what the socket does with it. */
export interface Endpoint {
  /** As libzmq takes it, such as "tcp://127.0.0.1:5555". */
  readonly address: string
  readonly isBound: boolean
}

const transports = ["tcp", "ipc", "inproc", "ws", "wss", "udp", "pgm", "epgm", "tipc", "norm", "vmci", "vsock"]

/** Whether an argument is an endpoint, and not a message. */
export const isEndpoint = (text: string) => /^[@>]?[a-z]+:\/\//.test(text)

/** Whether an argument is the name of a profile: "@prod". */
export const isProfile = (text: string) => /^@[A-Za-z0-9_-]+$/.test(text)

/**
 * Parses an endpoint.
 * @param bind What to do with an endpoint that does not say it: --bind.
 * @throws {UsageError} with what was probably meant.
 */
export function parseEndpoint(text: string, bind = false): Endpoint {
  const [, mark, address = ""] = /^([@>]?)(.*)$/s.exec(text) as RegExpExecArray
  const transport = /^([a-z]+):\/\/(.*)$/s.exec(address)
  if (transport === null) {
    const isHostAndPort = /^[\w.*-]+:(\d+|\*)$/.test(address)
    const meant = isHostAndPort
      ? `${mark}tcp://${address}`
      : /^(\d+)$/.test(address)
        ? `${mark}tcp://localhost:${address}`
        : undefined
    const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`
    throw new UsageError(
      `Expected an endpoint such as tcp://localhost:5555, but received ${JSON.stringify(text)}.${hint}`,
    )
  }
  const [, name = "", rest = ""] = transport
  if (!transports.includes(name)) {
    throw new UsageError(
      `Unknown transport ${JSON.stringify(name)} in ${JSON.stringify(text)}. ${suggestion(name, transports)}`.trimEnd(),
    )
  }
  if (rest === "") throw new UsageError(`The endpoint ${JSON.stringify(text)} has no address`)
  return { address, isBound: mark === "@" || (mark !== ">" && (bind || rest.includes("*"))) }
}
