import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import path from "node:path"

import { capability, context, version } from "ohmq"
import { describe, expect, it } from "vitest"
import { root } from "../support/process.js"
import { ohmq, shell } from "./support.js"

const { version: packageVersion } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"))

describe("ohmq info", () => {
  it("shows versions, capabilities, the addon, patches and limits as JSON", async () => {
    const { status, stdout, stderr } = await ohmq(["info", "--output", "json"])
    expect([status, stderr]).toEqual([0, ""])
    const { versions, licences, addon, capabilities, patches, limits } = JSON.parse(stdout)
    expect(versions).toMatchObject({ ohmq: packageVersion, libzmq: version, node: process.versions.node })
    expect(versions.libsodium).toEqual(capability.patches.length > 0 ? expect.stringMatching(/^\d+\.\d+\.\d+$/) : null)
    const licence = /^4\.3\.[0-4]$/.test(version) ? "LGPL-3.0-or-later WITH ZeroMQ-exception" : "MPL-2.0"
    expect(licences).toEqual({ ohmq: "MIT", libzmq: licence })
    expect(capabilities).toEqual({ ...capability })
    expect(patches).toEqual(capability.patches)
    const { maxSockets, maxSocketsLimit, ioThreads } = context
    expect(limits).toMatchObject({ maxSockets, maxSocketsLimit, ioThreads })
    expect(addon).toEqual({ file: path.join(root, "build/Release/ohmq.node"), origin: "built here" })
  })

  it("shows the limit of descriptors that its process has", async () => {
    const { stdout } = await shell("ulimit -n 321; ohmq info --output json")
    expect(JSON.parse(stdout).limits.openDescriptors).toEqual({ soft: 321, hard: 321 })
    expect((await shell("ulimit -n 321; ohmq info")).stdout).toContain("321, at most 321")
  })

  it("shows them as a table", async () => {
    const { status, stdout } = await ohmq(["info"])
    expect(status).toBe(0)
    for (const row of [
      `ohmq +${packageVersion}`,
      `libzmq +${version},`,
      `licences +ohmq MIT, libzmq (LGPL-3\\.0-or-later|MPL-2\\.0)`,
      `capabilities +ipc,`,
      "addon +\\S+ohmq.node",
      "I/O threads +1 ",
    ])
      expect(stdout).toMatch(new RegExp(`^  ${row}`, "m"))
    for (const name of capability.patches) expect(stdout).toContain(name)
  })

  it("says which addon OHMQ_PREBUILD named", async () => {
    const file = path.join(root, "build/Release/ohmq.node")
    const { stdout } = await ohmq(["info", "--output", "json"], { env: { OHMQ_PREBUILD: file } })
    expect(JSON.parse(stdout).addon).toEqual({ file, origin: "named by OHMQ_PREBUILD" })
  })

  it("takes no arguments", async () => {
    expect(await ohmq(["info", "x"])).toMatchObject({ status: 2, stdout: "" })
  })
})

describe("ohmq build", () => {
  it("runs the script of ohmq-build with its options, and ends as that does", async () => {
    const { status, stderr } = await ohmq(["build", "--system-libzmq"], { env: { PATH: "/nowhere" } })
    expect([status, stderr]).toEqual([1, expect.stringContaining("needs Python 3")])
  })

  it("has the options of ohmq-build", async () => {
    const script = spawnSync(process.execPath, [path.join(root, "scripts/build.mjs"), "--help"], { encoding: "utf8" })
    const { stdout } = await ohmq(["build", "--help"])
    const options = (text: string) => [...text.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name)
    expect(options(stdout).filter((name) => name !== "--quiet")).toEqual(options(script.stdout))
    expect(await ohmq(["build", "--sytem-libzmq"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("Did you mean"),
    })
  })
})
