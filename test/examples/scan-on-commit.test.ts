import path from "node:path"

import { describe, expect, it } from "vitest"

import { expectClosing } from "../cli/transcripts.js"
import { root, runCommand } from "../support/process.js"

const start = path.join(root, "examples/scan-on-commit/start.mjs")
const run = (env: NodeJS.ProcessEnv = {}) => runCommand(process.execPath, [start], { timeout: 280_000, env })

describe("examples/scan-on-commit", () => {
  it("denies weak code, merges mended code, and records both and a webhook that was tampered with", {
    timeout: 300_000,
  }, async () => {
    const { status, stdout, stderr } = await run()
    expect({ status, stderr, stdout }).toMatchObject({ status: 0, stderr: "" })
    expect(stdout).toMatch(/CI ended with 1: deny merge\.main: .*greet\.c:6 FF1001/)
    expect(stdout).toMatch(/CI ended with 0: allow merge\.main: nothing of high severity/)
    expect(stdout).toMatch(/audit \d+ {2}webhook\.refused .*signature/)
    expect(stdout).toMatch(/^audit: example\.com\/scan-on-commit, \d+ entries, intact$/m)
    for (const [name, weaknesses] of Object.entries({ flawfinder: 1, eslint: 2, bandit: 2 }))
      expect(stdout).toContain(`ok      ${name} found ${weaknesses} of ${weaknesses} severe weaknesses`)
    expect(stdout).not.toContain("FAILED")
    expect(stdout).toMatch(/^11 of 11 claims hold\.$/m)
    expectClosing("examples/scan-on-commit/README.md", stdout)
  })
})
