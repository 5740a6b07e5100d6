// Opening a store, and asking the process that has it open.

import { ensureFormat } from "./format.js"
import { StoreError, type StoreErrorCode } from "./log/errors.js"
import { makeFolder, refuseNetworkFileSystem } from "./log/file-system.js"
import { checkStore, type OnProgress, requireStore } from "./maintenance.js"
import { readOptions, type StoreOptions } from "./options.js"
import { askOwner, Owner } from "./owner.js"
import { repairFolder } from "./repair.js"
import { SegmentStore } from "./segment-store.js"
import type { CheckReport, Store } from "./store.js"

/**
 * Opens the store in a folder, which is created if it is not there. Only one process can have it open.
 *
 * @throws StoreError `LOCKED`, `READ_ONLY`, `NETWORK_FILE_SYSTEM`, `UNKNOWN_FORMAT`, `DISK_FULL` or `DAMAGED`.
 */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<Store> {
  const store = await openSegmentStore(folder, options)
  if (store.applied.base === undefined) return store
  await store.close()
  throw new StoreError(
    "UNKNOWN_FORMAT",
    `${folder} is a copy of a store on JetStream, and would differ from the others if it were changed alone. Open it as such (store.jetstream of a relay), or make it a store of its own: ohmq relay migrate`,
  )
}

/** The same, for what is built upon it. */
export async function openSegmentStore(folder: string, options: StoreOptions = {}): Promise<SegmentStore> {
  const complete = readOptions(options)
  makeFolder(folder)
  refuseNetworkFileSystem(folder)
  const owner = await Owner.claim(folder)
  try {
    ensureFormat(folder)
    if (complete.repair) await repairFolder(folder)
    const store = new SegmentStore(folder, owner, complete)
    owner.serve((command) => answer(store, command))
    await store.finishReplays()
    return store
  } catch (error) {
    await owner.release()
    throw error
  }
}

/** What other processes may ask for. */
async function answer(store: Store, command: string): Promise<object> {
  if (command !== "compact") return { error: "FAILED", message: `The store does not know the command "${command}"` }
  try {
    return { freed: await store.compact() }
  } catch (error) {
    const { code = "FAILED", message } = error as StoreError
    return { error: code, message }
  }
}

/** Compacts a store, also one that another process has open: that process does it then. Resolves to the bytes that were freed. */
export async function compactStore(folder: string): Promise<number> {
  requireStore(folder)
  const reply = await askOwner(folder, "compact")
  if (reply === undefined) {
    const store = await openSegmentStore(folder)
    try {
      return await store.compact()
    } finally {
      await store.close()
    }
  }
  const { freed, error, message } = reply as { freed?: number; error?: StoreErrorCode; message?: string }
  if (freed === undefined) {
    throw new StoreError(error ?? "LOCKED", message ?? `The process that has ${folder} open does not answer. Try again`)
  }
  return freed
}

/**
 * Repairs a store: keeps every intact entry, and puts gap records in place of the others. The damaged files are kept in `damaged/`.
 * Resolves to what was in it before and after.
 *
 * @throws StoreError `LOCKED` if it is in use.
 */
export async function repairStore(
  folder: string,
  onProgress?: OnProgress,
): Promise<{ before: CheckReport; after: CheckReport }> {
  requireStore(folder)
  const owner = await Owner.claim(folder)
  let before: CheckReport
  try {
    before = await checkStore(folder, onProgress)
    await repairFolder(folder)
  } finally {
    await owner.release()
  }
  // Opening it shows that it can be opened.
  await (await openSegmentStore(folder)).close()
  return { before, after: await checkStore(folder, onProgress) }
}
