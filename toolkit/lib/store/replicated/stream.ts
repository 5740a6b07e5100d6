// The replicated log: a stream of NATS JetStream. A connection that fails is left, and the next use makes another one, to the next server.

import { Buffer } from "node:buffer"
import { setTimeout } from "node:timers/promises"
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream"
import { type NatsConnection, nanos } from "@nats-io/transport-node"
import { StoreError } from "../log/errors.js"

/** Which stream, and how it is reached. Times are in milliseconds. */
export interface StreamOptions {
  /** Makes a connection, which is not to connect again by itself. The next call may try another server. */
  connect: () => Promise<NatsConnection>
  /** The name of the stream. It is created if it is not there. */
  stream: string
  /** How many servers have it: 1, 3 or 5. */
  replicas: number
  /** How long a server may take to answer. */
  timeout: number
}

/** A message of the log. */
export interface LogMessage {
  readonly sequence: number
  /** When a server took it, in milliseconds since 1970. */
  readonly time: number
  readonly data: Buffer
}

/** What the description of a stream of a store begins with. The store that it began with follows. */
const mark = "ohmq-store 1 "
const fetchMs = 5000
/** The server forgets a reader that has gone after this time. */
const forgetMs = 60_000

interface Session {
  connection: NatsConnection
  client: JetStreamClient
  manager: JetStreamManager
}

/** Rejects if something takes too long. */
async function within<T>(milliseconds: number, what: string, work: Promise<T>): Promise<T> {
  const done = new AbortController()
  const late = setTimeout(milliseconds, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new Error(`The server did not ${what} within ${milliseconds} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}

/** Whether a server said no, so that nothing was stored. */
export const isRefusal = (error: unknown): error is JetStreamApiError => error instanceof JetStreamApiError

/** The stream. */
export class LogStream {
  readonly #options: StreamOptions
  #session: Promise<Session> | undefined
  #isClosed = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  get #subject(): string {
    return `ohmq.store.${this.#options.stream}`
  }

  async #use(): Promise<Session> {
    if (this.#isClosed) throw new StoreError("CLOSED", "The store is closed")
    const session = await (this.#session ?? this.#connect())
    if (!session.connection.isClosed()) return session
    this.#session = undefined
    return this.#use()
  }

  #connect(): Promise<Session> {
    const { connect, timeout } = this.#options
    const session = (async () => {
      const connection = await connect()
      const client = jetstream(connection, { timeout })
      const manager = await jetstreamManager(connection, { timeout, checkAPI: false })
      return { connection, client, manager }
    })()
    this.#session = session
    session.catch(() => {
      if (this.#session === session) this.#session = undefined
    })
    return session
  }

  /** Leaves the connection: the next use makes another one. */
  async #leave(session: Session): Promise<void> {
    await this.#session?.then((current) => {
      if (current === session) this.#session = undefined
    })
    await session.connection.close().catch(() => {})
  }

  async #do<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.#use()
    try {
      return await within(2 * this.#options.timeout, what, work(session))
    } catch (error) {
      if (!isRefusal(error)) await this.#leave(session)
      throw error
    }
  }

  /**
   * Finds the stream, or creates it.
   *
   * @param base The store that a new stream begins with.
   * @returns The store that it began with.
   * @throws StoreError `UNKNOWN_FORMAT` if it is not one of a store, or differs from the options.
   */
  async open(base: string): Promise<string> {
    const { stream, replicas } = this.#options
    const wanted = {
      name: stream,
      subjects: [this.#subject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      num_replicas: replicas,
      max_age: 0,
      max_bytes: -1,
      max_msgs: -1,
      deny_delete: true,
    }
    const found = await this.#do("describe the stream", async ({ manager }) => {
      try {
        return (await manager.streams.info(stream)).config
      } catch (error) {
        if (!isRefusal(error) || error.code !== 10_059) throw error
        return (await manager.streams.add({ ...wanted, description: mark + base })).config
      }
    })
    for (const [name, value] of Object.entries(wanted)) {
      const has = (found as StreamConfig & Record<string, unknown>)[name]
      if (JSON.stringify(has) === JSON.stringify(value)) continue
      const what = `${name} is ${JSON.stringify(has)} instead of ${JSON.stringify(value)}`
      const hint =
        name === "num_replicas" ? "Change the stream, or the option replicas" : "Take another name for the stream"
      throw new StoreError("UNKNOWN_FORMAT", `The stream ${stream} is not as this store needs it: ${what}. ${hint}`)
    }
    if (!found.description?.startsWith(mark))
      throw new StoreError("UNKNOWN_FORMAT", `The stream ${stream} is not one of a store. Take another name`)
    return found.description.slice(mark.length)
  }

  /** The longest message. */
  async maxBytes(): Promise<number> {
    const { connection } = await this.#use()
    // What is around the message counts too.
    return (connection.info?.max_payload ?? 1 << 20) - 1024
  }

  /** Appends a message. If it rejects with anything but a refusal, the message may be there. */
  async publish(data: Buffer, id: string): Promise<void> {
    const { stream, timeout } = this.#options
    await this.#do("acknowledge a message", ({ client }) =>
      client.publish(this.#subject, data, { msgID: id, timeout, expect: { streamName: stream } }),
    )
  }

  /** The first and the last message, and how many bytes the log has. */
  async state(): Promise<{ first: number; last: number; bytes: number }> {
    const { state } = await this.#do("describe the stream", ({ manager }) => manager.streams.info(this.#options.stream))
    return { first: state.first_seq, last: state.last_seq, bytes: state.bytes }
  }

  /** Removes the messages before this one. */
  async removeBefore(sequence: number): Promise<void> {
    await this.#do("remove messages", ({ manager }) => manager.streams.purge(this.#options.stream, { seq: sequence }))
  }

  /** The messages from one on, as they come. Ends with an error if the server does not answer. */
  async *messages(from: number, signal: AbortSignal): AsyncGenerator<LogMessage> {
    const { stream, timeout } = this.#options
    const session = await this.#use()
    const { client, manager } = session
    try {
      const { name } = await manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: from,
        inactive_threshold: nanos(forgetMs),
        mem_storage: true,
        num_replicas: 1,
      })
      const consumer = await client.consumers.get(stream, name)
      while (!signal.aborted) {
        const batch = await within(timeout, "begin to send", consumer.fetch({ max_messages: 512, expires: fetchMs }))
        const stop = () => batch.stop()
        signal.addEventListener("abort", stop, { once: true })
        try {
          const reader = batch[Symbol.asyncIterator]()
          for (;;) {
            const { value, done } = await within(fetchMs + timeout, "send messages", reader.next())
            if (done) break
            const { seq, timestampNanos, data } = value
            const time = Number(timestampNanos / 1_000_000n)
            yield { sequence: seq, time, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) }
          }
        } finally {
          signal.removeEventListener("abort", stop)
          batch.stop()
        }
      }
      await manager.consumers.delete(stream, name).catch(() => {})
    } catch (error) {
      await this.#leave(session)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    const session = await this.#session?.catch(() => undefined)
    await session?.connection.close()
  }
}
