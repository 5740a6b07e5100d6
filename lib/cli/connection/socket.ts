// Opens the socket of a verb: options, security, endpoints.

import { setTimeout as sleep } from "node:timers/promises"
import { suggestion } from "../../base/spelling.js"

import type { Peer } from "../../draft.js"
import type { Context, Socket } from "../../index.js"
import { CommandError, RefusedError, UsageError } from "../command/exit.js"
import { say, warn } from "../command/terminal.js"
import { type Endpoint, isEndpoint, isProfile, parseEndpoint } from "./endpoints.js"
import type { ConnectionValues } from "./options.js"
import { applyProfile } from "./profiles.js"
import { securityOf } from "./security.js"

/** What the arguments and options of a verb say about its peers. */
export interface Connection {
  readonly endpoints: readonly Endpoint[]
  /** The options of the command line, and below them those of the profile. */
  readonly values: ConnectionValues
  /** The arguments after the endpoints. */
  readonly rest: readonly string[]
  /** Default: the default context. */
  readonly context?: Context
}

/**
 * Separates the endpoints, which come first, from the other arguments.
 * @throws {UsageError} without an endpoint.
 */
export function connectionOf(args: readonly string[], given: ConnectionValues): Connection {
  const isName = args[0] !== undefined && isProfile(args[0])
  const { values, endpoints: saved } = applyProfile(isName ? args[0]?.slice(1) : given.profile, given)
  const others = isName ? args.slice(1) : args
  const end = others.findIndex((argument) => !isEndpoint(argument))
  const named = end < 0 ? others : others.slice(0, end)
  const rest = end < 0 ? [] : others.slice(end)
  const texts = named.length > 0 ? named : saved
  // What stands where an endpoint is needed is taken for a misspelt one.
  const [first = ""] = rest
  if (texts.length === 0) {
    if (first !== "") parseEndpoint(first)
    throw new UsageError("Expected an endpoint, such as tcp://localhost:5555")
  }
  return { endpoints: texts.map((text) => parseEndpoint(text, values.bind)), values, rest }
}

/** A socket that is bound and connected. */
export interface Opened<S extends Socket> {
  readonly socket: S
  /** The endpoints, with the ports that were taken for "*". */
  readonly addresses: readonly string[]
  /** Aborted, with a RefusedError as the reason, if the only peer refuses this side. */
  readonly refused: AbortSignal
  /** The routing ids of the peers that a Peer connects to. */
  readonly peers: readonly number[]
  /**
   * Delivers what is queued, as long as --linger says, and closes. False if that was not enough.
   * @param hasSent Whether there can be anything to deliver.
   */
  close(hasSent: boolean): Promise<boolean>
}

const DEFAULT_LINGER = 30_000

/** Sets "name=value". */
function setOption(socket: Socket, assignment: string): void {
  const [, name = "", given = ""] = /^(\w+)=(.*)$/s.exec(assignment) ?? []
  const target = socket as unknown as Record<string, unknown>
  if (name === "") throw new UsageError(`--option: expected NAME=VALUE, but received ${JSON.stringify(assignment)}`)
  const known: string[] = []
  for (let at: object = socket; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [property, { set }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (set !== undefined) known.push(property)
    }
  }
  if (!known.includes(name)) {
    throw new UsageError(
      `--option: there is no socket option ${JSON.stringify(name)}. ${suggestion(name, known)}`.trimEnd(),
    )
  }
  const words: Record<string, unknown> = { true: true, false: false, null: null }
  const isNumber = /^-?\d+$/.test(given)
  const value = Object.hasOwn(words, given) ? words[given] : isNumber ? Number(given) : given
  try {
    target[name] = value
  } catch (error) {
    throw new UsageError(`--option ${name}: ${(error as Error).message}`)
  }
}

async function attach(socket: Socket, { address, isBound }: Endpoint, peers: number[]): Promise<string> {
  try {
    if (!isBound) {
      if ("connectPeer" in socket) peers.push((socket as unknown as Peer).connectPeer(address))
      else socket.connect(address)
      return address
    }
    await socket.bind(address)
  } catch (error) {
    const { message, reason } = error as Error & { reason?: string }
    throw new CommandError(`Cannot ${isBound ? "bind" : "connect"} to ${address}: ${reason ?? message}`)
  }
  const taken = socket.lastEndpoint ?? address
  if (address.includes("*")) say(`bound to ${taken}`)
  return taken
}

