// Metrics of a queue, for Prometheus: docs/tasks.md lists them.

import { Counter, Gauge, Histogram, Registry } from "prom-client"
import { type EndState, states } from "../queue/index.js"
import type { TaskServer } from "./server.js"

const ends: readonly EndState[] = ["finished", "failed", "expired", "cancelled"]
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200]

/** Adds the metrics of a queue to a registry. */
export function tasksMetrics(server: TaskServer, registry = new Registry()): Registry {
  const registers = [registry]
  const started = new Counter({ name: "ohmq_tasks_started_total", help: "Attempts", labelNames: ["queue"], registers })
  const ended = new Counter({
    name: "ohmq_tasks_ended_total",
    help: "Tasks that have ended, by outcome",
    labelNames: ["queue", "outcome"],
    registers,
  })
  const waited = new Histogram({
    name: "ohmq_tasks_wait_seconds",
    help: "Time from when a task could be started to its first start",
    labelNames: ["queue"],
    buckets: seconds,
    registers,
  })
  const worked = new Histogram({
    name: "ohmq_tasks_run_seconds",
    help: "Time of the last attempt of a task",
    labelNames: ["queue"],
    buckets: seconds,
    registers,
  })
  const refused = new Counter({
    name: "ohmq_tasks_refused_total",
    help: "Messages that were refused, by reason",
    labelNames: ["code"],
    registers,
  })
  const recovered = new Counter({
    name: "ohmq_tasks_store_failures_total",
    help: "How often the store failed and was opened again",
    registers,
  })
  server.on("started", (tasks) => {
    for (const { queue, attempt, submitted, runAt = 0, started: at = 0 } of tasks) {
      started.inc({ queue })
      if (attempt === 1) waited.observe({ queue }, Math.max(at - Math.max(submitted, runAt), 0) / 1000)
    }
  })
  server.on("ended", (tasks) => {
    for (const { queue, state, started: from, ended: to = 0 } of tasks) {
      ended.inc({ queue, outcome: state })
      if (from !== undefined) worked.observe({ queue }, Math.max(to - from, 0) / 1000)
    }
  })
  server.on("refused", ({ code }) => refused.inc({ code }))
  server.on("recovered", () => recovered.inc())
  const gauge = (name: string, help: string, labelNames: string[], collect: (gauge: Gauge) => void) =>
    new Gauge({
      name: `ohmq_tasks_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset()
        collect(this)
      },
    })
  gauge("known", "Tasks that are known, by state", ["queue", "state"], (one) => {
    for (const { name: queue, counts } of server.snapshot().queues) {
      for (const state of states) one.set({ queue, state }, counts[state])
      // Prometheus notices no increase of a counter that was not there before.
      for (const outcome of ends) ended.inc({ queue, outcome }, 0)
    }
  })
  gauge("workers", "Workers that are connected", ["queue"], (one) => {
    for (const { queue } of server.snapshot().workers) one.inc({ queue })
  })
  gauge("paused", "1 if nothing of a queue is started", ["queue"], (one) => {
    for (const { name: queue, settings } of server.snapshot().queues) one.set({ queue }, settings.paused ? 1 : 0)
  })
  gauge("input_characters", "Characters of the inputs in memory", [], (one) => one.set(server.snapshot().inputSize))
  gauge("up", "1 if the store of the queue works", [], (one) => one.set(server.isReady ? 1 : 0))
  return registry
}
