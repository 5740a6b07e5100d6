import { spawn } from "node:child_process"
import { join, resolve } from "node:path"
import { createAuditLog, openAuditLog, readEntries, verifyAuditLog } from "ohmq-toolkit/audit"
import { describe, expect, it } from "vitest"
import { checkpointOf, temporaryFolder } from "../audit/support.js"

const crashes = Number(process.env.OHMQ_CRASHES ?? 12)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)

/** Runs a process that appends, kills it after some milliseconds, and returns what it said was on disk, and a checkpoint of then. */
async function killed(folder: string, run: number, delay: number) {
  const program = resolve(import.meta.dirname, "../audit/programs/appender.mjs")
  const child = spawn(process.execPath, [program, folder, String(run)], { stdio: ["ignore", "pipe", "inherit"] })
  let output = ""
  const seen: string[] = []
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    // Counted from the first entry: how long a process takes to start is of no interest.
    if (output === "") setTimeout(() => child.kill("SIGKILL"), delay)
    output += text
    if (seen.length < 5) seen.push(checkpointOf(folder))
  })
  await new Promise<void>((done, reject) => {
    child.on("close", (code, signal) =>
      signal === "SIGKILL" ? done() : reject(new Error(`The process ended with ${code ?? signal}`)),
    )
  })
  return { lines: output.split("\n").slice(0, -1), seen: [...seen, checkpointOf(folder)] }
}

describe("an audit log whose process is killed", () => {
  it(`has all that was acknowledged, and goes on from every checkpoint (${crashes} times, seed ${seed})`, {
    timeout: 20_000 * crashes,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_CRASHES=${crashes}`)
    const folder = join(temporaryFolder(), "log")
    const key = await createAuditLog(folder, { name: "audit.example.com/crash" })
    const acknowledged = new Map<number, string>()
    const checkpoints = new Set<string>()
    for (let run = 0; run < crashes; run++) {
      const { lines, seen } = await killed(folder, run, (((seed + run) * 7919) % 997) / 8)
      for (const line of lines) {
        const space = line.indexOf(" ")
        const index = Number(line.slice(0, space))
        // No index is given twice.
        expect(acknowledged.has(index)).toBe(false)
        acknowledged.set(index, line.slice(space + 1))
      }
      for (const note of seen) checkpoints.add(note)
      // What is served is intact as the kill has left it.
      expect(await verifyAuditLog(folder, { keys: [key], checkpoints: [...checkpoints] })).toMatchObject({ found: 0 })
    }
    await (await openAuditLog(folder)).close()
    const report = await verifyAuditLog(folder, { keys: [key], checkpoints: [...checkpoints] })
    expect(report.problems).toEqual([])
    expect(report.consistentWith.length).toBe(checkpoints.size)
    const entries = [...readEntries(folder, { keys: [key] })].map(({ entry }) => String(entry))
    for (const [index, text] of acknowledged) expect(entries[index]).toBe(text)
    expect(new Set(entries).size).toBe(entries.length)
    expect(acknowledged.size).toBeGreaterThan(crashes)
    console.log(`${acknowledged.size} entries acknowledged, ${checkpoints.size} checkpoints`)
  })
})
