// `ohmq audit serve` and `witness`: until a signal ends them.

import { once } from "node:events"
import process from "node:process"
import { AuditServer, Witness } from "../../audit/index.js"
import { parseUsage } from "../usage.js"
import { addressOf, asUsage, keysOf, required } from "./arguments.js"

const defaultLog = "127.0.0.1:8081"
const defaultWitness = "127.0.0.1:8082"

/** Waits for the signal before it starts, so that an early one is not lost. */
async function untilSignal(start: () => Promise<AuditServer>, describe: (url: string) => string): Promise<void> {
  const signal = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")])
  await using server = await asUsage(start)
  process.stdout.write(describe(server.url))
  await signal
}

export async function serve(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["listen", "witness"], ["insecure"])
  const log = required(positionals, "DIR")
  const address = addressOf(values.listen ?? defaultLog)
  const { insecure = false } = values
  const witness = values.witness === undefined ? undefined : await asUsage(() => Witness.open(values.witness as string))
  try {
    await untilSignal(
      () => AuditServer.start({ log, ...address, insecure, ...(witness !== undefined && { witness }) }),
      (url) => `${log}: served at ${url}${witness === undefined ? "" : `, with the witness ${witness.key}`}\n`,
    )
  } finally {
    await witness?.close()
  }
  return 0
}

export async function witness(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["name", "listen"], ["insecure"], ["log"])
  const folder = required(positionals, "DIR")
  const address = addressOf(values.listen ?? defaultWitness)
  const { name, insecure = false } = values
  const logs = keysOf("--log", values.log)
  const own = await asUsage(() => Witness.open(folder, { logs, ...(name !== undefined && { name }) }))
  try {
    await untilSignal(
      () => AuditServer.start({ witness: own, ...address, insecure }),
      (url) => `${folder}: the witness ${own.key} is at ${url}, and knows ${own.logs.length} keys of logs\n`,
    )
  } finally {
    await own.close()
  }
  return 0
}
