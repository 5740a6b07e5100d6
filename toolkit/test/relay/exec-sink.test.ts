import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { event, sinkRelay } from "./sink-relay.js"
import { temporaryFolder, until } from "./support.js"

const numbered = (count: number) => Array.from({ length: count }, (_, index) => event(String(index + 1)))

/** A relay whose sink is a script of the shell, in its folder. */
async function relayOf(script: string, more = "") {
  const folder = temporaryFolder()
  writeFileSync(join(folder, "run"), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, "run"), 0o755)
  return await sinkRelay(`type: exec, command: ["./run", "a b", "$HOME"]${more}`, folder)
}

const idsIn = (folder: string): string[] =>
  readFileSync(join(folder, "out"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => (JSON.parse(line) as { id: string }).id)

describe("The sink exec", () => {
  it("gives events to a command as lines of JSON, and arguments as they are", async () => {
    const relay = await relayOf('cat >> out; printf "%s\\n" "$1" "$2" > args')
    relay.add(...numbered(300))
    await relay.drained(300)
    expect(idsIn(relay.folder)).toEqual(Array.from({ length: 300 }, (_, index) => String(index + 1)))
    expect(readFileSync(join(relay.folder, "args"), "utf8")).toBe("a b\n$HOME\n")
  })

  it("gives them again if the command fails, and says what it printed", async () => {
    const relay = await relayOf('if [ ! -e ok ]; then touch ok; echo "no route to host" >&2; exit 3; fi; cat >> out')
    relay.add(event("1"))
    await relay.drained(1)
    expect(idsIn(relay.folder)).toEqual(["1"])
    expect(relay.log.some(({ reason }) => reason === "The command ended with 3: no route to host")).toBe(true)
  })

  it("gives up the event for which the command ends with 65", async () => {
    const relay = await relayOf('cat > in; if grep -q \'"id":"3"\' in; then echo bad >&2; exit 65; fi; cat in >> out')
    relay.add(...numbered(5))
    await relay.drained(5)
    expect(idsIn(relay.folder)).toEqual(["1", "2", "4", "5"])
    expect(await relay.metric('ohmq_relay_events_dead_total{sink="out"}')).toBe(1)
    expect(relay.log.some(({ reason }) => reason === "The command ended with 65: bad")).toBe(true)
  })

  it("kills a command that takes too long, with what it has started", async () => {
    const relay = await relayOf(
      "if [ -e pid ]; then cat >> out; exit; fi; sleep 60 & echo $! > pid; wait",
      ", timeout: 300ms",
    )
    relay.add(event("1"))
    await until(() => existsSync(join(relay.folder, "pid")))
    const pid = Number(readFileSync(join(relay.folder, "pid"), "utf8"))
    await relay.drained(1)
    expect(idsIn(relay.folder)).toEqual(["1"])
    expect(relay.log.some(({ reason }) => reason === "The command did not end within 0.3 s")).toBe(true)
    await until(() => {
      try {
        process.kill(pid, 0)
        return false
      } catch {
        return true
      }
    })
  })

  it("says if the command is not there", async () => {
    const relay = await sinkRelay("type: exec, command: [./missing]")
    relay.add(event("1"))
    await until(() => relay.log.some(({ reason }) => reason === "Cannot run ./missing: ENOENT"))
  })
})
