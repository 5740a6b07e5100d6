// Where clients and workers connect to, checked.

import type { SocketSecurity } from "ohmq"
import { TaskError } from "../queue/index.js"
import { checkOption, checkSecurity } from "../server/options.js"
import type { Target } from "./connection.js"

/** How to reach a queue. */
export interface ConnectOptions {
  /** Its address, such as "tcp://127.0.0.1:5580". Of several that serve the same tasks, the next one is tried if one cannot be reached. */
  connect: string | readonly string[]
  /** CURVE: `{ client, serverKey }`. */
  security?: SocketSecurity | undefined
  /** Whether to connect beyond this machine without security. */
  insecure?: boolean | undefined
  /** How often to send a heartbeat of ZMTP; a queue that does not answer for that long counts as lost. In milliseconds; 5,000 by default. */
  heartbeat?: number | undefined
}

export const connectNames = ["connect", "security", "insecure", "heartbeat"] as const satisfies (keyof ConnectOptions)[]

/** Checks how to connect, and adds the defaults. */
export function readTarget({ connect, security, insecure, heartbeat = 5000 }: ConnectOptions): Target {
  const endpoints = [connect ?? []].flat()
  if (endpoints.length === 0)
    throw new TaskError("INVALID", 'Expected connect to be an endpoint such as "tcp://127.0.0.1:5580", or several')
  for (const endpoint of endpoints) checkSecurity("connect", endpoint, { security, insecure }, "{ client, serverKey }")
  return { endpoints, security, heartbeat: checkOption("heartbeat", heartbeat, 100) }
}
