// A relay in this process.

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Relay, readConfig } from "ohmq-toolkit/relay"
import { pino } from "pino"
import { onTestFinished } from "vitest"
import { type Line, linesOf, metricIn, until } from "./support.js"

export interface RelayInProcess {
  log: Record<string, unknown>[]
  /** The value of a metric. 0 if there is none. */
  metric(name: string): Promise<number>
  /** Stops it, once. After the test, it is stopped without draining. */
  stop(drainMs?: number): Promise<void>
}

/** Starts the relay of a configuration in a folder. */
export async function startRelay(folder: string, config: string): Promise<RelayInProcess> {
  const file = join(folder, "relay.yaml")
  writeFileSync(file, config)
  const log: Record<string, unknown>[] = []
  const logger = pino({ base: null }, { write: (line: string) => void log.push(JSON.parse(line)) })
  const relay = await Relay.start(readConfig(file), logger)
  let stopping: Promise<void> | undefined
  const stop = (drainMs = 5000) => {
    stopping ??= relay.stop(drainMs)
    return stopping
  }
  onTestFinished(() => stop(0))
  const metric = async (name: string) => metricIn(await relay.metrics.registry.metrics(), name) ?? 0
  return { log, metric, stop }
}

export type EventLine = Line & Record<string, unknown>

export interface SourceRelay extends RelayInProcess {
  folder: string
  /** The events in its file, when there are so many. */
  lines(count: number): Promise<EventLine[]>
  /** How much was refused for a reason. */
  refused(reason: string): Promise<number>
}

/** Starts a relay that writes what one source brings to a file, `events.ndjson`. @param options Those of the source, as YAML of one line. */
export async function sourceRelay(options: string, folder: string, name = "in"): Promise<SourceRelay> {
  const relay = await startRelay(
    folder,
    `version: 1
store: { path: ./data }
sources:
  ${name}: { ${options} }
routes:
  - { name: all, from: [${name}], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  )
  const found = () => linesOf(join(folder, "events.ndjson")) as EventLine[]
  return {
    ...relay,
    folder,
    lines: async (count) => {
      await until(() => found().length >= count)
      return found()
    },
    refused: (reason) => relay.metric(`ohmq_relay_events_refused_total{source="${name}",reason="${reason}"}`),
  }
}
