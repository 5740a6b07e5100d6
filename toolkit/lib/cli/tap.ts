// `ohmq relay tap`: what a relay takes in, live.

import process from "node:process"
import { readPlace } from "../relay/index.js"
import { askRelay } from "./control-client.js"
import { defaultFile, parseUsage, warnOfMistakes } from "./usage.js"

export async function tap(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["source"])
  const file = positionals[0] ?? defaultFile
  const place = readPlace(file)
  warnOfMistakes(file, place.mistakes)
  const query = values.source === undefined ? "" : `?name=${encodeURIComponent(values.source)}`
  const answer = await askRelay(place, "GET", `/tap${query}`)
  if (answer === undefined) throw new Error("The relay does not run. Start it: ohmq relay run")
  process.once("SIGINT", () => answer.destroy())
  try {
    for await (const chunk of answer) process.stdout.write(chunk)
  } catch {
    // The relay has stopped, or the user.
  }
  return 0
}
