// What the processes that start.mjs starts have in common: how they begin, meet, and end.

import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"

import { askThrough } from "./links.mjs"

// The channel to the parent closes when the run is over, and also if the parent is killed: no process is left behind.
process.on("disconnect", () => process.exit())
// Ctrl-C in a terminal reaches all processes at once. The parent ends the run; this one must not look lost meanwhile.
process.on("SIGINT", () => {})

/** What the parent says at first: the `name` of this process, and what it needs to begin. */
export const [settings] = await once(process, "message")

/** Tells the orchestrator facts and asks it a question. The orchestrator itself, who has no link to one, has no use for it. */
export const ask = settings.orchestrator && askThrough(settings.orchestrator, settings.name)

/** Registers this tool with the orchestrator. Resolves with the links once those that all need are there. */
export async function register(facts) {
  let links = await ask("links", facts)
  while (!links.notices || !links.findings) {
    await sleep(20)
    links = await ask("links")
  }
  return links
}
