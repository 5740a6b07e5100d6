// Needs root, as .ci/run has it: the example makes network namespaces.

import { mkdirSync, readdirSync } from "node:fs"
import path from "node:path"
import { pathToFileURL } from "node:url"

import { describe, expect, it } from "vitest"

import { expectClosing } from "../cli/transcripts.js"
import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"

const start = path.join(root, "examples/soar/start.mjs")

const { countsOf, entriesOf } = (await import(pathToFileURL(path.join(root, "examples/soar/record.mjs")).href)) as {
  countsOf(entries: object[]): object
  entriesOf(text: string): object[]
}

describe("examples/soar", () => {
  it("blocks an address, refuses a command, undoes what a killed responder has left, and records it all", {
    timeout: 300_000,
  }, async () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, "tmp"))
    const { status, stdout, stderr } = await runCommand(process.execPath, [start], {
      timeout: 290_000,
      env: { TMPDIR: path.join(folder, "tmp") },
    })
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" })
    expect(stdout).toContain("13 of 13 claims hold.")
    expectClosing("examples/soar/README.md", stdout)
    expect(stdout).not.toContain("FAILED")
    expect(stdout).toMatch(/response\.finished +undo, done\n.*response\.suppressed +port-scan, refused/)
    expect(readdirSync(path.join(folder, "tmp"))).toEqual([])
  })

  it("says that it needs root, with an exit code of its own", async () => {
    const args = ["--user", process.execPath, start]
    const { status, stdout, stderr } = await runCommand("unshare", args, { timeout: 60_000 })
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" })
    expect(stderr).toMatch(/^It needs root[^\n]+\n$/)
  })

  it("says which programs are missing", async () => {
    const options = { timeout: 60_000, env: { PATH: temporaryFolder() } }
    const { status, stdout, stderr } = await runCommand(process.execPath, [start], options)
    expect({ status, stdout }).toEqual({ status: 3, stdout: "" })
    expect(stderr).toContain("apt-get install nftables iproute2 util-linux prometheus-alertmanager curl\n")
  })
})

describe("examples/soar/record.mjs", () => {
  it("counts what was done, and not what was tried", () => {
    const line = (entry: object) => JSON.stringify({ index: 0, entry })
    const finished = (run: string, outcome: string) => line({ type: "response.finished", run, outcome })
    const entries = entriesOf(
      [
        line({ type: "audit.opened" }),
        JSON.stringify({ index: 1, text: "not JSON" }),
        line({ type: "response.decided" }),
        finished("action", "done"),
        finished("action", "failed"),
        finished("undo", "done"),
        line({ type: "response.suppressed", reason: "refused", count: 2 }),
        line({ type: "response.suppressed", reason: "limit", count: 5 }),
      ].join("\n"),
    )
    expect(entries).toHaveLength(6)
    expect(countsOf(entries)).toEqual({ blocked: 1, undone: 1, refused: 2 })
  })
})
