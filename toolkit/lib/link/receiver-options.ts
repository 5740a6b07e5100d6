// The options of a receiver, with their defaults.

import type { Context, SocketSecurity } from "ohmq"
import type { Admission } from "./admission.js"

/** Options of `startReceiver`. Sizes are in bytes. */
export interface ReceiverOptions {
  /** Where to bind, such as "tcp://0.0.0.0:5570". */
  bind: string
  /** CURVE with an authenticator, whose user ids become the senders of the events: `{ server, authenticator }`. */
  security?: SocketSecurity | undefined
  /** Whether to run without security. Then events have no authenticated sender, and everybody who can connect can send. */
  insecure?: boolean | undefined
  /**
   * What to do if the store is full: `wait` (default) gives no more credit until there is room, so that the sender keeps its events;
   * `drop-oldest` drops.
   */
  whenFull?: "wait" | "drop-oldest" | undefined
  /** Decides what is stored of each event. By default all is. */
  admission?: Admission | undefined
  /** The context of the socket, if not the common one: a context has one authenticator only. */
  context?: Context | undefined
  /** How much one sender may have under way. 4 MiB by default. */
  window?: number | undefined
  /** How much all senders together may have under way; each has its share, and at least 64 KiB. 256 MiB by default. */
  totalWindow?: number | undefined
  /** How large an event may be. 1 MiB by default. */
  maxEventBytes?: number | undefined
  /** The users whose events may name another sender (`ohmqsender`): relays that authenticate their own sources. Nobody by default. */
  trustSender?: readonly string[] | undefined
  /** How often to send a heartbeat, in milliseconds; a sender that does not answer for that long is disconnected. 5,000 by default. */
  heartbeat?: number | undefined
}

const positive = (name: string, value: number): number => {
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new RangeError(`Expected a positive integer for ${name} but received ${String(value)}`)
}

const names: ReadonlySet<string> = new Set<keyof ReceiverOptions>([
  "bind",
  "security",
  "insecure",
  "whenFull",
  "admission",
  "context",
  "window",
  "totalWindow",
  "maxEventBytes",
  "trustSender",
  "heartbeat",
])

/** Throws if there is an option that does not exist. */
export function checkNames(options: object, known: ReadonlySet<string>): void {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) throw new TypeError(`Unknown option "${name}". The options are ${[...known].join(", ")}`)
  }
}

/** Throws unless there is either security, or a clear wish to go without. */
export function checkSecurity(security: unknown, insecure: boolean | undefined, example: string): void {
  if (insecure === true && security !== undefined) throw new TypeError("Pass either security or insecure, not both")
  if (security === undefined && insecure !== true) {
    throw new TypeError(`The link needs security: ${example}. To run without encryption, pass insecure: true`)
  }
}

/** Checks the options and adds the defaults. */
export function readReceiverOptions(options: ReceiverOptions) {
  checkNames(options, names)
  const { bind, security, insecure, whenFull = "wait", trustSender = [] } = options
  if (typeof bind !== "string") throw new TypeError(`Expected bind to be an address but received ${typeof bind}`)
  checkSecurity(security, insecure, "{ server, authenticator }")
  if (whenFull !== "wait" && whenFull !== "drop-oldest")
    throw new TypeError(`Expected whenFull to be "wait" or "drop-oldest" but received ${String(whenFull)}`)
  return {
    bind,
    security,
    whenFull,
    admission: options.admission,
    context: options.context,
    trustSender: new Set(trustSender),
    window: Math.min(positive("window", options.window ?? 4 << 20), 0xffff_ffff),
    totalWindow: positive("totalWindow", options.totalWindow ?? 256 << 20),
    maxEventBytes: Math.min(positive("maxEventBytes", options.maxEventBytes ?? 1 << 20), 0x7fff_0000),
    heartbeat: positive("heartbeat", options.heartbeat ?? 5000),
  }
}

export type ReadReceiverOptions = ReturnType<typeof readReceiverOptions>
