import { existsSync, readFileSync, renameSync, symlinkSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"
import { posix } from "../support/bare-project.js"
import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"
import { copyProject } from "../support/project-copy.js"

const prefix = path.resolve(process.execPath, "../..")
const isBuilt = existsSync(path.join(root, "build/libzmq/stamp.json"))

describe.runIf(posix && isBuilt && existsSync(path.join(prefix, "include/node/uv.h")))("binding.gyp", () => {
  it("compiles in a folder whose name has spaces and other letters", async () => {
    const folder = path.join(temporaryFolder(), "Ünïcödé – a project")
    renameSync(
      copyProject(
        "scripts",
        "native",
        "include",
        "CMakeLists.txt",
        "cmake",
        "package.json",
        "build/libzmq/stamp.json",
        "build/libzmq/prefix",
      ),
      folder,
    )
    symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"))
    // As in an installed package, which has none.
    const write = `import("./scripts/addon.mjs").then(({ ensureBindingGyp }) => ensureBindingGyp())`
    await runCommand(process.execPath, ["-e", write], { cwd: folder })
    const [written, committed] = [folder, root].map((where) => readFileSync(path.join(where, "binding.gyp"), "utf8"))
    expect(written).toBe(committed)
    const gyp = [path.join(root, "node_modules/node-gyp/bin/node-gyp.js"), "configure", `--nodedir=${prefix}`]
    const { status, stderr } = await runCommand(process.execPath, gyp, { cwd: folder, timeout: 60_000 })
    expect(status, stderr).toBe(0)
    // One that includes zmq.h and Node-API, and what the linker is given.
    const object = "Release/obj.target/ohmq/native/errors.o"
    const made = await runCommand("make", ["-C", "build", "BUILDTYPE=Release", object], {
      cwd: folder,
      timeout: 60_000,
    })
    expect(made.status, made.stderr).toBe(0)
    const libraries =
      readFileSync(path.join(folder, "build/ohmq.target.mk"), "utf8").match(/\S+lib(zmq|sodium)\.a/g) ?? []
    expect(libraries).toHaveLength(2)
    for (const library of libraries) expect(existsSync(path.join(folder, "build", library)), library).toBe(true)
  }, 90_000)
})
