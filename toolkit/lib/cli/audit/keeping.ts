// `ohmq audit init`, `rotate` and `seal`: the life of a log.

import process from "node:process"
import { createAuditLog, openAuditLog, rotateKey } from "../../audit/index.js"
import { parseUsage, UsageError } from "../usage.js"
import { asUsage, required } from "./arguments.js"

const say = (text: string) => process.stdout.write(`${text}\n`)

export async function init(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["name", "after"])
  const folder = required(positionals, "DIR")
  const { name, after } = values
  if (name === undefined) throw new UsageError("Expected the name of the log, such as --name audit.example.com/prod")
  say(await asUsage(() => createAuditLog(folder, { name, ...(after !== undefined && { after }) })))
  return 0
}

export async function rotate(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, [], ["finish"])
  const folder = required(positionals, "DIR")
  for (const key of await asUsage(() => rotateKey(folder, { finish: values.finish ?? false }))) say(key)
  return 0
}

export async function seal(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 1)
  const folder = required(positionals, "DIR")
  await using log = await asUsage(() => openAuditLog(folder))
  const { size } = await log.seal()
  say(`${folder}: sealed with ${size} entries. Keep ${folder}/sealed, the last checkpoint`)
  return 0
}
