// `ohmq relay schema`: a JSON Schema of the configuration, for editors.

import { dirname, isAbsolute, relative, resolve, sep } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { relaySchema } from "../relay/index.js"
import { parseUsage } from "./usage.js"

/** The schema that is shipped. */
const schemaFile = fileURLToPath(new URL("../../docs/relay.schema.json", import.meta.url))

/** How a configuration refers to the schema: relative to its folder, so that the folder can move together with node_modules. */
export function schemaReference(file: string): string {
  const path = relative(dirname(resolve(file)), schemaFile)
  return isAbsolute(path) ? pathToFileURL(path).href : path.replaceAll(sep, "/")
}

export async function schema(args: readonly string[]): Promise<number> {
  parseUsage(args, 0)
  process.stdout.write(`${JSON.stringify(relaySchema(), null, 2)}\n`)
  return 0
}
