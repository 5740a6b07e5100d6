// The thread of heartbeats, which all workers of a process share.

import { Worker as Thread } from "node:worker_threads"
import type { Target } from "../client/connection.js"
import type { BeatEvents } from "./beats.js"
import type { FromHeartbeats, LeaseChange, ToHeartbeats } from "./heartbeat-messages.js"

/** A heartbeat may still list a lease for so long after it is over. */
const REMOVE_MS = 100

/** Of the process: one thread, while there are workers. */
let thread: Thread | undefined
let lastWorker = 0
const listeners = new Map<number, BeatEvents>()

/** What the thread is not told yet. To wake it costs more than most tasks do, so one message has what has come for all workers in a turn. */
const changes = new Map<number, LeaseChange>()
/** What waits until the thread is told. */
let waiting: (() => void)[] = []
let timer: NodeJS.Timeout | undefined

function changeOf(worker: number): LeaseChange {
  let change = changes.get(worker)
  if (change === undefined) {
    change = { worker, added: [], removed: [] }
    changes.set(worker, change)
  }
  return change
}

function tell(): void {
  clearTimeout(timer)
  timer = undefined
  const begin = waiting
  waiting = []
  const all = [...changes.values()]
  changes.clear()
  if (all.length > 0) thread?.postMessage({ do: "change", changes: all } satisfies ToHeartbeats)
  for (const one of begin) one()
}

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

  constructor(target: Target, instance: string, events: BeatEvents) {
    this.#worker = ++lastWorker
    this.#thread = threadOf()
    listeners.set(this.#worker, events)
    this.#post({ do: "open", worker: this.#worker, target: plain(target), instance })
  }

  setTime(time: number): void {
    this.#post({ do: "lease", worker: this.#worker, time })
  }

  /** The worker has leases. Calls `begin` once the thread knows it: what that does may block this one. */
  add(leases: number[], begin: () => void): void {
    changeOf(this.#worker).added.push(...leases)
    if (waiting.length === 0) setImmediate(tell)
    waiting.push(begin)
  }

  /** A lease is over. The thread need not know it at once: most leases are short. */
  remove(lease: number): void {
    changeOf(this.#worker).removed.push(lease)
    timer ??= setTimeout(tell, REMOVE_MS)
  }

  #post(message: ToHeartbeats): void {
    this.#thread.postMessage(message)
  }

  /** Ends them, and the thread with those of the last worker. */
  async close(): Promise<void> {
    if (!listeners.delete(this.#worker)) return
    changes.delete(this.#worker)
    if (listeners.size > 0) {
      this.#post({ do: "close", worker: this.#worker })
      return
    }
    clearTimeout(timer)
    timer = undefined
    if (thread === this.#thread) thread = undefined
    await this.#thread.terminate()
  }
}
