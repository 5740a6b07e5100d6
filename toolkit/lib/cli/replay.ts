// `ohmq relay replay`: dead letters go to their sink again.

import process from "node:process"
import { suggestion } from "../config/index.js"
import { type Replayed, readConfig, replay as replayDeadLetters } from "../relay/index.js"
import { askRelay, jsonOf, openStoreOf } from "./control-client.js"
import { defaultFile, parseUsage, UsageError } from "./usage.js"

export async function replay(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 2)
  const [sink, file = defaultFile] = positionals
  if (sink === undefined) throw new UsageError("Name the sink: ohmq relay replay SINK [FILE]")
  const config = readConfig(file, { needsSecrets: false })
  const names = config.sinks.map(({ name }) => name)
  if (!names.includes(sink)) throw new UsageError(`There is no sink "${sink}".${suggestion(sink, names)}`)
  const answer = await askRelay(config, "POST", `/replay?name=${encodeURIComponent(sink)}`)
  let result: Replayed
  if (answer !== undefined) result = (await jsonOf(answer)) as unknown as Replayed
  else {
    // It does not run: its store is free.
    const store = await openStoreOf(file)
    try {
      await store.addCursor(sink)
      result = await replayDeadLetters(store, sink, config.routes)
    } finally {
      await store.close()
    }
  }
  const { replayed, held, reason } = result
  process.stdout.write(`${replayed} dead letters of ${sink} will be delivered again\n`)
  if (held > 0) process.stdout.write(`${held} stay. The first because: ${reason}\n`)
  return 0
}
