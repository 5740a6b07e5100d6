// `ohmq relay run`: the relay, until a signal ends it.

import { Relay, readConfig } from "../relay/index.js"
import { runDaemon } from "./daemon.js"
import { defaultFile, parseUsage } from "./usage.js"

export async function runRelay(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["drain"])
  const file = positionals[0] ?? defaultFile
  return runDaemon("relay", file, values.drain, (log) => Relay.start(readConfig(file), log))
}
