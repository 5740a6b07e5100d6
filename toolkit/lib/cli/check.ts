// `ohmq relay check`: whether a configuration would be taken.

import process from "node:process"
import { readConfig } from "../relay/index.js"
import { defaultFile, parseUsage } from "./usage.js"

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`

export async function check(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 1)
  const file = positionals[0] ?? defaultFile
  const { sources, routes, sinks } = readConfig(file)
  const parts = [count(sources.length, "source"), count(routes.length, "route"), count(sinks.length, "sink")]
  process.stdout.write(`${file} is valid: ${parts.join(", ")}\n`)
  return 0
}
