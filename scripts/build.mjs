#!/usr/bin/env node
// Compiles the addon in an installed package, on a platform without a prebuilt one.

import { spawnSync } from "node:child_process"
import { accessSync, constants, existsSync, mkdirSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { Failure, inProject, readJson, root, runMain, say } from "./lib/project.mjs"
import { has, run } from "./lib/run.mjs"

const topic = "ohmq-build"
const command = `node "${inProject("scripts/build.mjs")}"`

const help = `Compiles ohmq's native addon for this machine, in ${path.join(root, "build")}.
Usage: ${command} [options]

  --system-libzmq    link the installed libzmq that pkg-config finds, instead of building libzmq and libsodium; it has none of ohmq's
                     patches
  --allow-unpatched  continue if a patch of libzmq against a crash or an attack does not apply to its sources
  --help             show this

Needs a C++ compiler, make and Python 3, and cmake unless you use --system-libzmq. Downloads node-gyp and node-addon-api from the npm
registry, and the pinned releases of libzmq and libsodium. OHMQ_LIBZMQ_ARCHIVE and OHMQ_LIBSODIUM_ARCHIVE can name local archives.
`

/** The folder with node-gyp and node-addon-api. In a clone of the project they are installed already. */
async function ensureTools() {
  const { devDependencies } = readJson(inProject("package.json"))
  const wanted = ["node-gyp", "node-addon-api"]
  if (wanted.every((name) => existsSync(inProject("node_modules", name)))) return inProject("node_modules")
  const folder = inProject("build-tools")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packages = wanted.map((name) => `${name}@${devDependencies[name]}`)
  say(topic, `downloading ${packages.join(" and ")} from the npm registry`)
  const options = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--no-package-lock"]
  await run(topic, "npm", ["install", ...options, ...packages], {
    log: path.join(folder, "npm.log"),
    cwd: folder,
    shell: process.platform === "win32",
  })
  return path.join(folder, "node_modules")
}

await runMain(async (args) => {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help)
    return
  }
  const unknown = args.find((arg) => !["--system-libzmq", "--allow-unpatched"].includes(arg))
  if (unknown !== undefined) throw new Failure(`Unknown option '${unknown}'. Run: ${command} --help`)
  if (process.platform !== "win32" && !["python3", "python"].some((name) => has(name))) {
    throw new Failure("node-gyp needs Python 3, which was not found. On Debian or Ubuntu, run: apt-get install python3")
  }
  try {
    accessSync(root, constants.W_OK)
  } catch {
    throw new Failure(`Cannot write to ${root}, where the addon would be compiled.`)
  }
  const tools = await ensureTools()
  const env = { ...process.env, NODE_PATH: tools }
  if (args.includes("--system-libzmq")) env.OHMQ_SYSTEM_LIBZMQ = "1"
  if (args.includes("--allow-unpatched")) env.OHMQ_ALLOW_UNPATCHED = "1"
  const script = [inProject("scripts/addon.mjs"), "--force"]
  const { status } = spawnSync(process.execPath, script, { env, cwd: root, stdio: "inherit" })
  if (status !== 0) return 1
  const addon = inProject("build/Release/ohmq.node")
  say(topic, `built ${addon}`)
  const { version, capability } = createRequire(import.meta.url)(addon)
  const patches = capability.patches.join(", ")
  say(topic, `libzmq ${version}, ${patches === "" ? "without patches" : `with the patches ${patches}`}`)
})
