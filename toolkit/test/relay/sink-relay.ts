// A relay in this process that brings events to one sink.

import { appendFileSync } from "node:fs"
import { join } from "node:path"
import { type RelayInProcess, startRelay } from "./in-process.js"
import { temporaryFolder, until } from "./support.js"

export interface SinkRelay extends RelayInProcess {
  folder: string
  /** Events go in as lines of JSON. */
  add(...events: Record<string, unknown>[]): void
  /** Waits until the sink is done with everything. */
  drained(count: number): Promise<void>
}

export const event = (id: string, data: unknown = { id }) => ({
  specversion: "1.0",
  id,
  source: "/tests",
  type: "finding.reported",
  time: "2026-03-01T10:00:00.500Z",
  data,
})

/** @param options The options of the sink, as YAML of one line without the braces. */
export async function sinkRelay(
  options: string,
  folder = temporaryFolder(),
  hasHttp = false,
  batch = 256,
): Promise<SinkRelay> {
  const input = join(folder, "in.ndjson")
  appendFileSync(input, "")
  const config = `version: 1
store: { path: ./data }
${hasHttp ? 'http: { listen: "127.0.0.1:0" }' : ""}
sources:
  in: { type: file, path: ./in.ndjson, format: events, maxLine: 1MiB }
routes:
  - { name: all, from: [in], to: [out] }
sinks:
  out: { ${options}, delivery: { batch: ${batch}, retryMin: 5ms, retryMax: 20ms } }
`
  const { log, metric, stop } = await startRelay(folder, config)
  return {
    folder,
    log,
    add: (...events) => appendFileSync(input, events.map((one) => `${JSON.stringify(one)}\n`).join("")),
    drained: (count) =>
      until(
        async () =>
          (await metric('ohmq_relay_events_in_total{source="in"}')) >= count &&
          (await metric('ohmq_relay_sink_lag_events{sink="out"}')) === 0,
      ),
    metric,
    stop,
  }
}
