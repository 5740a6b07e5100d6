// The recipes of docs/bundlers.md, word for word, with the package as it is published.

import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { installed, link } from "../support/installed.js"
import { root, runCommand } from "../support/process.js"
import { temporaryFolder } from "../support/project-copy.js"
import { loadToolchain, toolchain } from "../support/toolchains.js"

const documented = readFileSync(path.join(root, "docs/bundlers.md"), "utf8")
const recipes = new Map<string, string>()
for (const [, name = "", source = ""] of documented.matchAll(/^```js(?:on)? (\S+)\n((?:(?!```).*\n)*)```$/gm))
  recipes.set(name, source)

/** Where what a recipe builds is, and whether it runs on its own. */
const outputs: Record<string, [file: string, alone: boolean]> = {
  "esbuild-external.mjs": ["out/app.cjs", false],
  "esbuild-bundled.mjs": ["out/app.cjs", true],
  "esbuild-module.mjs": ["out/app.mjs", true],
  "webpack-external.mjs": ["out/app.cjs", false],
  "webpack-bundled.mjs": ["out/app.cjs", true],
  "rollup-external.mjs": ["out/app.mjs", false],
  "rollup-bundled.mjs": ["out/app.cjs", true],
  "vite-external.mjs": ["out/app.mjs", false],
  "vite-no-external.mjs": ["out/app.mjs", false],
}

// Bundlers rename classes, so each has options of its own to show.
const program = `
  import zmq, { Pull, Push } from "ohmq"
  import * as draft from "ohmq/draft"

  const both = { sendTimeout: 77, receiveTimeout: 78 }
  const hello = { ...both, helloMessage: Buffer.from("hello") }
  const ownOptions = [
    [zmq.Pair, both],
    [zmq.Publisher, { sendTimeout: 77, noDrop: true }],
    [zmq.Subscriber, { receiveTimeout: 77, invertMatching: true }],
    [zmq.Request, { ...both, routingId: "me", correlate: true }],
    [zmq.Reply, { ...both, routingId: "me" }],
    [zmq.Dealer, { ...both, routingId: "me", probeRouter: true }],
    [zmq.Router, { ...both, routingId: "me", mandatory: true }],
    [zmq.Pull, { receiveTimeout: 77 }],
    [zmq.Push, { sendTimeout: 77 }],
    [zmq.XPublisher, { ...both, manual: true }],
    [zmq.XSubscriber, { ...both, onlyFirstSubscribe: true }],
    [zmq.Stream, { ...both, notify: false }],
    [draft.Server, hello],
    [draft.Client, hello],
    [draft.Radio, { sendTimeout: 77, noDrop: true }],
    [draft.Dish, { receiveTimeout: 77 }],
    [draft.Gather, { receiveTimeout: 77 }],
    [draft.Scatter, { sendTimeout: 77 }],
    [draft.Datagram, both],
    [draft.Peer, hello],
    [draft.Channel, both],
  ]

  export async function roundTrip() {
    for (const [socketClass, options] of ownOptions) {
      const socket = new socketClass(options)
      for (const [name, value] of Object.entries(options))
        if (String(socket[name]) !== String(value)) throw new Error(name + " is " + socket[name])
      socket.close()
    }
    const [push, pull] = [new Push(), new zmq.Pull()]
    push.bindSync("inproc://bundle")
    pull.connect("inproc://bundle")
    await push.send(["a message", "of two parts"])
    const message = await pull.receive()
    if (!(pull instanceof Pull)) throw new Error("There are two modules")
    push.close()
    pull.close()
    return message.join()
  }
