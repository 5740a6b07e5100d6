import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it, vi } from "vitest"

import { sharedFolder, temporaryFolder } from "../support/folders.js"
import { installPackage, listFiles, prebuiltAddon, roundTrip, runIn } from "../support/package.js"
import { root, runCommand } from "../support/process.js"
import { commands } from "../support/project-copy.js"

vi.setConfig({ hookTimeout: 120_000 })

const base = sharedFolder()
let installed: string
beforeAll(async () => {
  installed = await installPackage(base)
})

/** A project of its own with the package in it. */
function project(name = "project"): string {
  const folder = path.join(temporaryFolder(), name)
  cpSync(installed, folder, { recursive: true })
  return folder
}

const program = `import * as zmq from "ohmq"\n${roundTrip}`
const works = { status: 0, stdout: "ping pong\n", stderr: "" }

async function run(folder: string, source = program, env: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = await runIn(folder, source, env)
  return { status, stdout, stderr }
}

describe("the package, installed without scripts", () => {
  it("holds what users need, and nothing else", () => {
    const files = listFiles(path.join(installed, "node_modules/ohmq"))
    const sources = (where: string) => listFiles(path.join(root, where)).map((file) => `${where}/${file}`)
    const compiled = sources("lib").flatMap((file) => {
      const name = file.replace(/^lib/, "dist").replace(/\.ts$/, "")
      return [`${name}.js`, `${name}.d.ts`]
    })
    const platform = /^prebuilds\/((linux|darwin|win32)-\w+\/ohmq(\.glibc|\.musl)?\.(node|cdx\.json)|SHA256SUMS)$/
    expect(files.filter((file) => !platform.test(file))).toEqual(
      [
        ...compiled,
        ...sources("native"),
        ...sources("include"),
        ...sources("man"),
        ...["LICENSE", "README.md", "CHANGELOG.md", "MIGRATING.md", "THIRD-PARTY-NOTICES.md", "package.json"],
        ...sources("docs").filter((file) => file.endsWith(".md")),
        ...["CMakeLists.txt", "cmake/libsodium.cmake"],
        ...["addon.mjs", "build.mjs", "libzmq.mjs", "pins.json"].map((file) => `scripts/${file}`),
        ...["debian", "diff", "patches", "pins", "project", "release-archives", "run"].map(
          (file) => `scripts/lib/${file}.mjs`,
        ),
      ].sort(),
    )
    expect(files).toContain(prebuiltAddon().split(path.sep).join("/"))
  })

  it.each(["project", "Ünïcödé – 日本 with 'quotes' and $pace"])(
    "runs where no compiler is, in a folder called %s",
    async (name) => {
      expect(await run(project(name))).toEqual(works)
    },
  )

  it("is one package for require and import, and runs in a worker", async () => {
    const source = `
      import { createRequire } from "node:module"
      import { Worker, isMainThread } from "node:worker_threads"
      import * as zmq from "ohmq"
      if (zmq.Request !== createRequire(import.meta.url)("ohmq").Request) throw new Error("two packages")
      if (isMainThread) new Worker(new URL(import.meta.url))
      else {${roundTrip}}
    `
    expect(await run(project(), source)).toEqual(works)
  })

  it.runIf(process.getuid !== undefined)("runs where node_modules cannot be written to", async () => {
    const folder = project()
    const modules = path.join(folder, "node_modules")
    const before = listFiles(modules)
    const file = path.join(folder, "program.mjs")
    const attempt = `
      import { writeFileSync } from "node:fs"
      try { writeFileSync("node_modules/ohmq/dist/written.js", "") } catch ({ code }) { console.log(code) }
    `
    writeFileSync(file, attempt + program)
    // root may write everywhere, unless this is taken from it.
    const weaken = process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-dac_override", "--"] : ["env"]
    const [command = "", ...args] = [...weaken, process.execPath, file]
    await runCommand("chmod", ["-R", "a-w", "node_modules"], { cwd: folder })
    const outcome = await runCommand(command, args, { cwd: folder, env: { OHMQ_PREBUILD: undefined } })
    await runCommand("chmod", ["-R", "u+w", "node_modules"], { cwd: folder })
    expect(outcome).toMatchObject({ ...works, stdout: `EACCES\n${works.stdout}` })
    expect(listFiles(modules)).toEqual(before)
  })

  it("runs beside another version of itself", async () => {
    const folder = project()
    const other = path.join(folder, "node_modules/other")
    cpSync(path.join(folder, "node_modules/ohmq"), other, { recursive: true })
    const manifest = path.join(other, "package.json")
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, "utf8")), version: "0.0.1" }))
    const source = `
      import * as first from "ohmq"
      import * as second from "other"
      if (first.Context === second.Context) throw new Error("one package")
      for (const zmq of [first, second]) {${roundTrip}}
    `
    expect(await run(folder, source)).toEqual({ ...works, stdout: "ping pong\n".repeat(2) })
  })
})

