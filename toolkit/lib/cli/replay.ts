// `ohmq relay replay`: dead letters go to their sink again.

import process from "node:process"
import { suggestion } from "../config/index.js"
import { type Replayed, readConfig, readPlace, replay as replayDeadLetters } from "../relay/index.js"
import { askRelay, jsonOf, openStoreOf } from "./control-client.js"
import { defaultFile, parseUsage, UsageError, warnOfMistakes } from "./usage.js"

export async function replay(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 2)
  const [sink, file = defaultFile] = positionals
  if (sink === undefined) throw new UsageError("Name the sink: ohmq relay replay SINK [FILE]")
  const place = readPlace(file)
  if (!place.sinks.includes(sink)) {
    // If the sinks cannot be read, that is what has to be mended first.
    if (place.sinks.length === 0 && place.mistakes !== undefined) throw place.mistakes
    throw new UsageError(`There is no sink "${sink}".${suggestion(sink, place.sinks)}`)
  }
  const answer = await askRelay(place, "POST", `/replay?name=${encodeURIComponent(sink)}`)
  let result: Replayed
  if (answer !== undefined) {
    warnOfMistakes(file, place.mistakes)
    result = (await jsonOf(answer)) as unknown as Replayed
  } else {
    // It does not run: its store is free. What it would do is done here, for which all of the configuration is needed.
    const { routes } = readConfig(file, { needsSecrets: false })
    const store = await openStoreOf(file)
    try {
      await store.addCursor(sink)
      result = await replayDeadLetters(store, sink, routes)
    } finally {
      await store.close()
    }
  }
  const { replayed, held, reason } = result
  process.stdout.write(`${replayed} dead letters of ${sink} will be delivered again\n`)
  if (held > 0) process.stdout.write(`${held} stay. The first because: ${reason}\n`)
  return 0
}
