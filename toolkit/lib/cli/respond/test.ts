// `ohmq respond test`: unit tests of rules.

import { runRuleTests } from "../../respond/index.js"
import { reportTests } from "../test.js"
import { isJson, parseUsage } from "../usage.js"
import { defaultRules } from "./default-rules.js"

export async function test(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["output"])
  const asJson = isJson(values.output)
  const { file, results } = runRuleTests(positionals[0] ?? defaultRules)
  return reportTests(file, results, asJson)
}
