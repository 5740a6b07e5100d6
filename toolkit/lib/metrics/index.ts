// Metrics of any socket of ohmq, for Prometheus.

export { type InstrumentOptions, instrument } from "./instrument.js"
export type { Instrumentable } from "./socket-metrics.js"
