// `ohmq relay schema`: a JSON Schema of the configuration, for editors.

import { dirname, isAbsolute, relative, resolve, sep } from "node:path"
import process from "node:process"
import { fileURLToPath, pathToFileURL } from "node:url"
import { relaySchema } from "../relay/index.js"
import { parseUsage } from "./usage.js"

/** How a configuration refers to a schema that is shipped: relative to its folder, so that the folder can move together with node_modules. */
export function schemaReference(file: string, name: "relay" | "respond"): string {
  const schemaFile = fileURLToPath(new URL(`../../docs/${name}.schema.json`, import.meta.url))
  const path = relative(dirname(resolve(file)), schemaFile)
  return isAbsolute(path) ? pathToFileURL(path).href : path.replaceAll(sep, "/")
}

export async function schema(args: readonly string[]): Promise<number> {
  parseUsage(args, 0)
  process.stdout.write(`${JSON.stringify(relaySchema(), null, 2)}\n`)
  return 0
}
