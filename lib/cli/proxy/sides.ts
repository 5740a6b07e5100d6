// The sides of a proxy on the command line: the type of each socket, its endpoints, and its security.

import { suggestion } from "../../base/spelling.js"
import type { Socket } from "../../index.js"
import { UsageError } from "../command/exit.js"
import { type Option, text } from "../command/spec.js"
import { type Endpoint, isEndpoint, parseEndpoint } from "../connection/endpoints.js"
import { type ConnectionValues, securityOptions } from "../connection/options.js"

/** What a type of socket does. */
interface Kind {
  /** The name of its class. */
  readonly className:
    | "Router"
    | "Dealer"
    | "XSubscriber"
    | "XPublisher"
    | "Subscriber"
    | "Publisher"
    | "Pull"
    | "Push"
    | "Pair"
  readonly sends: boolean
  readonly receives: boolean
}

export const kinds: Readonly<Record<string, Kind>> = {
  router: { className: "Router", sends: true, receives: true },
  dealer: { className: "Dealer", sends: true, receives: true },
  xsub: { className: "XSubscriber", sends: true, receives: true },
  xpub: { className: "XPublisher", sends: true, receives: true },
  sub: { className: "Subscriber", sends: false, receives: true },
  pub: { className: "Publisher", sends: true, receives: false },
  pull: { className: "Pull", sends: false, receives: true },
  push: { className: "Push", sends: true, receives: false },
  pair: { className: "Pair", sends: true, receives: true },
}

/** The usual pairs, by their names in the guide of ZeroMQ. */
export const pairs: Readonly<Record<string, { readonly front: string; readonly back: string }>> = {
  queue: { front: "router", back: "dealer" },
  forwarder: { front: "xsub", back: "xpub" },
  streamer: { front: "pull", back: "push" },
}

export const names = ["front", "back", "capture"] as const
export type SideName = (typeof names)[number]

/** A socket of the proxy, not opened yet. */
export interface Side {
  readonly name: SideName
  readonly type: string
  readonly endpoints: readonly Endpoint[]
  readonly values: ConnectionValues
}

type Prefixed<P extends string> = { [Name in keyof typeof securityOptions as `${P}-${Name}`]: Option<string> }

/** The options of one side's security: --front-cert for --cert, and so on. */
export function securityOf<const P extends SideName>(side: P): Prefixed<P> {
  return Object.fromEntries(
    Object.entries(securityOptions).map(([name, option]) => [
      `${side}-${name}`,
      { ...option, help: `The ${side}'s --${name}.` },
    ]),
  ) as unknown as Prefixed<P>
}

/** The option that names a side's socket. */
export const sideOption = (help: string) => text("TYPE:ENDPOINT", help)

/** Separates "router:@tcp://*:5555". The type is missing where a pair or another endpoint of the side says it. */
function parseSide(name: SideName, given: string): { type: string | undefined; address: string } {
  const match = /^([a-z]+):(?!\/\/|\d+$)(.*)$/s.exec(given)
  if (match === null) return { type: undefined, address: given }
  const [, type = "", address = ""] = match
  if (!Object.hasOwn(kinds, type)) {
    const hint = ["req", "rep"].includes(type)
      ? "A proxy needs router where the requests come from, and dealer where the replies come from."
      : suggestion(type, Object.keys(kinds)) || `Choose one of: ${Object.keys(kinds).join(", ")}.`
    throw new UsageError(`--${name}: a proxy has no socket of type ${JSON.stringify(type)}. ${hint}`)
  }
  return { type, address }
}

/** A side from what was given for it. */
export function sideOf(
  name: SideName,
  given: readonly string[],
  { type: usual, bind, values }: { type: string | undefined; bind: boolean; values: ConnectionValues },
): Side {
  if (given.length === 0) throw new UsageError(`Expected --${name} TYPE:ENDPOINT, such as --${name} pull:@tcp://*:5557`)
  let type = usual
  const endpoints = given.map((one) => {
    const side = parseSide(name, one)
    if (side.type !== undefined && type !== undefined && side.type !== type)
      throw new UsageError(`--${name}: one side is one socket, but it is called both ${type} and ${side.type}`)
    type ??= side.type
    return parseEndpoint(side.address, bind)
  })
  if (type === undefined)
    throw new UsageError(`--${name}: expected a type before the endpoint, such as pull:${given[0]}`)
  return { name, type, endpoints, values }
}

/** Throws if nothing could ever pass, or be captured. */
export function checkSides([front, back, capture]: readonly (Side | undefined)[]): void {
  const [one, other] = [kinds[front?.type ?? ""] as Kind, kinds[back?.type ?? ""] as Kind]
  if (!((one.receives && other.sends) || (other.receives && one.sends))) {
    const what = one.receives ? "receive" : "send"
    throw new UsageError(
      `Nothing can pass from ${front?.type} to ${back?.type}: both only ${what}. Run: ohmq help proxy`,
    )
  }
  if (capture !== undefined && !kinds[capture.type]?.sends)
    throw new UsageError(`--capture: a ${capture.type} cannot send. Use pub or push`)
}

/** Creates the socket of a side. */
export async function create({ type }: Side): Promise<(options: object) => Socket> {
  const zmq = require("../../index.js") as typeof import("../../index.js")
  const { className } = kinds[type] as Kind
  return (options) => {
    const socket = new zmq[className](options)
    if (socket instanceof zmq.Subscriber) socket.subscribe()
    return socket
  }
}

/** Whether an argument is an endpoint of a side, with or without its type. */
export const isSide = (argument: string) => isEndpoint(argument) || /^[a-z]+:[@>]?[a-z]+:\/\//.test(argument)
