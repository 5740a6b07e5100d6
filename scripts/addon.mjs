// Builds the addon: with node-gyp (binding.gyp), or with cmake-js (CMakeLists.txt) where there is no Python.

import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { Failure, fingerprint, inProject, readJson, runMain, say } from "./lib/project.mjs"
import { has, run } from "./lib/run.mjs"
import { allowsUnpatched, ensureLibzmq, systemLibzmq, wantsSystem } from "./libzmq.mjs"

const topic = "addon"
const require = createRequire(import.meta.url)

const help = `Builds the addon if its sources, libzmq or the kind of build have changed. Usage: node scripts/addon.mjs [options]

  --debug            with type checks and symbols, in build/debug/; to load it, set OHMQ_PREBUILD=build/debug
  --cmake            with CMake, as on a machine without Python
  --sanitize=KIND    with CMake and a sanitizer (address, undefined or thread), libzmq and libsodium too, in build/KIND/; to load it, set
                     OHMQ_PREBUILD=build/KIND
  --force            even if nothing has changed
  --allow-unpatched  continue if a patch of libzmq against a crash or an attack does not apply (also: OHMQ_ALLOW_UNPATCHED=1)
  --help             show this
`

const nodeGyp = () => path.join(path.dirname(require.resolve("node-gyp/package.json")), "bin/node-gyp.js")

/** The prefix of Node's headers, if they are beside the executable. */
function nodePrefix() {
  const prefix = path.resolve(process.execPath, "../..")
  return existsSync(path.join(prefix, "include/node/uv.h")) ? prefix : undefined
}

/** Writes binding.gyp if it is missing. It is not published, because Yarn and pnpm compile every package that has one. */
export function ensureBindingGyp() {
  const file = inProject("binding.gyp")
  if (!existsSync(file)) writeFileSync(file, `{"includes": ["native/addon.gypi"]}\n`)
}

async function withNodeGyp(debug) {
  ensureBindingGyp()
  const prefix = nodePrefix()
  const args = ["configure", "build", debug ? "--debug" : "--release", "--jobs=max"]
  if (prefix) args.push(`--nodedir=${prefix}`)
  await run(topic, process.execPath, [nodeGyp(), ...args], { log: inProject("build/addon.log") })
}

/** Node's headers. If they are not beside the executable, node-gyp downloads them (it needs no Python for that). */
export async function nodeHeaders() {
  const prefix = nodePrefix()
  if (prefix) return path.join(prefix, "include/node")
  const folder = inProject("build/headers")
  await run(topic, process.execPath, [nodeGyp(), "install", `--devdir=${folder}`], {
    log: inProject("build/headers.log"),
  })
  return path.join(folder, process.versions.node, "include/node")
}

async function withCmake(sources, { kind, target, sanitize }) {
  if (sources === undefined)
    throw new Failure("A build with CMake needs the sources of libzmq. Unset OHMQ_SYSTEM_LIBZMQ.")
  const tree = inProject("build", sanitize ? `cmake-${sanitize}` : "cmake-js")
  const cmakeJs = path.join(path.dirname(require.resolve("cmake-js/package.json")), "bin/cmake-js")
  const definitions = {
    OHMQ_LIBZMQ_SOURCE: sources.libzmq,
    OHMQ_LIBSODIUM_SOURCE: sources.libsodium,
    OHMQ_NODE_HEADERS: await nodeHeaders(),
    OHMQ_SANITIZE: sanitize ?? "",
  }
  say(topic, "with CMake, and libzmq with it (about a minute)")
  await run(
    topic,
    process.execPath,
    [
      ...[cmakeJs, "compile", "--target", "ohmq", "--out", tree, ...(kind === "Debug" ? ["--debug"] : [])],
      ...Object.entries(definitions).map(([name, value]) => `--CD${name}=${value}`),
    ],
    {
      log: inProject("build/addon.log"),
      progress: (line) => {
        const found = /^\[ *(\d+)%\]/.exec(line)
        return found ? Number(found[1]) : undefined
      },
    },
  )
  const built = readdirSync(tree, { recursive: true }).find((file) => path.basename(file) === "ohmq.node")
  mkdirSync(path.dirname(target), { recursive: true })
  cpSync(path.join(tree, built), target)
}

/** Builds the addon if its sources, libzmq or the kind of build changed. */
export async function ensureAddon({ debug = false, force = false, cmake = false, sanitize, allowUnpatched } = {}) {
  const libzmq = wantsSystem() ? systemLibzmq() : await ensureLibzmq({ allowUnpatched })
  const kind = debug ? "Debug" : "Release"
  const apart = sanitize ?? (debug ? "debug" : undefined)
  const target = inProject("build", ...(apart ? [apart, "build"] : []), "Release/ohmq.node")
  const stampFile = `${target}.json`
  const recipe = fingerprint([inProject("native")], libzmq, process.arch)
  if (!force && existsSync(target) && readJson(stampFile)?.fingerprint === recipe) return
  say(topic, `compiling (${kind})`)
  // On Windows, node-gyp also finds a Python that is not on PATH, and an installed package can only be built with node-gyp.
  const python = process.platform === "win32" || ["python3", "python"].some((name) => has(name))
  if (cmake || sanitize || !python) {
    if (!python) say(topic, "found no Python for node-gyp")
    await withCmake(libzmq.sources, { kind, target, sanitize })
  } else {
    await withNodeGyp(debug)
    if (debug) {
      mkdirSync(path.dirname(target), { recursive: true })
      cpSync(inProject("build/Debug/ohmq.node"), target)
      // Otherwise the loader would find it there.
      rmSync(inProject("build/Debug/ohmq.node"))
    }
  }
  if (apart) say(topic, `to use it: OHMQ_PREBUILD=build/${apart}`)
  writeFileSync(stampFile, `${JSON.stringify({ fingerprint: recipe })}\n`)
}

if (process.argv[1] === import.meta.filename) {
  await runMain(async (args) => {
    if (args.includes("--help")) {
      process.stdout.write(help)
      return
    }
    const options = { allowUnpatched: allowsUnpatched(args) }
    for (const arg of args.filter((one) => one !== "--allow-unpatched")) {
      const [name, value] = arg.slice(2).split("=")
      if (["debug", "cmake", "force"].includes(name) && value === undefined) options[name] = true
      else if (name === "sanitize" && ["address", "undefined", "thread"].includes(value)) options.sanitize = value
      else throw new Failure(`Unknown option '${arg}'. Run: node scripts/addon.mjs --help`)
    }
    await ensureAddon(options)
  })
}
