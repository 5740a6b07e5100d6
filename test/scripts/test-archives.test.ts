import { writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"
import { posix } from "../support/bare-project.js"
import { temporaryFolder } from "../support/folders.js"
import { commands, copyProject, runScript } from "../support/project-copy.js"

const run = (args: string[], folder = copyProject("scripts")) =>
  runScript(folder, "test-archives.mjs", args, { PATH: commands("tar") })

describe.runIf(posix)("test-archives.mjs", () => {
  it("prints its help, and fails with it if there is no archive", async () => {
    const { status, stdout } = await run(["--help"])
    expect(status).toBe(0)
    expect(stdout).not.toBe("")
    expect(await run([])).toMatchObject({ status: 1, stdout })
  })

  it("names an archive that does not exist, and an option that there is not", async () => {
    expect((await run(["/nowhere/libzmq.tar.gz"])).stderr.trim()).toBe("'/nowhere/libzmq.tar.gz' does not exist.")
    expect((await run(["--libsodium=/nowhere/it", "/dev/null"])).stderr.trim()).toBe("'/nowhere/it' does not exist.")
    expect((await run(["--all"])).stderr.trim()).toBe("Unknown option '--all'. Run: npm run test:archives -- --help")
  })

  it("continues after one that cannot be compiled, and fails", async () => {
    const folder = copyProject(
      "scripts",
      "native/patches",
      "CMakeLists.txt",
      "cmake",
      "package.json",
      "package-lock.json",
    )
    const [one, other] = ["one.tar.gz", "other.tar.gz"].map((name) => {
      const file = path.join(temporaryFolder(), name)
      writeFileSync(file, "no archive")
      return file
    }) as [string, string]
    const { status, stdout } = await run([one, other], folder)
    expect(status).toBe(1)
    for (const file of [one, other]) expect(stdout).toContain(`${file}: not built; tests passed 0, failed 1\n`)
  })
})
