// `ohmq relay forget`: gives up what waits for a sink that is not configured any more.

import process from "node:process"
import { readConfig } from "../relay/index.js"
import { openStoreOf } from "./control-client.js"
import { defaultFile, parseUsage, UsageError } from "./usage.js"

export async function forget(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 2)
  const [sink, file = defaultFile] = positionals
  if (sink === undefined) throw new UsageError("Name the sink: ohmq relay forget SINK [FILE]")
  const config = readConfig(file, { needsSecrets: false })
  if (config.sinks.some(({ name }) => name === sink))
    throw new UsageError(`The sink "${sink}" is configured. Remove it from ${file} first`)
  const store = await openStoreOf(file)
  try {
    if (store.stats().cursors[sink] === undefined) throw new UsageError(`The store keeps nothing for a sink "${sink}"`)
    await store.removeCursor(sink)
  } finally {
    await store.close()
  }
  process.stdout.write(`Nothing is kept for ${sink} any more\n`)
  return 0
}
