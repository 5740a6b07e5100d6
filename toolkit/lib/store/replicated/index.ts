/**
 * A store that several processes share, through NATS JetStream.
 *
 * @module ohmq-toolkit/store/jetstream
 */

export type { Candidate, Leases } from "./leases.js"
export { openReplicatedStore, shareStore, unshareStore } from "./opening.js"
export type { ReplicatedOptions } from "./options.js"
export type { ReplicatedStore } from "./replicated-store.js"
