import { rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import * as zmq from "ohmq"
import { beforeAll, describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { type Outcome, root, runCommand, runProgram } from "../support/process.js"

const folder = path.join(root, "examples/native-addon")
const require = createRequire(import.meta.url)

const start = (...args: string[]): Promise<Outcome> =>
  runCommand(process.execPath, [path.join(folder, "start.mjs"), ...args], { timeout: 120_000 })

describe("examples/native-addon", () => {
  let built: Outcome

  beforeAll(async () => {
    rmSync(path.join(folder, "build"), { recursive: true, force: true })
    built = await start(path.join(folder, "start.mjs"))
  }, 120_000)

  it("builds, and finds nothing where nothing is", () => {
    expect(built).toMatchObject({ status: 0, stdout: "0 lines with suspicious words\n" })
  })

  it("finds what looks like a secret, through C++ and back", async () => {
    const file = path.join(temporaryFolder(), "config")
    writeFileSync(file, `${"plain text\n".repeat(3000)}key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n`)
    const { status, stdout, stderr } = await start(file)
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: `${file}:3001  wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n1 lines with suspicious words\n`,
      stderr: "",
    })
  })

  it("says which file it cannot read, and what it wants", async () => {
    expect(await start("/nonexistent")).toMatchObject({ status: 1, stderr: expect.stringContaining("/nonexistent") })
    expect(await start()).toMatchObject({ status: 2, stdout: expect.stringContaining("Usage:") })
    expect(await start("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage:") })
  })

  it("is refused any other value than a context's", () => {
    const addon = require(path.join(folder, "build/Release/entropy.node"))
    for (const value of [undefined, null, 1, "x", {}, [], zmq.context, new zmq.Context()]) {
      expect(() => addon.start(value)).toThrow(new TypeError("Expected the native property of an ohmq Context"))
    }
  })

  it("keeps its context though JavaScript has dropped it, and lets terminate() end it", async () => {
    const { status, stdout, stderr } = await runProgram(`
      import { createRequire } from "node:module"
      const addon = createRequire(import.meta.url)(${JSON.stringify(path.join(folder, "build/Release/entropy.node"))})
      let context = new zmq.Context()
      const lines = new zmq.Push({ context }), findings = new zmq.Pull({ context })
      await lines.bind("inproc://lines")
      await findings.bind("inproc://findings")
      addon.start(context.native)
      const weak = new WeakRef(context.native)
      for (let round = 0; round < 5; round += 1) { gc(); await sleep(5) }
      await lines.send(["here", "A".repeat(30)])
      console.log((await findings.receive()).map(String).join("|"), weak.deref() === undefined)
      await context.terminate()
      console.log("ended")`)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "here| true\nended\n", stderr: "" })
  })

  it("may still be at work when the process ends", async () => {
    const { status, stderr } = await runProgram(`
      import { createRequire } from "node:module"
      const addon = createRequire(import.meta.url)(${JSON.stringify(path.join(folder, "build/Release/entropy.node"))})
      const lines = new zmq.Push()
      await lines.bind("inproc://lines")
      await new zmq.Pull().bind("inproc://findings")
      addon.start(zmq.context.native)
      process.exit(0)`)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })
})

describe("include/ohmq.h", () => {
  it("is C as well as C++, without warnings", async () => {
    const file = path.join(temporaryFolder(), "program.c")
    writeFileSync(
      file,
      `#include <ohmq.h>
      const ohmq_context *get(napi_env env, napi_value value) { return ohmq_context_from(env, value); }
      int sizes[sizeof(ohmq_msg) == 64 ? 1 : -1];`,
    )
    // Beside Node, or where the addon's build has put them.
    const headers = [
      path.resolve(process.execPath, "../../include/node"),
      path.join(root, "build/headers", process.versions.node, "include/node"),
    ].flatMap((name) => ["-isystem", name])
    const args = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-DNAPI_VERSION=8", "-fsyntax-only"]
    const outcome = await runCommand("cc", [...args, "-I", require("ohmq/include"), ...headers, file])
    expect(outcome).toMatchObject({ status: 0, stderr: "" })
  })
})
