import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import path from "node:path"

import { describe, expect, it, vi } from "vitest"

import { fingerprint } from "../../scripts/lib/project.mjs"
import { prebuiltAddon } from "../support/package.js"
import { root } from "../support/process.js"
import { commands, copyProject, find, runScript } from "../support/project-copy.js"

/** A copy of the project that is set up, for as far as setup.mjs looks. Packages are links to the real ones. */
function setUpProject(): string {
  const folder = copyProject(
    ...["scripts", "lib", "native", "cmake", "CMakeLists.txt", "package.json", "package-lock.json"],
    ...["tsconfig.json", "dist/.ohmq-setup.json", "node_modules/.ohmq-setup.json", "build/libzmq/stamp.json"],
    ...[
      "toolkit/lib",
      "toolkit/package.json",
      "toolkit/tsconfig.json",
      "toolkit/dist/.ohmq-setup.json",
      "docs/options.md",
    ],
    ...["build/libzmq/prefix/include/zmq.h", "build/Release/ohmq.node", "build/Release/ohmq.node.json"],
  )
  const packages = path.join(root, "node_modules")
  for (const name of readdirSync(packages)) {
    if (!name.startsWith(".")) symlinkSync(path.join(packages, name), path.join(folder, "node_modules", name))
  }
  symlinkSync(path.join(root, "toolkit/node_modules"), path.join(folder, "toolkit/node_modules"))
  return folder
}

/** Without npm, compilers and Python: what is not fresh fails at once. */
const run = (folder: string, ...args: string[]) =>
  runScript(folder, "setup.mjs", args, {
    PATH: commands(...(find("pkg-config") === undefined ? [] : ["pkg-config"])),
    // What was built depends on these, so they are as they were for it.
    OHMQ_SYSTEM_LIBZMQ: process.env.OHMQ_SYSTEM_LIBZMQ,
    OHMQ_LIBZMQ_ARCHIVE: process.env.OHMQ_LIBZMQ_ARCHIVE,
    OHMQ_LIBSODIUM_ARCHIVE: process.env.OHMQ_LIBSODIUM_ARCHIVE,
  })

vi.setConfig({ testTimeout: 180_000 })

const isSetUp = process.platform !== "win32" && existsSync(path.join(root, "build/Release/ohmq.node.json"))

describe.runIf(isSetUp)("setup.mjs in a project that is set up", () => {
  it("does nothing the second time and says nothing, soon", async () => {
    const folder = setUpProject()
    expect(await run(folder)).toMatchObject({ status: 0, stdout: "" })
    const { status, stdout, stderr, duration } = await run(folder)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" })
    expect(duration).toBeLessThan(10_000)
  })

  it("installs only the packages if asked to", async () => {
    const folder = setUpProject()
    for (const made of ["dist", "build"]) rmSync(path.join(folder, made), { recursive: true })
    const { status, stdout, stderr } = await run(folder, "--packages")
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" })
    expect(existsSync(path.join(folder, "dist"))).toBe(false)
  })

  it("installs the packages of an example only if asked to, and links this project next to them", async () => {
    const folder = setUpProject()
    const lock = "examples/devsecops/package-lock.json"
    mkdirSync(path.join(folder, "examples/devsecops/node_modules"), { recursive: true })
    copyFileSync(path.join(root, lock), path.join(folder, lock))
    expect((await run(folder)).stderr).not.toContain("devsecops")
    // There is no npm here.
    const missing = await run(folder, "--example=devsecops")
    expect(missing).toMatchObject({ status: 1, stderr: expect.stringMatching(/^packages-devsecops: npm ci /) })
    const stamp = { fingerprint: fingerprint([path.join(root, lock)], process.platform, process.arch) }
    writeFileSync(path.join(folder, "examples/devsecops/node_modules/.ohmq-setup.json"), JSON.stringify(stamp))
    expect(await run(folder, "--example=devsecops")).toMatchObject({ status: 0, stderr: "" })
    expect(realpathSync(path.join(folder, "examples/devsecops/node_modules/ohmq"))).toBe(folder)
    expect(realpathSync(path.join(folder, "examples/devsecops/node_modules/ohmq-toolkit"))).toBe(
      path.join(folder, "toolkit"),
    )
  })

  it("compiles the TypeScript again, and nothing else, once it has changed", async () => {
    const folder = setUpProject()
    appendFileSync(path.join(folder, "lib/index.ts"), `export const added = "later"\n`)
    writeFileSync(path.join(folder, "dist/stale.js"), "")
    const { status, stdout, stderr } = await run(folder)
    // The toolkit is compiled against the types that come of it.
    const said = "typescript: compiling\ntypescript: compiling toolkit\n"
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: said })
    expect(readdirSync(path.join(folder, "dist"))).toEqual(expect.arrayContaining(["index.js", "index.d.ts"]))
    expect(existsSync(path.join(folder, "dist/stale.js"))).toBe(false)
    expect(await run(folder)).toMatchObject({ status: 0, stderr: "" })
  })

  it("shows what the compiler says of a mistake, and is not done then", async () => {
    const folder = setUpProject()
    appendFileSync(path.join(folder, "lib/index.ts"), `export const wrong: number = "text"\n`)
    const { status, stderr } = await run(folder)
    expect(status).toBe(1)
    expect(stderr).toContain("typescript: compiling\n")
    expect(stderr).toMatch(/lib\/index\.ts\(\d+,\d+\): error TS2322: /)
    expect(stderr).toMatch(/The full output is in .*typescript\.log\.\n$/)
    expect(stderr).not.toMatch(/^ +at /m)
    expect(existsSync(path.join(folder, "dist/.ohmq-setup.json"))).toBe(false)
  })

  it("compiles the addon again once its sources have changed", async () => {
    const folder = setUpProject()
    appendFileSync(path.join(folder, "native/prelude.h"), "// changed\n")
    // It gets no further than this without a compiler.
    const { status, stderr } = await run(folder)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^addon: compiling \(Release\)\n/)
  })

  it("takes a prebuilt addon where none was compiled", async () => {
    const folder = setUpProject()
    rmSync(path.join(folder, "build"), { recursive: true })
    const file = prebuiltAddon()
    mkdirSync(path.join(folder, path.dirname(file)), { recursive: true })
    copyFileSync(path.join(root, "build/Release/ohmq.node"), path.join(folder, file))
    expect(await run(folder)).toMatchObject({ status: 0, stdout: "" })
    const { status, stderr } = await run(folder)
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `addon: prebuilt, ${file}\n`,
    })
    expect(existsSync(path.join(folder, "build/Release"))).toBe(false)
  })

  it("compiles where the prebuilt addons are for other platforms", async () => {
    const folder = setUpProject()
    rmSync(path.join(folder, "build/Release"), { recursive: true })
    mkdirSync(path.join(folder, path.dirname(prebuiltAddon())), { recursive: true })
    writeFileSync(path.join(folder, path.dirname(prebuiltAddon()), "ohmq.other.node"), "")
    const { status, stderr } = await run(folder)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^addon: compiling \(Release\)\n/)
  })
})
