/**
 * Metrics of any socket of ohmq, for Prometheus.
 *
 * @module ohmq-toolkit/metrics
 */

export { type InstrumentOptions, instrument } from "./instrument.js"
export type { Instrumentable } from "./socket-metrics.js"
