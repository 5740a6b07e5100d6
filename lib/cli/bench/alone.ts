// Measures without a peer: it starts the other end itself.

import { fork } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import path from "node:path"
import { Worker } from "node:worker_threads"

import { CommandError } from "../command/exit.js"
import type { Limits } from "./limits.js"
import { type Around, type Channel, measureArrivals, measureRoundTrips } from "./measuring.js"
import type { Order, Report, Role } from "./peer.js"
import type { Result, Setting } from "./results.js"

export interface Plan {
  readonly kinds: readonly Setting["kind"][]
  readonly sizes: readonly number[]
  readonly transport: "tcp" | "ipc" | "inproc"
  readonly isEncrypted: boolean
  readonly limits: Limits
  readonly hwm: number | undefined
}

/** The bytes that may wait in a queue, unless --hwm says how many messages. */
const QUEUE = 64 * 1024 * 1024

/** The other end. */
class OtherEnd {
  readonly #peer: ReturnType<typeof fork> | Worker
  readonly #reports: Report[] = []
  #wake: () => void = () => {}

  constructor(isThread: boolean) {
    const file = path.join(__dirname, "peer.js")
    this.#peer = isThread ? new Worker(file) : fork(file, { execArgv: [] })
    this.#peer.on("message", (report: Report) => this.#take(report))
    this.#peer.on("error", (error: Error) => this.#take({ failed: error.message }))
    this.#peer.on("exit", () => this.#take({ failed: "it has ended" }))
  }

  #take(report: Report): void {
    this.#reports.push(report)
    this.#wake()
  }

  async #ask(order: Order): Promise<Report> {
    if (this.#peer instanceof Worker) this.#peer.postMessage(order)
    else this.#peer.send(order)
    while (this.#reports.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const report = this.#reports.shift() as Report
    if ("failed" in report) throw new CommandError(`The other end of the measurement failed: ${report.failed}`)
    return report
  }

  /** Has it play a role, and gives the endpoint. */
  async open(role: Role): Promise<string> {
    return ((await this.#ask({ open: role })) as { opened: string }).opened
  }

  async close(): Promise<void> {
    await this.#ask({ close: true })
  }

  async end(): Promise<void> {
    if (this.#peer instanceof Worker) await this.#peer.terminate()
    else if (this.#peer.exitCode === null && this.#peer.signalCode === null) {
      const gone = new Promise((resolve) => this.#peer.on("exit", resolve))
      this.#peer.kill("SIGKILL")
      await gone
    }
  }
}

/** What is measured. */
export function settingOf(kind: Setting["kind"], { transport, isEncrypted, limits }: Plan): Setting {
  const where = transport === "inproc" ? "two threads of one process" : "two processes"
  const cpus = availableParallelism()
  const counted = kind === "throughput" ? "counted where they arrive" : "one message at a time"
  const warmup = limits.warmup > 0 ? `, after ${limits.warmup / 1000} s of warm-up` : ""
  return {
    kind,
    sockets: kind === "throughput" ? "PUSH to PULL" : "REQ to REP and back",
    transport,
    security: isEncrypted ? "CURVE" : "none",
    how: `${where} on this machine (${cpus} CPU${cpus === 1 ? "" : "s"}), ${counted}${warmup}`,
  }
}

/** Measures everything in turn, and gives the results of each kind. Ends early, with what it has, when the signal is aborted. */
export async function* measureAlone(
  plan: Plan,
  signal: AbortSignal,
  show: (kind: Setting["kind"], size: number, messages: number, seconds: number) => void,
): AsyncGenerator<{ setting: Setting; results: Result[] }> {
  const { kinds, sizes, transport, isEncrypted, limits, hwm } = plan
  const zmq = require("../../index.js") as typeof import("../../index.js")
  const keys = isEncrypted ? zmq.curveKeyPair() : undefined
  const security = keys && { client: zmq.curveKeyPair(), serverKey: keys.publicKey }
  const folder = transport === "ipc" ? mkdtempSync(path.join(tmpdir(), "ohmq-bench-")) : undefined
  const other = new OtherEnd(transport === "inproc")
  let number = 0
  try {
    for (const kind of kinds) {
      const results: Result[] = []
      for (const size of sizes) {
        if (signal.aborted) break
        number += 1
        const address = {
          tcp: "tcp://127.0.0.1:*",
          ipc: `ipc://${folder}/${number}`,
          inproc: `inproc://ohmq-bench-${number}`,
        }[transport]
        const limit = hwm ?? Math.max(4, Math.min(1000, Math.floor(QUEUE / Math.max(1, size))))
        const isSource = kind === "throughput"
        const endpoint = await other.open({
          kind: isSource ? "source" : "echo",
          endpoint: address,
          size,
          hwm: limit,
          ...(keys && { keys }),
        })
        const options = security === undefined ? {} : { security }
        const socket = isSource ? new zmq.Pull(options) : new zmq.Request(options)
        socket.receiveHighWaterMark = limit
        socket.connect(endpoint)
        const around: Around = { signal, show: (messages, seconds) => show(kind, size, messages, seconds) }
        const channel = socket as unknown as Channel
        results.push(
          isSource
            ? { kind: "throughput", size, passed: await measureArrivals(channel, limits, around) }
            : { kind: "round-trip", size, histogram: await measureRoundTrips(channel, size, limits, around) },
        )
        socket.close({ linger: 0 })
        if (!signal.aborted) await other.close()
      }
      if (results.length > 0) yield { setting: settingOf(kind, plan), results }
    }
  } finally {
    await other.end()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}
