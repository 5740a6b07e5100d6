/**
 * The relay: from webhooks and sockets, through a store, to every sink.
 *
 * @module ohmq-toolkit/relay
 */

export { ConfigError, type Mistake } from "../config/index.js"
export { type Audit, auditBooks, type Loss, type SinkBooks } from "./books/audit.js"
export type { Clock } from "./clock.js"
export type {
  ComponentContext,
  Incoming,
  IntakeOptions,
  Outcome,
  Outgoing,
  Receipt,
  Retry,
  Sink,
  Source,
} from "./components.js"
export { parseConfig, type ReadOptions, type RelayConfig, readConfig } from "./configuration/configuration.js"
export { type RelayPlace, readPlace } from "./configuration/place.js"
export { relaySchema } from "./configuration/reference.js"
export { ControlPath } from "./control.js"
export { type Replayed, replay } from "./delivery/replay.js"
export { type GithubAnswer, GithubApi, GithubError } from "./github/api.js"
export { type FailedDelivery, failedDeliveries, type Hook, redeliver } from "./github/deliveries.js"
export { storedDeliveries } from "./github/stored.js"
export type { TraceContext } from "./observation/tracing.js"
export { Relay } from "./relay.js"
export { openRelayStore, type RelayStore, replicatedOptions, storeFolder } from "./store.js"
export { runTests, type TrialResult } from "./trial/trial.js"
export { version } from "./version.js"