const addonOf = (folder: string) => path.join(folder, "node_modules/ohmq", prebuiltAddon())

describe("the package, without an addon that works", () => {
  const report = `import("ohmq").then(() => console.log("loaded"), ({ code, message }) => console.log(code, message))`

  it("says where it looked, on which platform, and what to do", async () => {
    const folder = project()
    rmSync(path.join(folder, "node_modules/ohmq/prebuilds"), { recursive: true })
    const { status, stdout, stderr } = await run(folder, report)
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).toMatch(/^ERR_OHMQ_ADDON ohmq has no native addon that works here: /)
    for (const fact of [process.platform, process.arch, process.versions.node, `Node-API ${process.versions.napi}`]) {
      expect(stdout).toContain(fact)
    }
    if (process.platform === "linux") expect(stdout).toMatch(/glibc \d|musl/)
    for (const place of [path.dirname(prebuiltAddon()), "build/Release"]) {
      expect(stdout).toContain(`  ${path.join(folder, "node_modules/ohmq", place)}: nothing there`)
    }
    const command = `  node "${path.join(folder, "node_modules/ohmq/scripts/build.mjs")}"`
    expect(stdout).toContain(`${command}\n`)
    expect(stdout).toContain(`${command} --system-libzmq\n`)
  })

  it.each(["bun", "deno"])("calls %s by its name", async (runtime) => {
    const folder = project()
    rmSync(path.join(folder, "node_modules/ohmq/prebuilds"), { recursive: true })
    const versions = `Object.defineProperty(process, "versions", { value: { ...process.versions, ${runtime}: "1.2.3" } })`
    const { stdout } = await run(folder, `${versions}\n${report}`)
    expect(stdout.toLowerCase()).toContain(`, ${runtime} 1.2.3, node-api`)
    expect(stdout).not.toContain(process.versions.node)
  })

  it.runIf(process.platform === "linux")("says that there is one for the other C library", async () => {
    const folder = project()
    const addon = addonOf(folder)
    rmSync(path.dirname(addon), { recursive: true })
    mkdirSync(path.dirname(addon))
    const other = addon.includes("glibc") ? "ohmq.musl.node" : "ohmq.glibc.node"
    writeFileSync(path.join(path.dirname(addon), other), "for another C library")
    const { stdout } = await run(folder, report)
    expect(stdout).toContain(`  ${path.dirname(addon)}: ${other}, for another C library\n`)
  })

  it("says why each one failed", async () => {
    const folder = project()
    const addon = addonOf(folder)
    writeFileSync(addon, "broken")
    const compiled = path.join(folder, "node_modules/ohmq/build/Release/ohmq.node")
    cpSync(addon, compiled, { recursive: true })
    const { stdout } = await run(folder, report)
    const lines = stdout.split("\n").filter((line) => /^ {2}.*\.node: /.test(line))
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^ {2}.*build.Release.ohmq\.node: \S/)
    expect(lines[1]).toContain(`${addon}: `)
  })

  it("takes the shipped addon where the compiled one is broken, and warns", async () => {
    const folder = project()
    const compiled = path.join(folder, "node_modules/ohmq/build/Release/ohmq.node")
    cpSync(path.join(folder, "package.json"), compiled, { recursive: true })
    const { status, stdout, stderr } = await run(folder)
    expect({ status, stdout }).toEqual({ status: 0, stdout: works.stdout })
    expect(stderr).toContain(`Warning: ohmq loaded ${addonOf(folder)}, because this failed: ${compiled}: `)
  })

  it("takes OHMQ_PREBUILD, and nothing else then", async () => {
    const folder = project()
    const elsewhere = path.join(folder, "elsewhere")
    cpSync(path.join(folder, "node_modules/ohmq/prebuilds"), path.join(elsewhere, "prebuilds"), { recursive: true })
    const env = { OHMQ_PREBUILD: elsewhere }
    writeFileSync(addonOf(folder), "broken")
    expect(await run(folder, program, env)).toEqual(works)
    const chosen = path.join(elsewhere, prebuiltAddon())
    const file = path.join(folder, "by-any-name.node")
    renameSync(chosen, file)
    expect(await run(folder, program, { OHMQ_PREBUILD: file })).toEqual(works)
    for (const [broken, OHMQ_PREBUILD] of [
      [chosen, elsewhere],
      [file, file],
    ] as const) {
      writeFileSync(broken, "broken")
      const { stdout } = await run(folder, report, { OHMQ_PREBUILD })
      expect(stdout).toContain(`  ${broken}: `)
      expect(stdout).not.toContain(addonOf(folder))
    }
    const nothing = await run(folder, report, { OHMQ_PREBUILD: "nowhere" })
    for (const place of ["build/Release", path.dirname(prebuiltAddon())])
      expect(nothing.stdout).toContain(`  ${path.join(folder, "nowhere", place)}: nothing there\n`)
  })

  it.runIf(process.platform === "linux")("chooses by the C library that runs, not by what the disk says", async () => {
    const folder = project()
    const addon = addonOf(folder)
    const other = addon.includes("glibc") ? addon.replace("glibc", "musl") : addon.replace("musl", "glibc")
    writeFileSync(other, "for another C library")
    expect(await run(folder)).toEqual(works)
  })

  it("leaves alone what other packages have put into the same prebuilds/", async () => {
    const folder = project()
    const addon = addonOf(folder)
    writeFileSync(path.join(path.dirname(addon), "another.node"), "another package's")
    expect(await run(folder)).toEqual(works)
    rmSync(addon)
    expect((await run(folder, report)).stdout).toContain(`  ${path.dirname(addon)}: nothing there\n`)
  })
})

