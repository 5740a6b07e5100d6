// A store that several processes share, through NATS JetStream.

export type { Candidate, Leases } from "./leases.js"
export { openReplicatedStore, type ReplicatedOptions, type ReplicatedStore } from "./replicated-store.js"
