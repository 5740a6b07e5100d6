// What all processes that start.mjs starts have in common: how they start, find each other, and exit.

import { once } from "node:events"
import { setTimeout as sleep } from "node:timers/promises"

import { askThrough } from "./links.mjs"

// The channel to the parent closes when the run is over, and also if the parent is killed, so no process is left behind.
process.on("disconnect", () => process.exit())
// Ctrl-C in a terminal reaches all processes at once. The parent ends the run; until then this process must not look lost.
process.on("SIGINT", () => {})

/** The parent's first message: the `name` of this process, and the settings it needs. */
export const [settings] = await once(process, "message")

/** Reports facts to the orchestrator and asks it a question. Undefined in the orchestrator itself. */
export const ask = settings.orchestrator && askThrough(settings.orchestrator, settings.name)

/** Registers this tool with the orchestrator. Resolves with the links once both shared ones are known. */
export async function register(facts) {
  let links = await ask("links", facts)
  while (!links.notices || !links.findings) {
    await sleep(20)
    links = await ask("links")
  }
  return links
}
