// NATS servers of Debian's package nats-server, alone or as a cluster.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream"
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node"
import { onTestFinished } from "vitest"
import { freePort, temporaryFolder, until } from "../relay/support.js"

/** A server that can be killed, and started again with what it had. */
export class NatsServer {
  readonly port: number
  readonly #file: string
  #child: ChildProcess | undefined
  #ended: Promise<unknown> = Promise.resolve()

  private constructor(port: number, file: string) {
    this.port = port
    this.#file = file
  }

  /** @param config More lines of its configuration. */
  static async create(config = "", name = "one", port?: number): Promise<NatsServer> {
    const folder = temporaryFolder()
    const free = port ?? (await freePort())
    const file = join(folder, "nats.conf")
    writeFileSync(
      file,
      `server_name: ${name}\nlisten: "127.0.0.1:${free}"\njetstream { store_dir: "${join(folder, "data")}" }\n${config}\n`,
    )
    const server = new NatsServer(free, file)
    onTestFinished(() => server.kill())
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  /** Starts it, and resolves once it listens. */
  async start(): Promise<this> {
    const child = spawn("nats-server", ["-c", this.#file], { stdio: ["ignore", "ignore", "pipe"] })
    this.#child = child
    this.#ended = once(child, "exit")
    let said = ""
    const isReady = new Promise<void>((resolve) => {
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        said += text
        if (said.includes("Server is ready")) resolve()
      })
    })
    const ended = this.#ended.then(() => {
      throw new Error(`nats-server has ended: ${said}`)
    })
    ended.catch(() => {})
    await Promise.race([isReady, ended])
    return this
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name)
  }

  /** As a crash. Resolves once it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    child.kill("SIGKILL")
    await this.#ended
  }
}

export const startServer = async (config?: string): Promise<NatsServer> => (await NatsServer.create(config)).start()

export interface Cluster {
  servers: NatsServer[]
  urls: string[]
  /** The server with this name. */
  named(name: string | undefined): NatsServer
}

/** Three servers, of which any two keep working without the third. */
export async function startCluster(): Promise<Cluster> {
  const names = ["n0", "n1", "n2"]
  const routes = await Promise.all(names.map(() => freePort()))
  const list = routes.map((port) => `"nats://127.0.0.1:${port}"`).join(", ")
  const servers = await Promise.all(
    names.map((name, index) =>
      NatsServer.create(`cluster { name: tests, listen: "127.0.0.1:${routes[index]}", routes: [${list}] }`, name),
    ),
  )
  await Promise.all(servers.map((server) => server.start()))
  return {
    servers,
    urls: servers.map(({ url }) => url),
    named: (name) => servers[names.indexOf(name ?? "")] as NatsServer,
  }
}

export interface NatsClient {
  connection: NatsConnection
  manager: JetStreamManager
}

/** A client that connects again by itself. It waits until JetStream answers. */
export async function natsClient(servers: string | string[], options: ConnectionOptions = {}): Promise<NatsClient> {
  const connection = await connect({
    servers,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    ignoreClusterUpdates: true,
    ...options,
  })
  onTestFinished(() => connection.close())
  let manager: JetStreamManager | undefined
  await until(async () => {
    manager = await jetstreamManager(connection, { timeout: 2000 }).catch(() => undefined)
    return manager !== undefined
  })
  return { connection, manager: manager as JetStreamManager }
}

/** A message of a stream. */
export interface Message {
  subject: string
  headers: Record<string, string>
  body: string
}

/** All messages of a stream, in order. */
export async function messagesOf({ manager }: NatsClient, stream: string): Promise<Message[]> {
  const { state } = await manager.streams.info(stream)
  const messages: Message[] = []
  for (let seq = state.first_seq || 1; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage(stream, { seq })
    if (message === null) continue
    const headers = Object.fromEntries(
      (message.header?.keys() ?? []).map((key) => [key, message.header?.get(key) ?? ""]),
    )
    messages.push({ subject: message.subject, headers, body: new TextDecoder().decode(message.data) })
  }
  return messages
}

/** The ids of the events in a stream. */
export async function eventIdsOf({ manager, connection }: NatsClient, stream: string): Promise<string[]> {
  let count: number | undefined
  // The server may have come back a moment ago.
  await until(async () => {
    const info = await manager.streams.info(stream).catch(() => undefined)
    count = info?.state.messages
    return count !== undefined
  })
  const consumer = await jetstream(connection).consumers.get(stream)
  const ids: string[] = []
  while (ids.length < (count ?? 0)) {
    const messages = await consumer.fetch({ max_messages: 5000, expires: 1000 })
    for await (const message of messages) ids.push(message.json<{ id: string }>().id)
  }
  return ids
}
