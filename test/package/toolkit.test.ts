// ohmq-toolkit, as users get it: two tarballs, installed without scripts, on each version of Node.js that it supports.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it, vi } from "vitest"

import { sharedFolder, temporaryFolder } from "../support/folders.js"
import { listFiles, packPackage } from "../support/package.js"
import { checkedTypes, publintMessages } from "../support/package-checks.js"
import { root, runCommand } from "../support/process.js"
import { npm, toolchain } from "../support/toolchains.js"

vi.setConfig({ hookTimeout: 180_000 })

const toolkit = path.join(root, "toolkit")
const manifest: { exports: Record<string, unknown> } = JSON.parse(
  readFileSync(path.join(toolkit, "package.json"), "utf8"),
)
const entryPoints = Object.keys(manifest.exports).filter((name) => !name.endsWith(".json"))
const specifier = (entry: string) => `ohmq-toolkit${entry.slice(1)}`

const base = sharedFolder()
let tarball: string
let ohmqTarball: string
let installed: string
beforeAll(async () => {
  const ohmq = await packPackage(base)
  ohmqTarball = ohmq
  const folder = path.join(base, "toolkit")
  mkdirSync(folder)
  const packed = await npm(["pack", "--ignore-scripts", "--pack-destination", folder], toolkit)
  if (packed.status !== 0) throw new Error(packed.stderr)
  tarball = path.join(folder, readdirSync(folder)[0] as string)
  installed = path.join(base, "project-of-both")
  mkdirSync(installed)
  writeFileSync(path.join(installed, "package.json"), JSON.stringify({ name: "project", private: true }))
  const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
  const { status, stderr } = await npm(["install", ...options, ohmq, tarball], installed, 150_000)
  if (status !== 0) throw new Error(stderr)
})

describe("the tarball of ohmq-toolkit", () => {
  it("holds what users need, and nothing else", () => {
    const sources = (where: string, pattern: RegExp) =>
      listFiles(path.join(toolkit, where))
        .filter((file) => pattern.test(file))
        .map((file) => `${where}/${file}`)
    const compiled = sources("lib", /\.ts$/).flatMap((file) => {
      const name = file.replace(/^lib/, "dist").replace(/\.ts$/, "")
      return [`${name}.js`, `${name}.d.ts`]
    })
    expect(listFiles(path.join(installed, "node_modules/ohmq-toolkit"))).toEqual(
      [
        ...compiled,
        ...sources("assets", /./),
        ...sources("dashboards", /\.(json|yaml)$/),
        ...sources("docs", /\.(md|json|png)$/),
        ...sources("examples", /\.(mjs|py)$/),
        ...sources("templates", /\.json$/),
        ...["CHANGELOG.md", "LICENSE", "README.md", "package.json"],
      ].sort(),
    )
  })

  it("has no copy of ohmq of its own", () => {
    expect(existsSync(path.join(installed, "node_modules/ohmq/package.json"))).toBe(true)
    expect(existsSync(path.join(installed, "node_modules/ohmq-toolkit/node_modules/ohmq"))).toBe(false)
  })

  it("is what publint wants, to its last suggestion", async () => {
    expect(await publintMessages(tarball, path.join(base, "unpacked"))).toEqual([])
  })

  it("has types for every entry point, says arethetypeswrong", async () => {
    const checked = await checkedTypes(tarball)
    expect(Object.keys(checked.entrypoints)).toEqual(expect.arrayContaining(entryPoints))
    // It is for `import`, and for resolution that knows exports: a compiler that has neither does not find it.
    const problems = checked.problems.filter(
      ({ kind, resolutionKind }) => kind !== "CJSResolvesToESM" && resolutionKind !== "node10",
    )
    expect(problems).toEqual([])
  })

  it.each(["5.9", "7.0"])("has types that TypeScript %s compiles, libraries included", async (version) => {
    for (const name of ["@types/node", "undici-types"])
      cpSync(path.join(root, "node_modules", name), path.join(installed, "node_modules", name), { recursive: true })
    writeFileSync(
      path.join(installed, "program.mts"),
      `${entryPoints.map((entry, index) => `import * as module${index} from "${specifier(entry)}"`).join("\n")}
import { createEvent, type Event } from "ohmq-toolkit/events"
import { openStore, type Store } from "ohmq-toolkit/store"
export const modules = [${entryPoints.map((_, index) => `module${index}`)}]
export const event: Event = createEvent({ source: "/a", type: "b" })
export const store: Promise<Store> = openStore("data", { maxBytes: 1024 })
// @ts-expect-error: no such option
export const wrong = openStore("data", { maxByte: 1024 })
`,
    )
    const options = ["--module", "nodenext", "--target", "es2022", "--lib", "es2023,esnext.disposable", "--strict"]
    const tsc = path.join(toolchain(`typescript-${version}`), "bin/tsc")
    const { status, stdout } = await runCommand(
      process.execPath,
      [tsc, ...options, "--types", "node", "--noEmit", "program.mts"],
      { cwd: installed, timeout: 55_000 },
    )
    expect({ status, stdout }).toEqual({ status: 0, stdout: "" })
  })
})

