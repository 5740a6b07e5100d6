// The metrics of the process, by the names that all programs have for them:
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics

import process from "node:process"
import { Counter, Gauge, type Registry } from "prom-client"
import { version } from "../version.js"

const started = Date.now() / 1000 - process.uptime()

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

/** Adds the version of the relay, and what its process takes. */
export function addProcessMetrics(registry: Registry): void {
  const registers = [registry]
  new Gauge({
    name: "ohmq_relay_build_info",
    help: "Always 1; the labels are the versions of the toolkit and of Node.js",
    labelNames: ["version", "node"],
    registers,
  }).set({ version, node: process.version }, 1)
  new Gauge({
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since 1970",
    registers,
  }).set(started)
  new Gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process",
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the process",
    registers,
    collect() {
      this.reset()
      this.inc(cpuSeconds())
    },
  })
}