/** How the only peer of a connected socket has decided, for as long as it matters. */
interface Verdict {
  /** Resolves when the peer has let this side in or refused it. Undefined if there are several peers, or it cannot be known. */
  readonly known: Promise<void> | undefined
  readonly refused: AbortSignal
}

const unknownVerdict: Verdict = { known: undefined, refused: new AbortController().signal }

/** Reports refusals, and gives up if there is nobody else to talk to. */
function watchRefusals(socket: Socket, endpoints: readonly Endpoint[]): Verdict {
  const controller = new AbortController()
  const [only] = endpoints
  // A Stream, which alone has this option, has no handshake.
  const isOnlyPeer =
    endpoints.length === 1 &&
    only?.isBound === false &&
    /^(?:tcp|ipc|wss?):/.test(only.address) &&
    !("notify" in socket)
  socket.events.on("handshake:error:auth", ({ address, error }) => {
    const problem = `${address} refused this side's key or password (status ${error.status})`
    if (isOnlyPeer) controller.abort(new RefusedError(problem))
    else warn(problem)
  })
  let last = ""
  socket.events.on("handshake:error:protocol", ({ address, error }) => {
    const problem = `${address}: ${error.message} (${error.code}). Run: ohmq doctor ${address}`
    // libzmq tries again without end.
    if (problem !== last) warn(problem)
    last = problem
  })
  const known = new Promise<void>((resolve) => {
    socket.events.on("handshake", () => resolve())
    controller.signal.addEventListener("abort", () => resolve())
  })
  return { known: isOnlyPeer ? known : undefined, refused: controller.signal }
}

/** Closes a socket when what it has sent is delivered. False if that took longer than it lingers. */
async function deliver(socket: Socket, linger: number, { known, refused }: Verdict): Promise<boolean> {
  const start = performance.now()
  const left = () => (linger < 0 ? -1 : Math.max(0, Math.round(linger - (performance.now() - start))))
  // A closed socket reports no events, so it stays open until the peer has decided.
  if (known !== undefined && linger !== 0) {
    const late = new AbortController()
    const waits = linger < 0 ? [known] : [known, sleep(linger, undefined, { signal: late.signal }).catch(() => {})]
    await Promise.race(waits)
    late.abort()
  }
  if (refused.aborted) {
    socket.close({ linger: 0 })
    throw refused.reason
  }
  await socket.close({ linger: left(), wait: true })
  return linger === 0 || left() !== 0
}

/**
 * Creates a socket and binds or connects it to the endpoints, in their order.
 * @param watch Reports failed handshakes, and tells whether the peer has refused this side. Undefined if it does not tell.
 */
export async function openSocket<S extends Socket>(
  create: (options: object) => S,
  { endpoints, values, context }: Connection,
  prepare: (socket: S) => void = () => {},
  watch: (socket: Socket, endpoints: readonly Endpoint[]) => Verdict | undefined = watchRefusals,
): Promise<Opened<S>> {
  const security = await securityOf(values, context)
  let socket: S
  try {
    socket = create({
      ...(context !== undefined && { context }),
      ...(security !== undefined && { security: security.security }),
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  try {
    socket.linger = values.linger ?? DEFAULT_LINGER
    if (values.hwm !== undefined) setHighWaterMarks(socket, values.hwm)
    for (const assignment of values.option ?? []) setOption(socket, assignment)
    if (endpoints.some(({ address }) => address.includes("["))) socket.ipv6 = true
    const verdict = watch(socket, endpoints) ?? unknownVerdict
    prepare(socket)
    const addresses: string[] = []
    const peers: number[] = []
    for (const endpoint of endpoints) addresses.push(await attach(socket, endpoint, peers))
    // Read now, because a socket that is lent to a proxy cannot be asked.
    const { linger } = socket
    return {
      socket,
      addresses,
      peers,
      refused: verdict.refused,
      close: async (hasSent) => {
        try {
          if (hasSent) return await deliver(socket, linger, verdict)
          // A peer that has gone need not hear of the end of a subscription.
          await socket.close({ linger: values.linger ?? 0, wait: true })
          return true
        } finally {
          await security?.close()
        }
      },
    }
  } catch (error) {
    socket.close({ linger: 0 })
    await security?.close()
    throw error
  }
}

function setHighWaterMarks(socket: Socket, limit: number): void {
  try {
    for (const name of ["sendHighWaterMark", "receiveHighWaterMark"]) {
      if (name in socket) Object.assign(socket, { [name]: limit })
    }
  } catch (error) {
    throw new UsageError(`--hwm: ${(error as Error).message}`)
  }
}
