// `ohmq respond run`: the responder, until a signal ends it.

import { Responder, readRules } from "../../respond/index.js"
import { runDaemon } from "../daemon.js"
import { parseUsage } from "../usage.js"
import { defaultRules } from "./default-rules.js"

export async function runResponder(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["drain"])
  const file = positionals[0] ?? defaultRules
  return runDaemon("responder", file, values.drain, (log) => Responder.start(readRules(file), log))
}
