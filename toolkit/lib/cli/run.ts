// `ohmq relay run`: the relay, until a signal ends it.

import { Relay, readConfig } from "../relay/index.js"
import { runDaemon } from "./daemon.js"
import { defaultFile, parseUsage } from "./usage.js"

export async function runRelay(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["drain"], ["drain-failing"])
  const file = positionals[0] ?? defaultFile
  return runDaemon("relay", file, values.drain, async (log) => {
    const relay = await Relay.start(readConfig(file), log)
    return {
      reload: () => relay.reload(),
      stop: (drain) => relay.stop(drain, values["drain-failing"]),
    }
  })
}
