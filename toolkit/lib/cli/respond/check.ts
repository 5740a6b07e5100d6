// `ohmq respond check`: whether a configuration would be taken.

import process from "node:process"
import { readRules } from "../../respond/index.js"
import { plural } from "../terminal.js"
import { parseUsage } from "../usage.js"
import { defaultRules } from "./default-rules.js"

export async function check(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 1)
  const file = positionals[0] ?? defaultRules
  const { sources, actions, rules } = readRules(file)
  const parts = [plural(sources.length, "source"), plural(actions.size, "action"), plural(rules.length, "rule")]
  process.stdout.write(`${file} is valid: ${parts.join(", ")}\n`)
  return 0
}
