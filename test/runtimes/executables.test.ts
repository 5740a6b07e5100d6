// The recipes of docs/bundlers.md for tools that bring a runtime of their own, and for Next.js, which is large.

import { spawn } from "node:child_process"
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest"

import { sharedFolder, temporaryFolder } from "../support/folders.js"
import { freePort } from "../support/free-ports.js"
import { prebuiltAddon } from "../support/package.js"
import { runCommand } from "../support/process.js"
import { application, copyWith, follow, recipes, runElsewhere, success } from "../support/recipes.js"
import { ensureRuntimes, packageFolder, runtimes } from "./runtimes.mjs"

vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 })

const commandOf = (name: string) => runtimes.find((runtime) => runtime.name === name)?.command[0] as string
const nodes = runtimes.filter(({ name }) => /^Node\.js \d/.test(name)).map(({ name }) => name)

const project = sharedFolder()
beforeAll(async () => {
  await ensureRuntimes()
  await application(project)
})

const addon = path.join("node_modules/ohmq", prebuiltAddon())

/** Builds by a recipe, and runs the executable where nothing else is. */
async function expectToRunAlone(folder: string, recipe: string, options: Parameters<typeof follow>[2] = {}) {
  const { status, stdout, stderr } = await follow(folder, recipe, options)
  expect(status, stdout + stderr).toBe(0)
  rmSync(path.join(folder, "node_modules"), { recursive: true })
  expect(await runElsewhere(folder, ["out/app"], options.env)).toMatchObject({ status: 0, stdout: success.stdout })
}

describe.each(nodes)("A single executable of %s", (name) => {
  it("runs with the addon beside it", async () => {
    await expectToRunAlone(copyWith(project, "sea-config.json", "sea.sh"), "sea.sh", { node: commandOf(name) })
  })

  it("runs with the addon in it", async () => {
    const recipe = ["sea-start.mjs", "sea-addon.mjs", "sea-one-file-config.json", "sea-one-file.sh"]
    await expectToRunAlone(copyWith(project, ...recipe), "sea-one-file.sh", { node: commandOf(name) })
  })

  it("runs when pkg has made it", async () => {
    const folder = copyWith(project)
    const node = commandOf(name)
    const { stdout: version } = await runCommand(node, ["-p", "process.version.slice(1)"])
    // Without a target, pkg asks nodejs.org for the newest Node.js. It finds the one here where it would have unpacked that.
    const commands = (recipes.get("pkg.sh") as string).replace("--sea", `$& --targets node${version.trim()}-linux-x64`)
    writeFileSync(path.join(folder, "pkg.sh"), commands)
    const unpacked = path.join(folder, `.pkg-cache/sea/node-v${version.trim()}-linux-x64`)
    mkdirSync(path.join(unpacked, "bin"), { recursive: true })
    symlinkSync(node, path.join(unpacked, "bin/node"))
    for (const mark of ["/bin/node.ok", ".tar.gz", ".tar.gz.ok"]) writeFileSync(unpacked + mark, "")
    const manifest = { name: "app", version: "1.0.0", bin: "app.mjs", dependencies: { ohmq: "*" } }
    writeFileSync(path.join(folder, "package.json"), JSON.stringify(manifest))
    await expectToRunAlone(folder, "pkg.sh", { node, tools: [packageFolder(".bin")], env: { HOME: folder } })
  })
})

describe.runIf(runtimes.some(({ name }) => name === "Bun"))("Bun", () => {
  it.each([
    ["beside it", ["bun.sh"]],
    ["in it", ["bun-one-file.sh", "bun-start.mjs", "bun-addon.mjs"]],
  ])("makes an executable with the addon %s", async (_, [recipe = "", ...files]) => {
    const tools = [path.dirname(commandOf("Bun"))]
    await expectToRunAlone(copyWith(project, recipe, ...files), recipe, { tools })
  })
})

describe.runIf(runtimes.some(({ name }) => name === "Deno"))("Deno", () => {
  it("makes an executable that holds the addon", async () => {
    const folder = copyWith(project, "deno.sh")
    const deno = commandOf("Deno")
    // In place of the runtime that it would download.
    const env = { DENORT_BIN: deno, DENO_DIR: path.join(folder, "cache") }
    const { status, stderr } = await follow(folder, "deno.sh", { tools: [path.dirname(deno)], env })
    expect(status, stderr).toBe(0)
    const executable = readFileSync(path.join(folder, "out/app"))
    expect(executable.includes(readFileSync(path.join(folder, addon)))).toBe(true)
    expect(executable.includes(readFileSync(path.join(folder, "node_modules/ohmq/dist/native/loader.js")))).toBe(true)
  })
})

describe.runIf(nodes.length > 0)("Next.js", () => {
  /** Runs a server until the test is over, and waits until it is ready. */
  async function serve(folder: string, port: number): Promise<void> {
    const env = { ...process.env, NODE_OPTIONS: "", NODE_NO_WARNINGS: "1", HOSTNAME: "127.0.0.1", PORT: String(port) }
    const server = spawn(process.execPath, ["server.js"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] })
    const ended = new Promise((resolve) => server.once("close", resolve))
    onTestFinished(async () => {
      server.kill("SIGKILL")
      await ended
    })
    for await (const text of server.stdout.setEncoding("utf8")) if (String(text).includes("Ready")) return
    throw new Error("The server has ended")
  }

  it.each(["--turbopack", "--webpack"])("copies the addon into its standalone output, with %s", async (bundler) => {
    const folder = copyWith(project, "next.config.mjs")
    rmSync(path.join(folder, "app.mjs"))
    // Copied, because Turbopack follows no links out of the project.
    const runtime = /node_modules.(node\d\d|@oven|@deno)/
    cpSync(packageFolder(""), path.join(folder, "node_modules"), {
      recursive: true,
      filter: (file) => !runtime.test(path.relative(packageFolder(".."), file)),
    })
    mkdirSync(path.join(folder, "app/message"), { recursive: true })
    writeFileSync(
      path.join(folder, "app/layout.js"),
      "export default ({ children }) => <html><body>{children}</body></html>\n",
    )
    writeFileSync(
      path.join(folder, "app/message/route.js"),
      `import { roundTrip } from "../../round-trip.mjs"
       export const dynamic = "force-dynamic"
       export const GET = async () => new Response(await roundTrip())`,
    )
    const next = path.join(folder, "node_modules/next/dist/bin/next")
    const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: undefined }
    const built = await runCommand(process.execPath, [next, "build", bundler], { cwd: folder, env, timeout: 300_000 })
    expect(built.status, built.stdout + built.stderr).toBe(0)
    const elsewhere = temporaryFolder()
    cpSync(path.join(folder, ".next/standalone"), elsewhere, { recursive: true, verbatimSymlinks: true })
    rmSync(folder, { recursive: true })
    const port = await freePort()
    await serve(elsewhere, port)
    expect(await (await fetch(`http://127.0.0.1:${port}/message`)).text()).toBe(success.stdout.trim())
  })
})
