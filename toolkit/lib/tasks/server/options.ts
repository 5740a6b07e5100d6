// The options of the queue, with their defaults.

import type { Context, SocketSecurity } from "ohmq"
import { isLocalEndpoint } from "../../config/index.js"
import { checkMembers, defaultQueueLimits, type QueueLimits, TaskError } from "../queue/index.js"

/** What a user may do: submit and cancel tasks, work on them, read, or change how they are run. */
export type TaskAction = "submit" | "work" | "read" | "control"

/** Bounds and times that are not the usual ones. */
type GivenLimits = { [Name in keyof QueueLimits]?: QueueLimits[Name] | undefined }

/** Options of `serveTasks`. Times are in milliseconds. */
export interface TaskServerOptions extends GivenLimits {
  /** Where to bind, such as "tcp://127.0.0.1:5580". */
  bind: string
  /**
   * CURVE with an authenticator, whose user ids are those of workers and clients: `{ server, authenticator }`. With `{ server, clients: "any" }`, whoever knows the
   * server's public key may connect, and has no user id.
   */
  security?: SocketSecurity | undefined
  /** Whether to run without security beyond this machine. Then everybody who can connect can do everything. */
  insecure?: boolean | undefined
  /** The context of the socket, if not the common one: a context has one authenticator only. */
  context?: Context | undefined
  /** The source of its events: a URI reference. "/tasks" by default. */
  source?: string | undefined
  /** Decides what a user may do. The user is undefined without an authenticator. Everything by default. */
  allow?: ((user: string | undefined, action: TaskAction) => boolean) | undefined
  /** How often to send a heartbeat of ZMTP; a connection that does not answer for that long is closed. 5,000 by default. */
  heartbeat?: number | undefined
  /** Writes something to the store at least so often, so that `waitToTakeOver` elsewhere sees that it is there. Never by default. */
  beat?: number | undefined
  /** Once it is aborted, the queue ends at once and writes nothing more: another process may serve it. {@link takeTurns} has such a signal. */
  turn?: AbortSignal | undefined
}

const limitNames = Object.keys(defaultQueueLimits) as (keyof QueueLimits)[]
const names = ["bind", "security", "insecure", "context", "source", "allow", "heartbeat", "beat", "turn", ...limitNames]

/** The least values: what is less cannot work. */
const least: Partial<Record<keyof QueueLimits, number>> = { lease: 100, keep: 0, keepCount: 0, maxBackoff: 0 }

const invalid = (message: string) => new TaskError("INVALID", message)

/** Throws unless an endpoint stays on this machine, or there is security, or a clear wish to go without. */
export function checkSecurity(
  name: string,
  endpoint: unknown,
  { security, insecure }: { security?: unknown; insecure?: boolean | undefined },
  example: string,
): string {
  if (typeof endpoint !== "string" || !/^(tcp|ipc|inproc):\/\/.+$/.test(endpoint))
    throw invalid(
      `Expected ${name} to be an endpoint such as "tcp://127.0.0.1:5580" but received ${JSON.stringify(endpoint)}`,
    )
  if (security === undefined && insecure !== true && !isLocalEndpoint(endpoint))
    throw invalid(
      `${endpoint} goes beyond this machine, unencrypted. Pass security: ${example}, or insecure: true to run without encryption`,
    )
  if (security !== undefined && insecure === true) throw invalid("Pass either security or insecure, not both")
  return endpoint
}

/** Checks an integer option. */
export function checkOption(name: string, value: unknown, smallest: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= smallest) return value
  throw invalid(`Expected ${name} to be an integer of at least ${smallest} but received ${String(value)}`)
}

/** Checks the options and adds the defaults. */
export function readServerOptions(options: TaskServerOptions) {
  checkMembers("the queue", options, names)
  const { security, context, source = "/tasks", allow = () => true, heartbeat = 5000 } = options
  const bind = checkSecurity("bind", options.bind, options, "{ server, authenticator }")
  if (typeof allow !== "function") throw invalid(`Expected allow to be a function but received ${typeof allow}`)
  if (typeof source !== "string" || source === "") throw invalid("Expected source to be a URI reference")
  const limits = { ...defaultQueueLimits }
  for (const name of limitNames) {
    const value = options[name]
    if (value !== undefined) limits[name] = checkOption(name, value, least[name] ?? 1)
  }
  return {
    bind,
    security,
    context,
    source,
    allow,
    heartbeat: checkOption("heartbeat", heartbeat, 100),
    beat: options.beat === undefined ? undefined : checkOption("beat", options.beat, 10),
    turn: options.turn,
    limits,
  }
}

export type ReadServerOptions = ReturnType<typeof readServerOptions>
