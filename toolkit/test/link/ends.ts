// The ends of a link as processes, for tests that kill them.

import { type ChildProcess, spawn } from "node:child_process"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import type { Entry, Store } from "ohmq-toolkit/store"
import { onTestFinished } from "vitest"
import { entries, idOf } from "./support.js"

/** mulberry32 */
export function random(state: number) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** A process at one end, which can be killed. `command` runs it. By default it is an end of a link. */
export function startEnd(args: string[], command: string[] = [], url = new URL("programs/end.mjs", import.meta.url)) {
  const program = fileURLToPath(url)
  const [file = "", ...rest] = [...command, process.execPath, "--no-warnings", program, ...args]
  const child: ChildProcess = spawn(file, rest, { stdio: ["pipe", "pipe", "inherit"] })
  onTestFinished(() => void child.kill("SIGKILL"))
  const lines: string[] = []
  let wake = () => {}
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
    lines.push(line)
    wake()
  })
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()))
  return {
    lines,
    say: (text: string) => void child.stdin?.write(`${text}\n`),
    /** Waits for a line that begins so. */
    async line(start: string): Promise<string> {
      for (;;) {
        const found = lines.find((one) => one.startsWith(start))
        if (found !== undefined) return found
        if (child.exitCode !== null) throw new Error(`The process ended with ${child.exitCode}: ${lines.join("; ")}`)
        await new Promise<void>((resolve) => {
          wake = resolve
          setTimeout(resolve, 500)
        })
      }
    },
    async kill() {
      child.kill("SIGKILL")
      await closed
    },
  }
}

/** All events of a sender's store, and those that are invalid; those must be its dead letters. */
export async function appended(store: Store): Promise<{ valid: string[]; invalid: string[]; dead: string[] }> {
  const all = await entries(store)
  const isValid = ({ frames }: Entry) => String(frames[0]) !== "x"
  const dead = new Set<string>()
  for await (const { frames } of store.deadLetters("link s")) dead.add(JSON.parse(String(frames[1])).id)
  return {
    valid: all.filter(isValid).map(idOf),
    invalid: all.filter((entry) => !isValid(entry)).map(idOf),
    dead: [...dead],
  }
}

export type End = ReturnType<typeof startEnd>
