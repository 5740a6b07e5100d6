// `npm run example` and `npm start`: they set up, run an example, and end as it does.

import { spawn } from "node:child_process"
import { once } from "node:events"
import { rmSync } from "node:fs"
import path from "node:path"

import { expect, it, onTestFinished } from "vitest"
import { root } from "../support/process.js"
import { runScript } from "../support/project-copy.js"
import { descendantsOf, expectGone, PATIENCE, temporary, write } from "./devsecops-runs.js"

const run = (...args: string[]) => runScript(root, "example.mjs", args)

it("runs an example with its arguments, and has its exit code", { timeout: PATIENCE }, async () => {
  expect(await run("devsecops", "--help")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("Scans the JavaScript and TypeScript files"),
    stderr: "",
  })
  expect(await run("devsecops", "--workers", "0")).toMatchObject({ status: 2, stdout: "" })
})

it.each(["SIGTERM", "SIGINT"] as const)(
  "passes on %s, and waits for the example",
  { timeout: PATIENCE },
  async (signal) => {
    const folder = temporary()
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    write(folder, { "a.js": "clean()\n" })
    const args = ["devsecops", folder, "--stay", "--workers", "1", "--output", path.join(folder, "report.sarif")]
    const child = spawn(process.execPath, [path.join(root, "scripts/example.mjs"), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, TMPDIR: folder },
    })
    onTestFinished(() => {
      child.kill("SIGKILL")
    })
    let said = ""
    for await (const text of child.stdout.setEncoding("utf8")) {
      said += text
      if (said.includes("Ctrl-C ends it")) break
    }
    const pids = descendantsOf(child.pid as number).map(({ pid }) => pid)
    expect(pids.length).toBeGreaterThan(3)
    child.kill(signal)
    expect(await once(child, "exit")).toEqual([0, null])
    await expectGone(pids)
  },
)

it("lists the examples", async () => {
  expect(await run("--help")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Names: alert-streaming, devsecops, .*, soar\./m),
  })
  expect(await run()).toMatchObject({ status: 2, stdout: expect.stringContaining("Usage: ") })
  expect(await run("none")).toMatchObject({ status: 1, stderr: expect.stringContaining('no example "none"') })
  expect(await run("docker")).toMatchObject({ status: 1, stderr: expect.stringContaining('no example "docker"') })
})
