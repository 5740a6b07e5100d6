// .ci/run unpacks packages before it runs the tests.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"

const script = readFileSync(path.join(root, ".ci/run"), "utf8")
const options = /^(?:set|shopt) .*$/gm
const definition = /^unpack\(\) \{[\s\S]*?^\}$/m

/** Unpacks a package as .ci/run does, where apt-get is another program. */
async function unpack(aptGet: string) {
  const folder = temporaryFolder()
  const program = (name: string, body: string) =>
    writeFileSync(path.join(folder, "bin", name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  mkdirSync(path.join(folder, "bin"))
  program("apt-get", aptGet)
  program("dpkg-deb", 'echo unpacked > "$3/content"')
  const lines = [...(script.match(options) ?? []), definition.exec(script)?.[0], "folder=$(unpack a)", "cat $folder/*"]
  const env = { PATH: `${path.join(folder, "bin")}:${process.env.PATH}`, TMPDIR: folder }
  const { status, stdout } = await runCommand("bash", ["-c", lines.join("\n")], { env })
  return { status, stdout }
}

describe.runIf(process.platform === "linux")("unpack of .ci/run", () => {
  it("prints the folder that the package is in", async () => {
    expect(await unpack("exit 0")).toEqual({ status: 0, stdout: "unpacked\n" })
  })

  it.each([
    ["package", "[ $1 = update ]"],
    ["list of packages", "[ $1 = download ] && [ -e tried ] && exit 0; touch tried; exit 1"],
  ])("ends the run if it cannot get the %s", async (_, aptGet) => {
    expect(await unpack(aptGet)).toEqual({ status: 1, stdout: "" })
  })
})
