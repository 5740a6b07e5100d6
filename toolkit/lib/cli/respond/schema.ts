// `ohmq respond schema`: a JSON Schema of the configuration, for editors.

import process from "node:process"
import { respondSchema } from "../../respond/index.js"
import { parseUsage } from "../usage.js"

export async function schema(args: readonly string[]): Promise<number> {
  parseUsage(args, 0)
  process.stdout.write(`${JSON.stringify(respondSchema(), null, 2)}\n`)
  return 0
}
