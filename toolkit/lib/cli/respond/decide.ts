// `ohmq respond approve`, `refuse` and `undo`: what a person decides.

import process from "node:process"
import { plural } from "../terminal.js"
import { parseUsage, UsageError } from "../usage.js"
import { askResponder } from "./control-client.js"
import { defaultRules } from "./default-rules.js"

const idOf = (id: string | undefined, command: string): string => {
  if (id === undefined || !/^[0-9a-f]{16}$/.test(id))
    throw new UsageError(`Expected the id of a response: ohmq respond ${command} ID [FILE]. See: ohmq respond list`)
  return id
}

export async function approve(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 2)
  const id = idOf(positionals[0], "approve")
  const { missing } = (await askResponder(positionals[1] ?? defaultRules, { command: "approve", id })) as {
    missing: number
  }
  const what = missing === 0 ? "it runs now" : `${plural(missing, "more approval")} needed`
  process.stdout.write(`${id} is approved: ${what}\n`)
  return 0
}

export async function refuse(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 2, ["reason"])
  const id = idOf(positionals[0], "refuse")
  await askResponder(positionals[1] ?? defaultRules, {
    command: "refuse",
    id,
    reason: values.reason ?? "no reason given",
  })
  process.stdout.write(`${id} is refused\n`)
  return 0
}

export async function undo(args: readonly string[]): Promise<number> {
  const { positionals } = parseUsage(args, 2)
  const id = idOf(positionals[0], "undo")
  await askResponder(positionals[1] ?? defaultRules, { command: "undo", id })
  process.stdout.write(`${id} will be undone: see ohmq respond list\n`)
  return 0
}
