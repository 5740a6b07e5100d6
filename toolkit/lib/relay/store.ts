// The store of a relay, as its configuration says: files of its own, or a copy of one that several relays share.

import { resolve } from "node:path"
import { openStore, type Store, type StoreOptions } from "../store/index.js"
import type { Leases, ReplicatedOptions } from "../store/replicated/index.js"
import type { RelayConfig } from "./configuration/configuration.js"
import type { SharedConfig } from "./nats/shared.js"

/** A store, and who serves its cursors, if several relays have it. */
export interface RelayStore {
  /** The store. */
  readonly store: Store
  /** Who serves which sink. Undefined if the store is only this relay's. */
  readonly leases: Leases | undefined
}

/** Options that are no matter of the configuration. */
export interface OpenOptions extends Pick<StoreOptions, "onWrite"> {
  /** Hears of what goes wrong with servers. It is tried again. */
  onProblem?: (problem: string) => void
}

/** The folder of a relay's store. */
export const storeFolder = ({ folder, store }: Pick<RelayConfig, "folder" | "store">): string =>
  resolve(folder, store.path)

/** Opens it. Secrets must have been looked up. */
export async function openRelayStore(config: RelayConfig, options: OpenOptions = {}): Promise<RelayStore> {
  const { onWrite, onProblem } = options
  const { maxBytes, retention, jetstream } = config.store
  const folder = storeFolder(config)
  const bounds = { maxBytes, retention, ...(onWrite && { onWrite }) }
  if (jetstream === undefined) return { store: await openStore(folder, bounds), leases: undefined }
  // The client of NATS is loaded only by relays that use it.
  const { openReplicatedStore } = await import("../store/replicated/index.js")
  const store = await openReplicatedStore(folder, {
    ...(await replicatedOptions(config)),
    ...bounds,
    ...(onProblem && { onProblem }),
  })
  return { store, leases: store.leases }
}

/** The options of a store on JetStream. */
export async function replicatedOptions({ folder, store }: RelayConfig): Promise<ReplicatedOptions> {
  const { jetstream, maxBytes, retention } = store
  if (jetstream === undefined) throw new Error("The configuration has no store.jetstream")
  return { maxBytes, retention, ...(await streamOptions(jetstream, folder)) }
}

/** How the stream is reached. Paths are relative to a folder. */
export async function streamOptions(config: SharedConfig, folder: string): Promise<ReplicatedOptions> {
  const { Connector } = await import("./nats/connector.js")
  const connector = new Connector(config, folder)
  const { stream, replicas, history, name, timeout } = config
  const connect = () => connector.connect()
  return { connect, stream, replicas, history, timeout, ...(name !== undefined && { name }) }
}
