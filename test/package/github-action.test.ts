// The GitHub Action on the Node.js that its action.yml asks for: its own tests, run there.

import { readFileSync } from "node:fs"
import path from "node:path"

import { expect, it } from "vitest"

import { root, runCommand } from "../support/process.js"
import { toolchain } from "../support/toolchains.js"

/** npm has Node.js for this platform only. */
const isLinux = process.platform === "linux" && process.arch === "x64"

it.runIf(isLinux)("the GitHub Action works on the Node.js of GitHub's runners", { timeout: 280_000 }, async () => {
  const manifest = readFileSync(path.join(root, "integrations/github-action/action.yml"), "utf8")
  const [, version] = /^ {2}using: node(\d+)$/m.exec(manifest) ?? []
  expect(version).toBe("24")
  const node = path.join(toolchain(`node${version}`), "bin/node")
  expect((await runCommand(node, ["--version"])).stdout).toMatch(/^v24\./)
  const env = Object.fromEntries(
    Object.keys(process.env)
      .filter((name) => name.startsWith("VITEST"))
      .map((name) => [name, undefined]),
  )
  const vitest = path.join(root, "node_modules/vitest/vitest.mjs")
  const { status, stdout, stderr } = await runCommand(
    node,
    [vitest, "run", "--project", "cli", "--reporter", "json", "toolkit/test/cli/github-action.test.ts"],
    { env, timeout: 270_000 },
  )
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  const { numPassedTests, numTotalTests } = JSON.parse(stdout)
  expect(numTotalTests).toBeGreaterThanOrEqual(7)
  expect(numPassedTests).toBe(numTotalTests)
})
