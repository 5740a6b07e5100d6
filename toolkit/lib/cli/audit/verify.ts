// `ohmq audit verify`: a log, a copy of it, or a proof.

import { readFileSync, statSync } from "node:fs"
import process from "node:process"
import { type AuditReport, type TrustOptions, verifyAuditLog, verifyProof } from "../../audit/index.js"
import { figure, Progress } from "../terminal.js"
import { isJson, parseUsage, UsageError } from "../usage.js"
import { asUsage, fileOf, keysOf, required } from "./arguments.js"

const say = (text: string) => process.stdout.write(`${text}\n`)
const day = (time: number) => new Date(time).toISOString()

export async function verify(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseUsage(args, 1, ["policy", "output"], [], ["key", "checkpoint"])
  const target = required(positionals, "DIR or a proof")
  if (values.key === undefined && values.policy === undefined)
    throw new UsageError(
      "Expected the public key of the log, which `ohmq audit init` printed: --key PUBLIC. A key that comes with the log proves nothing",
    )
  const trust = {
    keys: keysOf("--key", values.key),
    ...(values.policy !== undefined && { policy: fileOf("--policy", values.policy) }),
  }
  const asJson = isJson(values.output)
  if (statSync(target, { throwIfNoEntry: false })?.isFile()) {
    if (values.checkpoint !== undefined) throw new UsageError("--checkpoint is for logs, not for proofs")
    return verifyFile(target, trust, asJson)
  }
  const checkpoints = (values.checkpoint ?? []).map((path) => fileOf("--checkpoint", path))
  using progress = new Progress("Verifying", (entries) => `${figure(entries)} entries`)
  const report = await asUsage(() => verifyAuditLog(target, { ...trust, checkpoints, onProgress: progress.show }))
  progress[Symbol.dispose]()
  if (asJson)
    say(JSON.stringify({ folder: target, intact: report.found === 0, ...report, root: report.root.toString("base64") }))
  else print(target, report)
  return report.found === 0 ? 0 : 1
}

function print(folder: string, report: AuditReport): void {
  const { origin, size, root, cosignatures, consistentWith, keys, times, problems, found } = report
  for (const { message } of problems) say(message)
  if (found > problems.length) say(`… and ${figure(found - problems.length)} more`)
  say(`${folder}: ${origin || "the log"}, ${figure(size)} entries, ${found === 0 ? "intact" : "NOT INTACT"}`)
  if (found > 0) return
  say(`root ${root.toString("base64")}, signed by the log`)
  if (times !== undefined) say(`records from ${day(times.first)} to ${day(times.last)}`)
  for (const { witness, time } of cosignatures) say(`cosigned by ${witness} at ${day(time)}`)
  for (const older of consistentWith) say(`goes on from the checkpoint with ${figure(older)} entries`)
  for (const { index, key, change } of keys) say(`entry ${index}: the key ${key} was ${change}`)
}

async function verifyFile(file: string, trust: TrustOptions, asJson: boolean): Promise<number> {
  const { origin, index, entry, checkpoint, cosignatures } = await asUsage(() =>
    verifyProof(readFileSync(file, "utf8"), trust),
  )
  if (asJson) {
    say(
      JSON.stringify({
        file,
        intact: true,
        origin,
        index,
        size: checkpoint.size,
        cosignatures,
        entry: entry.toString("base64"),
      }),
    )
    return 0
  }
  say(`${file}: entry ${index} of ${origin}, which had ${figure(checkpoint.size)} entries`)
  for (const { witness, time } of cosignatures) say(`cosigned by ${witness} at ${day(time)}`)
  say(entry.toString("utf8"))
  return 0
}
