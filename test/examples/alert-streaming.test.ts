import path from "node:path"

import { describe, expect, it } from "vitest"

import { expectClosing } from "../cli/transcripts.js"
import { root, runCommand } from "../support/process.js"

const start = path.join(root, "examples/alert-streaming/start.mjs")

describe("examples/alert-streaming", () => {
  it("brings every alert to durable consumers once, and live ones report what they miss", {
    timeout: 300_000,
  }, async () => {
    const { status, stdout, stderr } = await runCommand(process.execPath, [start], { timeout: 280_000 })
    expect({ status, stderr, stdout }).toMatchObject({ status: 0, stderr: "" })
    const rowOf = (name: string) => {
      const cells = new RegExp(`^ {2}${name} .* (\\d+) +(\\d+) +(\\d+) +(\\d+) +(\\d+)$`, "m").exec(stdout)?.slice(1)
      const [received, twice, missing, gaps, replayed] = (cells ?? []).map(Number)
      return { received, twice, missing, gaps, replayed }
    }
    for (const name of ["pager", "archive", "siem"])
      expect([name, rowOf(name)]).toEqual([name, { received: 4000, twice: 0, missing: 0, gaps: 0, replayed: 0 }])
    for (const name of ["dashboard", "laptop"]) expect(rowOf(name).missing).toBe(rowOf(name).gaps)
    expect(rowOf("laptop").missing).toBeGreaterThan(0)
    expect(rowOf("latecomer")).toMatchObject({ received: 4000, missing: 0 })
    expect(rowOf("latecomer").replayed).toBeGreaterThan(0)
    expect(stdout).toMatch(/^8 of 8 claims hold\.$/m)
    expectClosing("examples/alert-streaming/README.md", stdout, { anyNumbers: true })
  })

  it("says what is wrong with a folder that has too little", { timeout: 120_000 }, async () => {
    const folder = path.join(root, "examples/alert-streaming")
    const { status, stderr } = await runCommand(process.execPath, [start, folder], { timeout: 100_000 })
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^Only \d+ lines of .* are risky, and 4000 are needed\. Name a folder with more JavaScript$/m,
    )
  })
})
