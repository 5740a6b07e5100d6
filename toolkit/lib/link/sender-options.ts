// The options of a sender, with their defaults.

import { randomBytes } from "node:crypto"
import type { SocketSecurity } from "ohmq"
import type { Entry, Store } from "../store/index.js"
import { noteOf } from "./progress.js"
import { checkNames, checkSecurity } from "./receiver-options.js"

/** Options of `startSender`. Times are in milliseconds. */
export interface SenderOptions {
  /** The receiver's address. Of several, the next one is tried if one fails. */
  connect: string | readonly string[]
  /** CURVE: `{ client, serverKey }`. */
  security?: SocketSecurity | undefined
  /** Whether to run without security. */
  insecure?: boolean | undefined
  /**
   * The name of the stream. Each sender of a user has its own; a store that was restored from a backup needs a new one. By default it is the
   * name of the cursor and a random number, which is kept with the cursor.
   */
  stream?: string | undefined
  /** The cursor of the store that says what is acknowledged. "link STREAM" by default. It is added if there is none. */
  cursor?: string | undefined
  /** Where a new cursor begins. "start" by default. */
  from?: "start" | "end" | undefined
  /**
   * What to do if a receiver has less than what was acknowledged: `resend` what the store still has, and announce the rest as lost; or
   * `continue` behind what was acknowledged. `resend` by default, if there is one receiver: it has lost its disk. `continue`, if there
   * are several, or the cursor began at the end: then nothing is missing.
   */
  onBehind?: "resend" | "continue" | undefined
  /**
   * Which entries are sent, and as which frames. Undefined passes an entry: nothing is sent of it, and it is not a loss. It must always
   * decide the same. By default all events are sent as they are stored.
   */
  select?: ((entry: Entry) => readonly Uint8Array[] | undefined) | undefined
  /** Whether events say who sent them to this store (`ohmqsender`). Only receivers that trust this sender keep that. True by default. */
  nameSender?: boolean | undefined
  /** The wait before the second attempt to connect; each further one waits up to twice as long. 100 by default. */
  minBackoff?: number | undefined
  /** The longest wait between attempts. 5,000 by default. */
  maxBackoff?: number | undefined
  /** How long a receiver may take to answer HELLO, and one of several to be reached. 10,000 by default. */
  helloTimeout?: number | undefined
  /** How often to send a heartbeat; a receiver that does not answer for that long is disconnected. 5,000 by default. */
  heartbeat?: number | undefined
  /** Stops the sender. */
  signal?: AbortSignal | undefined
}

const names: ReadonlySet<string> = new Set<keyof SenderOptions>([
  "connect",
  "security",
  "insecure",
  "stream",
  "cursor",
  "from",
  "onBehind",
  "select",
  "nameSender",
  "minBackoff",
  "maxBackoff",
  "helloTimeout",
  "heartbeat",
  "signal",
])

function choice<T extends string>(name: string, value: T, ...values: T[]): T {
  if (values.includes(value)) return value
  throw new TypeError(`Expected ${name} to be ${values.join(" or ")} but received ${String(value)}`)
}

/** The stream that a cursor was sent as, or a new one. */
const defaultStream = (store: Store, cursor: string): string =>
  noteOf(store, cursor).stream ?? `${Buffer.from(cursor).subarray(0, 200)} ${randomBytes(8).toString("hex")}`

/** Checks the options and adds the defaults. */
export function readSenderOptions(store: Store, options: SenderOptions) {
  checkNames(options, names)
  const { security, insecure, signal, select } = options
  if (options.stream === undefined && options.cursor === undefined)
    throw new TypeError("Pass stream or cursor: the name of the stream, or of the cursor that is sent")
  const stream = options.stream ?? defaultStream(store, options.cursor ?? "")
  const connect = [options.connect].flat()
  if (connect.length === 0 || !connect.every((one) => typeof one === "string"))
    throw new TypeError("Expected connect to be one address or several")
  checkSecurity(security, insecure, "{ client, serverKey }")
  const length = typeof stream === "string" ? new TextEncoder().encode(stream).length : 0
  if (length < 1 || length > 255) throw new TypeError("Expected stream to be a string of 1 to 255 bytes")
  const complete = {
    connect,
    security,
    stream,
    signal,
    select,
    cursor: options.cursor ?? `link ${stream}`,
    from: choice("from", options.from ?? "start", "start", "end"),
    onBehind: choice(
      "onBehind",
      options.onBehind ?? (connect.length > 1 || options.from === "end" ? "continue" : "resend"),
      "resend",
      "continue",
    ),
    nameSender: options.nameSender ?? true,
    minBackoff: options.minBackoff ?? 100,
    maxBackoff: options.maxBackoff ?? 5000,
    helloTimeout: options.helloTimeout ?? 10_000,
    heartbeat: options.heartbeat ?? 5000,
  }
  for (const name of ["minBackoff", "maxBackoff", "helloTimeout", "heartbeat"] as const) {
    const value = complete[name]
    if (!Number.isSafeInteger(value) || value < 1)
      throw new RangeError(`Expected a positive integer for ${name} but received ${String(value)}`)
  }
  return complete
}

export type ReadSenderOptions = ReturnType<typeof readSenderOptions>
