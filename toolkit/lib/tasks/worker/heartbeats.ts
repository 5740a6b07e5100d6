// The thread of heartbeats, which all workers of a process share.

import { Worker as Thread } from "node:worker_threads"
import type { Target } from "../client/connection.js"
import type { BeatEvents } from "./beats.js"
import type { FromHeartbeats, ToHeartbeats } from "./heartbeat-messages.js"

/** A heartbeat may still list a lease for so long after it is over. */
const REMOVE_MS = 100

/** Of the process: one thread, while there are workers. */
let thread: Thread | undefined
let lastWorker = 0
const listeners = new Map<number, BeatEvents>()

function threadOf(): Thread {
  if (thread) return thread
  const started = new Thread(new URL("./heartbeat-thread.js", import.meta.url), { execArgv: [] })
  started.on("message", (message: FromHeartbeats) => {
    const listener = listeners.get(message.worker)
    if ("ready" in message) listener?.ready()
    else listener?.lost(message.lost, message.reason)
  })
  // The worker itself decides how long the process lives.
  started.unref()
  thread = started
  return started
}

/** A copy of the keys of a client: objects with methods cannot go to another thread. */
function plain({ endpoints, security, heartbeat }: Target): Target {
  if (security === undefined || !("client" in security)) return { endpoints, security, heartbeat }
  const { client, serverKey } = security
  const keys = { publicKey: client.publicKey, secretKey: client.secretKey }
  const key = typeof serverKey === "object" && "publicKey" in serverKey ? serverKey.publicKey : serverKey
  return { endpoints, security: { client: keys, serverKey: key }, heartbeat }
}

/** Sends heartbeats for the leases of one worker. */
export class Heartbeats {
  readonly #worker: number
  readonly #thread: Thread
  #removed: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(target: Target, instance: string, events: BeatEvents) {
    this.#worker = ++lastWorker
    this.#thread = threadOf()
    listeners.set(this.#worker, events)
    this.#post({ do: "open", worker: this.#worker, target: plain(target), instance })
  }

  setTime(time: number): void {
    this.#post({ do: "lease", worker: this.#worker, time })
  }

  /** The worker has leases. The thread knows it at once: what comes next may block this one. */
  add(leases: number[]): void {
    this.#change(leases)
  }

  /** A lease is over. The thread need not know it at once: most leases are short, and many of them go in one message. */
  remove(lease: number): void {
    this.#removed.push(lease)
    this.#timer ??= setTimeout(() => this.#change([]), REMOVE_MS)
  }

  #change(added: number[]): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const removed = this.#removed
    this.#removed = []
    this.#post({ do: "change", worker: this.#worker, added, removed })
  }

  #post(message: ToHeartbeats): void {
    this.#thread.postMessage(message)
  }

  /** Ends them, and the thread with those of the last worker. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    if (!listeners.delete(this.#worker)) return
    if (listeners.size > 0) {
      this.#post({ do: "close", worker: this.#worker })
      return
    }
    if (thread === this.#thread) thread = undefined
    await this.#thread.terminate()
  }
}
