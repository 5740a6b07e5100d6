// Connections to servers of NATS.

import { Buffer } from "node:buffer"
import {
  type Authenticator,
  connect,
  credsAuthenticator,
  type NatsConnection,
  nkeyAuthenticator,
} from "@nats-io/transport-node"
import { readTls } from "../tls.js"
import type { NatsConfig } from "./options.js"

function authenticator({ nkey, credentials }: NatsConfig): Authenticator | undefined {
  if (nkey) return nkeyAuthenticator(Buffer.from(nkey.reveal()))
  // The client wants the line break at the end, which is no part of a secret.
  return credentials && credsAuthenticator(Buffer.from(`${credentials.reveal()}\n`))
}

/** Connects to one server. The connection is not made again when it breaks: who uses it then connects anew. */
function connectTo(server: string, config: NatsConfig, folder: string): Promise<NatsConnection> {
  const { username, password, token, timeout } = config
  const { protocol, hostname, port } = new URL(server)
  const identity = authenticator(config)
  // The client leaves out the host if it is an address, and then the certificate would have to be that of localhost.
  const tls = { host: hostname.replace(/^\[|\]$/g, ""), ...readTls(config, folder) }
  return connect({
    name: "ohmq-relay",
    servers: `${hostname}:${port || 4222}`,
    // Only servers that are configured: others may be known by addresses that cannot be reached from here, or be unencrypted.
    ignoreClusterUpdates: true,
    reconnect: false,
    noAsyncTraces: true,
    timeout,
    ...(username !== undefined && { user: username, pass: password?.reveal() ?? "" }),
    ...(token && { token: token.reveal() }),
    ...(identity && { authenticator: identity }),
    ...(protocol === "tls:" && { tls }),
  })
}

/** Connects to one server after the other. */
export class Connector {
  readonly #config: NatsConfig
  readonly #folder: string
  #next = 0

  constructor(config: NatsConfig, folder: string) {
    this.#config = config
    this.#folder = folder
  }

  /**
   * Connects to the next server that takes the connection, so that one that hangs is left behind.
   *
   * @throws Error if a file cannot be read, or no server takes it: what the last one said
   */
  async connect(): Promise<NatsConnection> {
    const { servers } = this.#config
    let problem: unknown
    for (const _ of servers) {
      const server = servers[this.#next++ % servers.length] as string
      try {
        return await connectTo(server, this.#config, this.#folder)
      } catch (error) {
        problem = error
      }
    }
    throw problem
  }
}
