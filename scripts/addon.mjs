// Builds the addon with node-gyp (binding.gyp), or with cmake-js (CMakeLists.txt) where there is no Python.
// Usage: node scripts/addon.mjs [--debug] [--force]

import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

import { ensureLibzmq, systemLibzmq, wantsSystem } from "./libzmq.mjs"
import { Failure, fingerprint, inProject, readJson, runMain, say } from "./lib/project.mjs"
import { has, run } from "./lib/run.mjs"

const topic = "addon"
const require = createRequire(import.meta.url)

/** Node's own headers, where they lie beside the executable; elsewhere node-gyp downloads them. */
function headers() {
  const prefix = path.resolve(process.execPath, "../..")
  return existsSync(path.join(prefix, "include/node/node_api.h")) ? prefix : undefined
}

async function withNodeGyp(debug) {
  const nodedir = headers()
  const gyp = path.join(path.dirname(require.resolve("node-gyp/package.json")), "bin/node-gyp.js")
  await run(topic, process.execPath, [
    ...[gyp, "configure", "build", debug ? "--debug" : "--release", "--jobs=max"],
    ...(nodedir ? [`--nodedir=${nodedir}`] : []),
  ], { log: inProject("build/addon.log") })
}

/** Builds the addon if its sources, libzmq or the kind of build changed. Returns whether it did anything. */
export async function ensureAddon({ debug = false, force = false } = {}) {
  const libzmq = wantsSystem() ? systemLibzmq() : await ensureLibzmq()
  const kind = debug ? "Debug" : "Release"
  const binary = inProject("build", kind, "ohmq.node")
  const stampFile = inProject("build", `addon-${kind}.json`)
  const recipe = fingerprint([inProject("native"), inProject("binding.gyp")], libzmq, process.arch)
  if (!force && existsSync(binary) && readJson(stampFile)?.fingerprint === recipe) return false
  if (!["python3", "python"].some((python) => has(python))) {
    throw new Failure("Building the addon needs Python 3.")
  }
  say(topic, `compiling (${kind})`)
  await withNodeGyp(debug)
  mkdirSync(inProject("build"), { recursive: true })
  writeFileSync(stampFile, `${JSON.stringify({ fingerprint: recipe })}\n`)
  return true
}

if (process.argv[1] === import.meta.filename) {
  await runMain(async (args) => {
    await ensureAddon({ debug: args.includes("--debug"), force: args.includes("--force") })
  })
}
