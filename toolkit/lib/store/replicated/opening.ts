// Opening a copy of a store on JetStream; making a store one, and a copy a store of its own.

import { randomBytes, randomUUID } from "node:crypto"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { StoreError } from "../log/errors.js"
import { openSegmentStore } from "../opening.js"
import { readOptions } from "../options.js"
import type { SegmentStore } from "../segment-store.js"
import { beatMs } from "./leases.js"
import { defaults, type ReplicatedOptions } from "./options.js"
import { maxCommands } from "./replica.js"
import { ReplicatedStore } from "./replicated-store.js"
import { LogStream } from "./stream.js"

/** Which copy this is: a file in its folder, which no backup has. */
function copyName(folder: string): string {
  const file = join(folder, "copy")
  if (!existsSync(file)) writeFileSync(file, `${randomBytes(16).toString("hex")}\n`, { mode: 0o600 })
  return readFileSync(file, "utf8").trim()
}

/** What a stream begins with if no store was brought into it. */
const nothing = "empty"

/** Checks the options, and opens the copy. */
function openCopy(folder: string, options: ReplicatedOptions): Promise<SegmentStore> {
  const { stream, replicas = defaults.replicas, retention = 0, segmentBytes, onWrite, maxBytes = 2 ** 30 } = options
  if (!/^[^\s.*>/\\]{1,200}$/.test(stream))
    throw new TypeError(
      `Expected the name of a stream without blanks, dots, wildcards and slashes but received ${stream}`,
    )
  if (![1, 3, 5].includes(replicas)) throw new RangeError(`Expected 1, 3 or 5 replicas but received ${replicas}`)
  readOptions({ maxBytes, retention })
  // The bounds are kept when commands are sent: a copy must not refuse what the others take.
  return openSegmentStore(folder, {
    retention,
    segmentBytes: segmentBytes ?? Math.min(64 << 20, Math.max(4096, Math.floor(maxBytes / 8))),
    ...(onWrite && { onWrite }),
  })
}

const streamOf = ({ connect, stream, replicas, timeout }: ReplicatedOptions): LogStream =>
  new LogStream({ connect, stream, replicas: replicas ?? defaults.replicas, timeout: timeout ?? defaults.timeout })

/** Calls a function with a copy and its stream. Closes both if it fails. */
async function withCopy<T>(
  folder: string,
  options: ReplicatedOptions,
  use: (local: SegmentStore, log: LogStream) => Promise<T>,
): Promise<T> {
  const local = await openCopy(folder, options)
  const log = streamOf(options)
  try {
    return await use(local, log)
  } catch (error) {
    await log.close()
    await local.close()
    if (error instanceof StoreError) throw error
    throw new StoreError("UNREACHABLE", `JetStream cannot be used: ${(error as Error).message}`, error)
  }
}

/**
 * Opens a store that is shared with other processes through a stream of NATS JetStream. The folder has this process's copy.
 *
 * @throws StoreError as `openStore`; `UNREACHABLE` if no server answers, `UNKNOWN_FORMAT` if the stream is not one of a store or does not fit the copy.
 */
export function openReplicatedStore(folder: string, options: ReplicatedOptions): Promise<ReplicatedStore> {
  return withCopy(folder, options, async (local, log) => {
    const { base } = local.applied
    const { last, cursors } = local.stats()
    if (base === undefined && (last > 0 || Object.keys(cursors).length > 0))
      throw new StoreError(
        "UNKNOWN_FORMAT",
        `${folder} has a store of its own. To share it: ohmq relay migrate. Or choose an empty folder for the copy`,
      )
    const found = await log.open(nothing)
    if (base === undefined && found === nothing) await local.setBase({ id: nothing, offset: 0 })
    else if (base?.id !== found)
      throw new StoreError(
        "UNKNOWN_FORMAT",
        `The stream ${options.stream} began with the content of a store that this copy does not have. Put a copy of another machine into ${folder} (ohmq store backup), then start again`,
      )
    const store = new ReplicatedStore(local, log, copyName(folder), options)
    await store.start()
    return store
  })
}

/**
 * Brings the store of a folder into a new stream: the folder becomes the first copy. Others begin with a backup of it. Can be called again after it has failed.
 *
 * @throws StoreError as `openReplicatedStore`; `UNKNOWN_FORMAT` if there is something in the stream.
 */
export function shareStore(folder: string, options: ReplicatedOptions): Promise<void> {
  return withCopy(folder, options, async (local, log) => {
    const { base, events, dead, state } = local.applied
    if (base !== undefined)
      throw new StoreError("UNKNOWN_FORMAT", `${folder} is a copy of a store on JetStream already`)
    const id = await log.open(randomUUID())
    const { last } = await log.state()
    if (id === nothing || last > 0)
      throw new StoreError(
        "UNKNOWN_FORMAT",
        `The stream ${options.stream} has another store. Choose a new name, or delete the stream first`,
      )
    await local.setBase({ id, offset: Math.ceil(Math.max(events, dead, state) / maxCommands) + 1 })
    await log.close()
    await local.close()
  })
}

/**
 * Makes a copy a store of its own, with all that is in the stream. The stream stays as it is, and nobody else may use it meanwhile.
 *
 * @throws StoreError as `openReplicatedStore`; `LOCKED` if another process works with the stream.
 */
export async function unshareStore(folder: string, options: ReplicatedOptions): Promise<void> {
  const store = await openReplicatedStore(folder, options)
  try {
    await setTimeout(2 * beatMs)
    const others = store.leases.others()
    if (others.length > 0)
      throw new StoreError("LOCKED", `${others.join(" and ")} works with the stream ${options.stream}. Stop it first`)
  } finally {
    await store.close()
  }
  const local = await openCopy(folder, options)
  await local.setBase(null)
  rmSync(join(folder, "copy"), { force: true })
  await local.close()
}