`

let project: string

beforeAll(async () => {
  project = await installed()
  for (const name of ["esbuild", "rollup", "webpack", "@rollup/plugin-commonjs", "@rollup/plugin-node-resolve"])
    link(project, name, toolchain(name))
  for (const name of ["vite", "vitest"]) link(project, name, path.join(root, "node_modules", name))
  writeFileSync(path.join(project, "round-trip.mjs"), program)
  writeFileSync(
    path.join(project, "app.mjs"),
    `import { roundTrip } from "./round-trip.mjs"\nroundTrip().then(console.log)\n`,
  )
})

/** A copy of the project, in which a test may build. */
function copy(): string {
  const folder = temporaryFolder()
  cpSync(project, folder, { recursive: true, verbatimSymlinks: true })
  return folder
}

const node = (cwd: string, ...args: string[]) => runCommand(process.execPath, args, { cwd, timeout: 60_000 })

/** Without the warning about draft sockets. */
const run = (cwd: string, ...args: string[]) => node(cwd, "--no-warnings", ...args)

const success = { status: 0, stdout: "a message,of two parts\n", stderr: "" }

describe("docs/bundlers.md", () => {
  it("has no recipe that is not tried here", () => {
    const scripts = [...recipes.keys()].filter((name) => name.endsWith(".mjs"))
    expect(scripts).toEqual(Object.keys(outputs))
  })

  // webpack minifies in any case.
  const builds = Object.entries(outputs).flatMap(([recipe, [file, alone]]) => {
    const plain = { recipe, options: "", file, alone }
    return recipe.startsWith("esbuild") && alone ? [plain, { ...plain, options: "minify: true," }] : [plain]
  })

  it.each(builds)(
    "$recipe $options builds a program that runs",
    async ({ recipe, options, file, alone }) => {
      const folder = copy()
      const source = recipes.get(recipe) as string
      writeFileSync(path.join(folder, recipe), source.replace("bundle: true,", `$& ${options}`))
      expect(await node(folder, recipe)).toMatchObject({ status: 0, stderr: "" })
      expect(await run(folder, file)).toMatchObject(success)
      // Elsewhere, where nothing is installed.
      const elsewhere = temporaryFolder()
      cpSync(path.join(folder, "out"), path.join(elsewhere, "out"), { recursive: true })
      const outcome = await run(elsewhere, file)
      if (alone) expect(outcome).toMatchObject(success)
      else expect(outcome.stderr).toMatch(/Cannot find (module|package) 'ohmq'/)
    },
    60_000,
  )
})

describe("Without configuration", () => {
  it("vite-node runs a program", async () => {
    expect(await run(copy(), path.join(toolchain("vite-node"), "dist/cli.mjs"), "app.mjs")).toMatchObject(success)
  }, 60_000)

  it.each(["forks", "threads"])(
    "Vitest runs a test, with %s",
    async (pool) => {
      const folder = copy()
      writeFileSync(
        path.join(folder, "app.test.mjs"),
        `import { expect, test } from "vitest"
       import { roundTrip } from "./round-trip.mjs"
       test("a round trip", async () => expect(await roundTrip()).toBe("a message,of two parts"))`,
      )
      const vitest = path.join(root, "node_modules/vitest/vitest.mjs")
      const { status, stdout } = await node(folder, vitest, "run", "--root", folder, "--pool", pool)
      expect(stdout).toMatch(/1 passed/)
      expect(status).toBe(0)
    },
    60_000,
  )
})

describe("An asar archive", () => {
  interface Asar {
    createPackageWithOptions(folder: string, file: string, options: { unpack: string }): Promise<void>
    statFile(file: string, name: string): { unpacked?: boolean; size?: number }
    listPackage(file: string, options: { isPack: boolean }): string[]
    extractFile(file: string, name: string): Buffer
  }
  const globs = {
    "electron-builder": JSON.parse(recipes.get("electron-builder.json") ?? "").build.asarUnpack[0] as string,
    "electron-packager": JSON.parse(recipes.get("electron-packager.json") ?? "").asar.unpack as string,
  }

  it.each(Object.entries(globs))("has the addon beside it, by the pattern for %s", async (_, unpack) => {
    const asar = await loadToolchain<{ default: Asar } & Asar>("@electron/asar")
    const app = path.join(temporaryFolder(), "app")
    cpSync(path.join(project, "node_modules/ohmq"), path.join(app, "node_modules/ohmq"), { recursive: true })
    const archive = `${app}.asar`
    await asar.createPackageWithOptions(app, archive, { unpack })
    const addon = path.join("node_modules/ohmq/prebuilds", `${process.platform}-${process.arch}`, "ohmq.node")
    expect(asar.statFile(archive, addon)).toMatchObject({ unpacked: true })
    const inside = asar.listPackage(archive, { isPack: true })
    const unpacked = inside.filter((line) => line.startsWith("unpack")).map((line) => line.split(":")[1]?.trim())
    expect(unpacked.filter((file) => path.extname(file as string) !== "").map(String)).toEqual([`/${addon}`])
    // The JavaScript is in the archive, the addon beside it, and it is the same file.
    expect(asar.extractFile(archive, "node_modules/ohmq/dist/index.js").length).toBeGreaterThan(0)
    const beside = path.join(`${archive}.unpacked`, addon)
    expect(existsSync(beside)).toBe(true)
    const load = `require(${JSON.stringify(beside)}).version`
    expect(await node(app, "-p", load)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})