describe.skipIf(process.platform === "win32")("both tarballs on a runner, with npm i -g --ignore-scripts", () => {
  it("emit an event and ask a gate, without a compiler", async () => {
    const prefix = path.join(base, "global")
    const options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error"]
    const { status, stderr } = await npm(
      ["install", "-g", "--prefix", prefix, ...options, ohmqTarball, tarball],
      base,
      150_000,
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    // Two copies of ohmq would be two contexts.
    expect(existsSync(path.join(prefix, "lib/node_modules/ohmq-toolkit/node_modules/ohmq"))).toBe(false)
    const tools = path.join(base, "tools")
    mkdirSync(tools)
    symlinkSync(process.execPath, path.join(tools, "node"))
    const folder = temporaryFolder()
    writeFileSync(
      path.join(folder, "relay.yaml"),
      `version: 1
store: { path: ./data }
sources:
  jobs: { type: zmq, socket: router, bind: "ipc://./jobs.sock" }
  deploys: { type: gate, bind: "ipc://./gate.sock" }
routes:
  - { name: jobs, from: [jobs], to: [archive, decide] }
  - { name: deploys, from: [deploys], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
  decide: { type: gate, gate: deploys }
`,
    )
    // The relay and the commands run with nothing in the PATH but ohmq and node.
    const source = `
      import { execFile, spawn } from "node:child_process"
      import { once } from "node:events"
      import { writeFileSync } from "node:fs"
      const env = { PATH: ${JSON.stringify(`${path.join(prefix, "bin")}:${tools}`)}, HOME: process.cwd() }
      const ohmq = async (...args) => {
        const child = execFile("ohmq", args, { env })
        let text = ""
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (more) => { text += more })
        const [code] = await once(child, "close")
        return { code, text }
      }
      const relay = spawn("ohmq", ["relay", "run"], { env, stdio: ["ignore", "ignore", "pipe"] })
      for await (const line of relay.stderr) if (String(line).includes("The relay takes events")) break
      const gate = ohmq("gate", "--request", "deploy.production", "--id", "r1", "--to", "ipc://./gate.sock")
      while (!(await ohmq("gate", "list", "--to", "ipc://./gate.sock")).text.startsWith("r1")) {}
      writeFileSync("decision.json", JSON.stringify({ id: "r1", decision: "allow", by: "bob" }))
      const emitted = await ohmq("emit", "gate.decided", "--data", "decision.json", "--id", "e1", "--wait-ack", "--to", "ipc://./jobs.sock")
      console.log(JSON.stringify([emitted, await gate]))
      relay.kill()
      await once(relay, "exit")
    `
    writeFileSync(path.join(folder, "program.mjs"), source)
    const ended = await runCommand(process.execPath, ["program.mjs"], { cwd: folder, timeout: 55_000 })
    expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: "" })
    expect(JSON.parse(ended.stdout)).toEqual([
      { code: 0, text: "stored e1\n" },
      { code: 0, text: "asked for deploy.production: r1\nallow deploy.production (by bob)\n" },
    ])
  })
})

