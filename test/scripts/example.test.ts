// `npm run example`: sets up, runs an example, and ends as it does.

import { expect, it } from "vitest"
import { root } from "../support/process.js"
import { runScript } from "../support/project-copy.js"

const run = (...args: string[]) => runScript(root, "example.mjs", args)

it("runs an example with its arguments, and has its exit code", { timeout: 180_000 }, async () => {
  expect(await run("devsecops", "--help")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("Scans the JavaScript and TypeScript files"),
    stderr: "",
  })
  expect(await run("devsecops", "--workers", "0")).toMatchObject({ status: 2, stdout: "" })
})

it("lists the examples", async () => {
  expect(await run("--help")).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Names: alert-streaming, devsecops, .*, soar\./m),
  })
  expect(await run()).toMatchObject({ status: 2, stdout: expect.stringContaining("Usage: ") })
  expect(await run("none")).toMatchObject({ status: 1, stderr: expect.stringContaining('no example "none"') })
  expect(await run("docker")).toMatchObject({ status: 1, stderr: expect.stringContaining('no example "docker"') })
})
