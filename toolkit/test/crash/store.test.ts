import { spawn } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { temporaryFolder, textOf } from "../store/support.js"

const crashes = Number(process.env.OHMQ_CRASHES ?? 50)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const streams = 6

/** mulberry32 */
function random(state: number) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** Runs a process that appends, kills it, and returns what it said was stored. */
function killed(folder: string, delay: number): Promise<string[]> {
  const program = fileURLToPath(new URL("../store/programs/appender.mjs", import.meta.url))
  const child = spawn(process.execPath, [program, folder, String(streams)], { stdio: ["ignore", "pipe", "inherit"] })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", (text) => {
    // Counted from the first confirmation: how long a process takes to start is of no interest.
    if (output === "") setTimeout(() => child.kill("SIGKILL"), delay)
    output += text
  })
  return new Promise((resolve, reject) => {
    child.on("close", (code, signal) => {
      if (signal !== "SIGKILL") reject(new Error(`The process ended with ${code ?? signal}`))
      // A last line without its end was not said.
      else resolve(output.split("\n").slice(0, -1))
    })
  })
}

describe("a process that is killed", () => {
  it(`leaves every confirmed event in order, once (${crashes} times, seed ${seed})`, {
    timeout: 5_000 * crashes,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_CRASHES=${crashes}`)
    const folder = temporaryFolder()
    const next = random(seed)
    const sequences = new Map<string, number>()
    let last = 0
    let confirmed = 0
    const first = await openStore(folder)
    await first.addCursor("reader")
    await first.close()
    for (let i = 0; i < crashes; i++) {
      const lines = await killed(folder, next() * 120)
      const store = await openStore(folder, { segmentBytes: 1 << 16 })
      const found = new Map<number, string>()
      for await (const batch of store.read("reader", { follow: false })) {
        for (const entry of batch) {
          expect(entry.position).toBe(++last)
          const [stream, sequence] = textOf(entry).split(" ") as [string, string]
          expect(Number(sequence)).toBe((sequences.get(stream) ?? 0) + 1)
          sequences.set(stream, Number(sequence))
          found.set(entry.position, textOf(entry))
        }
        await store.commit("reader", last)
      }
      for (const line of lines) {
        const [position, ...text] = line.split(" ")
        // It had been read before if the same event was sent again.
        expect(found.get(Number(position))).toBe(text.join(" "))
        confirmed++
      }
      for (const [stream, sequence] of sequences) expect(store.sequenceOf(stream)).toBe(sequence)
      expect(store.stats().last).toBe(last)
      await store.close()
    }
    expect(confirmed).toBeGreaterThan(crashes)
    console.log(`${last} events stored, ${confirmed} appends confirmed`)
  })
})
