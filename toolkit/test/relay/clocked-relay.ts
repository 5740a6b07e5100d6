// A relay in this process whose clock stands still until a test moves it, and a server for its webhooks.

import { createHmac } from "node:crypto"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { type Clock, parseConfig, Relay } from "ohmq-toolkit/relay"
import { pino } from "pino"
import { onTestFinished } from "vitest"
import { githubSecret, metricIn, temporaryFolder, until } from "./support.js"

const hour = 3600e3

/** A clock that a test moves. */
export class SimulatedClock implements Clock {
  #now = 0
  #waiting = new Set<{ until: number; wake: () => void }>()

  now(): number {
    return this.#now
  }

  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve()
      const one = { until: this.#now + milliseconds, wake: () => {} }
      one.wake = () => {
        this.#waiting.delete(one)
        signal.removeEventListener("abort", one.wake)
        resolve()
      }
      signal.addEventListener("abort", one.wake)
      this.#waiting.add(one)
    })
  }

  /** How long those that wait still have to, when somebody does. */
  async waits(): Promise<number[]> {
    await until(() => this.#waiting.size > 0)
    return [...this.#waiting].map((one) => one.until - this.#now)
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds
    for (const one of [...this.#waiting]) if (one.until <= this.#now) one.wake()
  }

  advanceHours(hours: number): void {
    this.advance(hours * hour)
  }
}

export interface ClockedRelay {
  folder: string
  clock: SimulatedClock
  log: Record<string, unknown>[]
  /** Sends an event in as a signed webhook. Resolves to the status. */
  send(id: string, body?: string, headers?: Record<string, string>): Promise<number>
  metric(name: string): Promise<number>
  /** Waits until the sink archive has so many events on disk. The other sink has read them then. */
  archived(count: number): Promise<void>
  stop(): Promise<void>
}

/** @param route More options of the route, and `sinks` beside the file `archive`, which gets everything. */
export async function clockedRelay(sinks: string, route = ""): Promise<ClockedRelay> {
  process.env.GITHUB_SECRET = githubSecret
  const folder = temporaryFolder()
  const config = `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  hooks: { type: webhook, preset: hmac, path: /in, secret: env:GITHUB_SECRET, idHeader: X-Id }
routes:
  - { name: all, from: [hooks], to: [out] ${route && `, ${route}`} }
  - { name: rest, from: [hooks], to: [archive] }
sinks:
  archive: { type: file, path: ./archive.ndjson }
  out: ${sinks}
`
  const log: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) })
  const clock = new SimulatedClock()
  const relay = await Relay.start(parseConfig(config, join(folder, "relay.yaml")), logger, clock)
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= relay.stop(5000)
    return stopping
  }
  onTestFinished(stop)
  const metric = async (name: string) => metricIn(await relay.metrics.registry.metrics(), name) ?? Number.NaN
  return {
    folder,
    clock,
    log,
    stop,
    metric,
    archived: (count) => until(async () => (await metric('ohmq_relay_events_out_total{sink="archive"}')) === count),
    send: async (id, body = "{}", headers = {}) => {
      const signature = `sha256=${createHmac("sha256", githubSecret).update(body).digest("hex")}`
      const response = await fetch(`${relay.address}/in`, {
        method: "POST",
        body,
        headers: { "content-type": "application/json", "x-id": id, "x-signature-256": signature, ...headers },
      })
      await response.arrayBuffer()
      return response.status
    },
  }
}

export interface Received {
  headers: IncomingHttpHeaders
  /** After decompression. */
  body: string
}

/** A server that answers as it is told now. */
export async function answering(answer: () => [status: number, headers?: Record<string, string>] | "hold") {
  const received: Received[] = []
  const held: (() => void)[] = []
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes
    received.push({ headers: request.headers, body: String(body) })
    const now = answer()
    if (now === "hold") held.push(() => response.writeHead(200).end())
    else response.writeHead(now[0], now[1]).end()
  })
  await new Promise<void>((done) => http.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    http.closeAllConnections()
    http.close()
  })
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`, received, held }
}
