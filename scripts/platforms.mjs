// Runs the prebuilt addons on every runtime that this machine can run, and writes the table of docs/platforms.md.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { checkElf, readElf } from "./lib/elf.mjs"
import { Failure, inProject, runMain, say } from "./lib/project.mjs"
import { has, output } from "./lib/run.mjs"
import { targets } from "./lib/targets.mjs"
import { ensureZig } from "./lib/zig.mjs"

const topic = "platforms"
const help = `Runs the prebuilt addons on the runtimes that this machine can run, and writes the table of docs/platforms.md.
Usage: npm run platforms; needs npm run prebuilds first, Linux x64, and for the rows that are else left out:
  arm64  apt-get install qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross
  musl   apt-get install musl
`

const emulator = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"]
const runtimes = [
  ...["20", "22", "24", "26"].map((version) => ({ arch: "x64", version, prefix: [] })),
  ...["20", "22"].map((version) => ({ arch: "arm64", version, prefix: emulator })),
]

/** Node of a version and architecture, from npm; it is kept in build/runtimes. */
function node(arch, version) {
  const folder = inProject("build/runtimes", `${arch}-${version}`)
  const file = path.join(folder, "package/bin/node")
  if (existsSync(file)) return file
  mkdirSync(folder, { recursive: true })
  say(topic, `downloading node-linux-${arch}@${version}`)
  output("npm", ["pack", `node-linux-${arch}@${version}`, "--silent", "--pack-destination", folder])
  const archive = readdirSync(folder).find((entry) => entry.endsWith(".tgz"))
  if (archive === undefined) throw new Failure(`node-linux-${arch}@${version} cannot be got from npm.`)
  output("tar", ["-xzf", path.join(folder, archive), "-C", folder])
  rmSync(path.join(folder, archive))
  return file
}

/** A folder that holds nothing but this addon, for OHMQ_PREBUILD. */
function alone(target) {
  const folder = inProject("build/runtimes", target.name)
  const file = path.join(folder, target.addon)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, readFileSync(inProject(target.addon)))
  return folder
}

function onNode(target, { arch, version, prefix }) {
  const file = node(arch, version)
  const [command, ...args] = [...prefix, file]
  const env = { ...process.env, OHMQ_PREBUILD: alone(target), NODE_OPTIONS: "" }
  const options = { env, timeout: 180_000 }
  const name = output(command, [...args, "--version"], options)?.slice(1)
  const result = output(command, [...args, inProject("scripts/lib/smoke.mjs")], options)
  return { runtime: `Node ${name ?? version}${prefix.length > 0 ? ", emulated" : ""}`, result: result ?? "fails" }
}

/** On musl there is no Node here: a small program loads the addon, and uses the archives that it was made from. */
async function onMusl(target) {
  const tree = inProject("build/prebuild", target.name, "cmake")
  const host = inProject("build/runtimes", "musl-host")
  const wanted = readElf(inProject(target.addon)).imports.filter((name) => /^(napi|node_api|uv)_/.test(name))
  writeFileSync(`${host}.stubs.c`, wanted.map((name) => `void ${name}(void) { __builtin_trap(); }\n`).join(""))
  const sources = [inProject("scripts/lib/musl-host.c"), `${host}.stubs.c`]
  const libraries = [path.join(tree, "libzmq/lib/libzmq.a"), path.join(tree, "libsodium.a"), "-lc++"]
  const flags = ["-target", target.zig, "-shared", "-Wl,-e,entry", "-O2", "-DZMQ_STATIC"]
  const cache = path.join(path.dirname(await ensureZig()), "../cache")
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache }
  const include = `-I${inProject("build/prebuild/source/libzmq/include")}`
  const built = output(await ensureZig(), ["cc", ...flags, include, "-o", host, ...sources, ...libraries], { env })
  if (built === undefined) throw new Failure("The host program for musl does not compile.")
  const result = output("/lib/ld-musl-x86_64.so.1", [host, inProject(target.addon)], { timeout: 20_000 })
  return { runtime: "a program that loads it (below)", result: result ?? "fails" }
}

async function rowsOf(target) {
  if (!existsSync(inProject(target.addon))) throw new Failure(`${target.addon} is missing. Run: npm run prebuilds`)
  const { elf, problems } = checkElf(inProject(target.addon), target)
  if (problems.length > 0) throw new Failure(`${target.addon}: ${problems.join("; ")}.`)
  const runs = []
  if (target.libc === "glibc") {
    for (const runtime of runtimes.filter(({ arch }) => arch === target.arch)) {
      if (runtime.prefix.length > 0 && !has(runtime.prefix[0])) continue
      say(topic, `${target.name} on Node ${runtime.version}`)
      runs.push(onNode(target, runtime))
    }
  } else if (target.arch === "x64" && existsSync("/lib/ld-musl-x86_64.so.1")) {
    runs.push(await onMusl(target))
  }
  if (runs.length === 0) runs.push({ runtime: "none here", result: "built and checked, never run" })
  const size = `${(elf.size / 1e6).toFixed(2)} MB`
  const libc = elf.glibc ? `glibc ${elf.glibc}` : "musl"
  return runs.map(({ runtime, result }) => `| ${target.name} | ${runtime} | ${result} | ${libc} | ${size} |\n`)
}

await runMain(async (args) => {
  if (args.length > 0) {
    process.stdout.write(help)
    return args.includes("--help") || args.includes("-h") ? 0 : 1
  }
  const rows = []
  for (const target of targets) rows.push(...(await rowsOf(target)))
  const table = `| target | runtime | smoke test | needs | size |\n|---|---|---|---|---|\n${rows.join("")}`
  const file = inProject("docs/platforms.md")
  const text = readFileSync(file, "utf8")
  const marks = ["<!-- table: npm run platforms -->\n", "<!-- end of table -->"]
  const [start, end] = [text.indexOf(marks[0]) + marks[0].length, text.indexOf(marks[1])]
  writeFileSync(file, `${text.slice(0, start)}\n${table}\n${text.slice(end)}`)
  process.stdout.write(table)
  return rows.some((row) => row.includes("fails")) ? 1 : 0
})
