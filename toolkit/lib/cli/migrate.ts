// `ohmq relay migrate`: brings the store of a relay from files of its own to NATS JetStream, or back.

import { cpSync, existsSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { type RelayConfig, readConfig, replicatedOptions, storeFolder } from "../relay/index.js"
import { backupStore, openStore } from "../store/index.js"
import { figure, plural } from "./terminal.js"
import { parseUsage, UsageError } from "./usage.js"

/** Copies a store with what the relay keeps beside it: known deliveries, and places of sources. */
async function copyStore(from: string, to: string): Promise<void> {
  if (from === to) return
  if (existsSync(to)) throw new UsageError(`${to} exists already. Choose a new folder as store.path, or the same one`)
  await backupStore(from, to)
  if (existsSync(join(from, "deliveries"))) await backupStore(join(from, "deliveries"), join(to, "deliveries"))
  if (existsSync(join(from, "sources"))) cpSync(join(from, "sources"), join(to, "sources"), { recursive: true })
}

/** What is in a store of its own, which also shows that it can be opened and nobody uses it. */
async function contentOf(folder: string): Promise<string> {
  const store = await openStore(folder)
  const { first, last, cursors } = store.stats()
  await store.close()
  const events = last < first ? "no events" : `positions ${figure(first)} to ${figure(last)}`
  return `${events}, ${plural(Object.keys(cursors).length, "cursor")}`
}

async function toJetStream(from: RelayConfig, to: RelayConfig): Promise<string> {
  const source = storeFolder(from)
  if (!existsSync(source)) throw new UsageError(`${source} does not exist: the relay of ${from.file} has not run yet`)
  const content = await contentOf(source)
  const target = storeFolder(to)
  await copyStore(source, target)
  const { shareStore } = await import("../store/replicated/index.js")
  await shareStore(target, await replicatedOptions(to))
  const { stream } = to.store.jetstream as { stream: string }
  return `${target} is the first copy of the stream ${stream} now (${content}). Start the relay with ${to.file}.
Other relays begin with a copy of this folder: ohmq store backup ${target} FOLDER`
}

async function toFiles(from: RelayConfig, to: RelayConfig): Promise<string> {
  const source = storeFolder(from)
  const target = storeFolder(to)
  const { openReplicatedStore, unshareStore } = await import("../store/replicated/index.js")
  const options = await replicatedOptions(from)
  // All that is in the stream comes into the copy first.
  if (source !== target) await (await openReplicatedStore(source, options)).close()
  await copyStore(source, target)
  await unshareStore(target, options)
  const { stream } = from.store.jetstream as { stream: string }
  return `${target} is a store of its own now (${await contentOf(target)}). Start the relay with ${to.file}.
The stream ${stream} is as it was. Delete it once no relay needs it.`
}

export async function migrate(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 2)
  const [fromFile, toFile] = positionals
  if (fromFile === undefined || toFile === undefined)
    throw new UsageError("Name two configurations: ohmq relay migrate FROM TO")
  const from = readConfig(fromFile)
  const to = readConfig(toFile)
  const [had, has] = [from.store.jetstream !== undefined, to.store.jetstream !== undefined]
  if (had === has)
    throw new UsageError(
      `${fromFile} and ${toFile} both ${had ? "have" : "lack"} store.jetstream. One of them must have it`,
    )
  process.stdout.write(`${await (has ? toJetStream(from, to) : toFiles(from, to))}\n`)
  return 0
}
