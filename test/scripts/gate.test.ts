// The command line of gate.mjs, the page that it writes, and what it does about a run that was ended. The gate itself runs in toolkit/test/interop/release-gate.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { endLeftovers } from "../../scripts/gate/leftovers.mjs"
import { report } from "../../scripts/gate/report.mjs"
import { commands, copyProject, runScript } from "../support/project-copy.js"

const run = (...args: string[]) => runScript(copyProject("scripts"), "gate.mjs", args, { PATH: commands() })

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-gate-test-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const result = (seed: number, problems: string[] = []) => ({
  seed,
  seconds: 600,
  time: "2026-11-30T12:00:00.000Z",
  commit: "0123abc",
  machine: { node: "v20.20.2", cpus: 2, load: 4 },
  pushes: 2000,
  again: 30,
  findings: 7000,
  more: 30,
  unseen: 0,
  faults: { edge: { "kill -9": 9, "stands still": 4 }, "disk of hub": {} },
  old: { probes: 400, lateProbes: 0, leases: 90, lateLeases: 0 },
  leases: 2100,
  foundBy: { alpha: 4000, beta: 3000 },
  stations: [
    { name: "Splunk", expected: 7000, found: 7000, more: 12, isOnce: false },
    { name: "JetStream", expected: 7000, found: 6999, more: 0, isOnce: true },
  ],
  audit: { trail: 7000, responses: 9000 },
  rss: [{ name: "edge", samples: 500, median: 120, most: 150, growth: 5, mayGrow: 20, isFlat: true }],
  exits: [{ name: "hub", code: 1, signal: null }],
  took: { storm: 600_000, drain: 4000, all: 700_000 },
  problems,
})

describe("gate.mjs", () => {
  it("prints its help", async () => {
    const { status, stdout, stderr } = await run("--help")
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).toContain("--report FILE")
  })

  it("says what is wrong with its options", async () => {
    for (const [args, message] of [
      [["--seconds", "5"], "Expected --seconds to be an integer of at least 10 but received '5'."],
      [["--seed", "x"], "Expected --seed to be an integer of at least 0 but received 'x'."],
      [["--sede", "1"], /Unknown option '--sede'.*npm run gate -- --help/s],
    ] as const) {
      const { status, stderr } = await run(...args)
      expect(status).toBe(1)
      expect(stderr).toMatch(message)
      expect(stderr).not.toMatch(/^ +at /m)
    }
  })

  it("says what is missing", async () => {
    const { status, stderr } = await run()
    expect(status).toBe(1)
    expect(stderr).toMatch(/missing: flawfinder, nats-server, prometheus, rsyslogd\. Run: apt-get|needs Linux and root/)
  })
})

describe("The page of the gate", () => {
  it("has a section for each seed; a new run replaces the one before", () => {
    const file = path.join(temporaryFolder(), "page.md")
    report(file, result(1))
    report(file, result(2, ["JetStream lacks a1, a2"]))
    report(file, result(1, ["tickets lacks b7"]))
    const text = readFileSync(file, "utf8")
    expect(text.match(/^## Seed .*$/gm)).toEqual(["## Seed 2", "## Seed 1"])
    expect(text.match(/^# .*$/gm)).toEqual(["# The release gate"])
    expect(text.match(/^\*\*(Passed|Failed).*$/gm)).toEqual(["**Failed:**", "**Failed:**"])
    for (const row of [
      "- JetStream lacks a1, a2",
      "- tickets lacks b7",
      "| Splunk | 7,000 | 7,000 | 12 | at least once |",
      "| JetStream | 7,000 | 6,999 | 0 | once |",
      "| edge | kill -9: 9, stands still: 4 |",
      "| disk of hub | nothing |",
      "| edge | 120 MiB | 150 MiB | 5 MiB | 20 MiB |",
    ])
      expect(text.split("\n")).toContain(row)
    expect(text).toContain("hub (exit code 1) 1 times")
    expect(text).toContain("600 s, commit 0123abc, Node.js v20.20.2")
  })
})

describe.runIf(process.platform === "linux")("A run that was ended", () => {
  it("leaves no process", async () => {
    const folder = temporaryFolder()
    const variable = `OHMQ_GATE_FOLDER=${folder}`
    const env = { ...process.env, OHMQ_GATE_FOLDER: folder }
    // A program in a group of its own, as guards have, and one that it has started.
    const child = spawn("sh", ["-c", "sleep 300 & echo up; wait"], {
      env,
      detached: true,
      stdio: ["ignore", "pipe", "ignore"],
    })
    const ended = once(child, "exit")
    await once(child.stdout, "data")
    const other = spawn("sleep", ["300"], { stdio: "ignore" })
    expect(await endLeftovers(variable, folder)).toBe(2)
    await ended
    expect(await endLeftovers(variable, folder)).toBe(0)
    expect(other.exitCode).toBeNull()
    other.kill()
    await once(other, "exit")
  })
})
