#!/usr/bin/env node
// Compiles the addon inside an installed package, for platforms without a prebuilt one.

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

  --system-libzmq    link the installed libzmq that pkg-config finds, in place of building libzmq and libsodium; it has none of ohmq's
                     patches
  --allow-unpatched  go on where a patch of libzmq against a crash or an attack does not fit its sources
  --help             show this

Needs a C++ compiler, make and Python 3; cmake too, unless --system-libzmq is given. node-gyp and node-addon-api are got from the
npm registry, libzmq and libsodium as their pinned releases; OHMQ_LIBZMQ_ARCHIVE and OHMQ_LIBSODIUM_ARCHIVE name local archives.
`

/** The folder to look for node-gyp and node-addon-api in: the package's own if it is a clone of the project. */
async function ensureTools() {
  const { devDependencies } = readJson(inProject("package.json"))
  const wanted = ["node-gyp", "node-addon-api"]
  if (wanted.every((name) => existsSync(inProject("node_modules", name)))) return inProject("node_modules")
  const folder = inProject("build-tools")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const packages = wanted.map((name) => `${name}@${devDependencies[name]}`)
  say(topic, `getting ${packages.join(" and ")} from the npm registry`)
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
    throw new Failure(
      "node-gyp needs Python 3, which is not found. Install on Debian or Ubuntu: apt-get install python3",
    )
  }
  try {
    accessSync(root, constants.W_OK)
  } catch {
    throw new Failure(`${root} cannot be written to, and the addon is to be compiled there.`)
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