/** This version of Node.js, and later ones from npm, which has them for this platform only. */
const nodes = [
  [`this Node.js (${process.version})`, process.execPath],
  ...(process.platform === "linux" && process.arch === "x64" && !existsSync("/etc/alpine-release")
    ? ["22", "24", "26"].map((version) => [`Node.js ${version}`, path.join(toolchain(`node${version}`), "bin/node")])
    : []),
] as [string, string][]

describe.each(nodes)("ohmq-toolkit on %s", (_, node) => {
  const run = (folder: string, ...args: string[]) => runCommand(node, args, { cwd: folder, timeout: 55_000 })
  const ohmq = (...args: string[]) => [path.join(installed, "node_modules/ohmq/dist/cli/main.js"), ...args]

  it("can be imported, each entry point", async () => {
    const source = `
      const exported = {}
      for (const name of ${JSON.stringify(entryPoints.map(specifier))}) {
        const module = await import(name)
        exported[name] = Object.values(module).filter((value) => value !== undefined).length
      }
      const { version } = (await import("ohmq-toolkit/package.json", { with: { type: "json" } })).default
      console.log(JSON.stringify({ exported, version }))
    `
    writeFileSync(path.join(installed, "program.mjs"), source)
    const { status, stdout, stderr } = await run(installed, "--no-warnings", "program.mjs")
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    const { exported, version } = JSON.parse(stdout)
    expect(version).toMatch(/^\d+\.\d+\.\d+/)
    expect(Object.keys(exported)).toHaveLength(entryPoints.length)
    for (const count of Object.values(exported)) expect(count).toBeGreaterThan(0)
  })

  it("makes a relay's configuration, checks it, and says what is wrong with another one", async () => {
    const folder = temporaryFolder()
    expect(await run(folder, ...ohmq("relay", "init"))).toMatchObject({ status: 0, stderr: "" })
    expect(await run(folder, ...ohmq("relay", "check"))).toMatchObject({ status: 0, stderr: "" })
    writeFileSync(path.join(folder, "wrong.yaml"), "version: 1\nstore: { pth: data }\n")
    const { status, stderr } = await run(folder, ...ohmq("relay", "check", "wrong.yaml"))
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('Did you mean "path"?') })
  })

  it("runs a relay, which delivers an event", async () => {
    const folder = temporaryFolder()
    writeFileSync(
      path.join(folder, "relay.yaml"),
      `version: 1
store: { path: ./data }
sources: { lines: { type: exec, command: [${JSON.stringify(node)}, -e, "console.log('hello')"], restart: 1d } }
routes: [{ name: all, from: [lines], to: [archive] }]
sinks: { archive: { type: file, path: ./events.ndjson } }
`,
    )
    // The program ends the relay once the event is there, and prints it.
    const source = `
      import { spawn } from "node:child_process"
      import { once } from "node:events"
      import { readFileSync, watch } from "node:fs"
      const relay = spawn(process.execPath, ${JSON.stringify(ohmq("relay", "run"))}, { stdio: ["ignore", "ignore", "inherit"] })
      const ended = once(relay, "exit")
      const read = () => { try { return readFileSync("events.ndjson", "utf8") } catch { return "" } }
      const watcher = watch(".", () => { if (read().endsWith("\\n")) { watcher.close(); relay.kill() } })
      ended.then(() => watcher.close())
      const [status] = await ended
      console.log(JSON.stringify({ status, event: JSON.parse(read()) }))
    `
    writeFileSync(path.join(folder, "program.mjs"), source)
    const { status, stdout } = await run(folder, "program.mjs")
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      status: 0,
      event: expect.objectContaining({ specversion: "1.0", type: "log.recorded", data: "hello" }),
    })
  })
})