describe("the package, under Node's permission model", () => {
  const permission = process.allowedNodeEnvironmentFlags.has("--permission")
    ? "--permission"
    : "--experimental-permission"
  const restricted = (folder: string, ...flags: string[]) =>
    runIn(folder, program, {}, [permission, `--allow-fs-read=${folder}`, ...flags])

  it("needs to read nothing but the project, and still knows the C library", async () => {
    const folder = project()
    const addon = addonOf(folder)
    renameSync(addon, path.join(path.dirname(addon), "ohmq.node"))
    if (process.platform === "linux")
      writeFileSync(
        addon.replace(/glibc|musl/, (own) => (own === "musl" ? "glibc" : "musl")),
        "broken",
      )
    const { status, stdout, stderr } = await restricted(folder, "--allow-addons")
    expect({ status, stdout }).toEqual({ status: 0, stdout: works.stdout })
    expect(stderr).not.toContain("ohmq loaded")
  })

  it("says that addons must be allowed", async () => {
    const { status, stderr } = await restricted(project())
    expect(status).toBe(1)
    expect(stderr).toMatch(/^Addons are disabled in this process\..* add --allow-addons\.$/m)
  })
})

describe("ohmq-build", () => {
  const build = (folder: string, ...args: string[]) =>
    runCommand(process.execPath, [path.join(folder, "node_modules/ohmq/scripts/build.mjs"), ...args], {
      cwd: folder,
      env: { PATH: commands() },
    })

  it("is a command that prints its help", async () => {
    const { status, stdout, stderr } = await build(project(), "--help")
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).not.toBe("")
    expect(existsSync(path.join(installed, "node_modules/.bin/ohmq-build"))).toBe(true)
  })

  it("refuses unknown options", async () => {
    const { status, stderr } = await build(project(), "--sytem-libzmq")
    expect({ status, stderr: stderr.trim() }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^Unknown option '--sytem-libzmq'. Run: node ".*build\.mjs" --help$/),
    })
  })

  it.runIf(process.platform !== "win32")("says what is missing", async () => {
    const { status, stderr } = await build(project())
    expect(status).toBe(1)
    expect(stderr.trim()).toMatch(/^node-gyp needs Python 3, which was not found\./)
  })
})
