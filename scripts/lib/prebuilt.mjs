// The part of prebuild.mjs that compiles. prebuildify runs node-gyp in a folder, strips the addon in its build/Release/, and moves it to
// prebuilds/ under the right name. Each target has a folder of its own, where prebuildify runs this program instead of node-gyp.

import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import path from "node:path"

import { ensureAddon, nodeHeaders } from "../addon.mjs"
import { Failure, inProject, readJson, root, runMain, say } from "./project.mjs"
import { run } from "./run.mjs"
import { nativeTargets, targets } from "./targets.mjs"

const topic = "prebuild"

/** Where prebuilt addons are made. */
export const base = inProject("build/prebuild")
export const sourcesFile = path.join(base, "sources.json")
const folderOf = (target) => path.join(base, target.name)
const toolsOf = (target) => path.join(folderOf(target), "tools")

/** The options of prebuildify for a target. They give the addon the place and the name that lib/native/loader.ts looks for. */
export const prebuildifyOptions = (target, out = root) => ({
  name: "ohmq",
  napi: true,
  targets: [process.versions.node],
  ...{ platform: target.platform, arch: target.arch, libc: target.libc, tagLibc: target.libc !== undefined },
  ...{ cwd: folderOf(target), out, cache: path.join(folderOf(target), "cache") },
  nodeGyp: process.platform === "win32" ? `"${process.execPath}" "${program}"` : path.join(toolsOf(target), "node-gyp"),
  strip: true,
  stripBin: path.join(toolsOf(target), "strip"),
})

const program = import.meta.filename
const quote = (words) => words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")

function writeTool(target, name, ...lines) {
  const file = path.join(toolsOf(target), name)
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `#!/bin/sh\nset -e\n${lines.map((line) => `${line}\n`).join("")}`)
  chmodSync(file, 0o755)
}

/** Writes the program that prebuildify runs instead of strip. It saves the symbols, then removes them from the file. */
function writeStrip(target, keep, ...lines) {
  const log = path.join(base, `${target.name}-strip.log`)
  mkdirSync(path.dirname(keep), { recursive: true })
  writeTool(target, "strip", `exec >${quote([log])} 2>&1`, ...lines)
}

const symbols = (target, ending) => path.join(base, "symbols", `ohmq-${target.name}.${ending}`)

/** Writes the programs that compile an addon for Linux. They run zig with the target and with the flags for everything. */
export function writeZigTools(target, zig) {
  const flags = [
    ...["-target", target.zig, "-g", "-fno-sanitize=undefined", "-fstack-protector-strong", "-fno-omit-frame-pointer"],
    ...["-D_FORTIFY_SOURCE=2", "-ffunction-sections", "-fdata-sections"],
    // No path of this machine gets into the result.
    ...[`-ffile-prefix-map=${root}=.`, `-ffile-prefix-map=${path.dirname(zig)}=zig`],
  ]
  const cache = quote([path.join(path.dirname(zig), "../cache")])
  const programs = { cc: ["cc", ...flags], "c++": ["c++", ...flags], ar: ["ar"], ranlib: ["ranlib"] }
  for (const [name, words] of Object.entries(programs)) {
    const caches = `export ZIG_GLOBAL_CACHE_DIR=${cache} ZIG_LOCAL_CACHE_DIR=${cache}`
    writeTool(target, name, caches, `exec ${quote([zig, ...words])} "$@"`)
  }
  writeTool(target, "node-gyp", `exec ${quote([process.execPath, program])}`)
  // zig's objcopy, because the system's may differ between machines. The addon does not name the file with its symbols: that would add a
  // checksum, and the symbols of zig's own libraries contain paths of this machine.
  const keep = symbols(target, "debug")
  writeStrip(
    target,
    keep,
    `${quote([zig, "objcopy", "--only-keep-debug"])} "$1" ${quote([keep])}`,
    `${quote([zig, "objcopy", "--strip-all"])} "$1" "$1.stripped"`,
    'mv "$1.stripped" "$1"',
  )
}

/** Writes the programs for an addon that is compiled on its own platform. Windows needs none: prebuildify does not strip there. */
export function writeNativeTools(target) {
  if (target.platform === "win32") return
  writeTool(target, "node-gyp", `exec ${quote([process.execPath, program])}`)
  const keep = symbols(target, "dSYM")
  // -x keeps the symbols that Node looks for.
  writeStrip(target, keep, `dsymutil "$1" -o ${quote([keep])}`, 'strip -Sx "$1"')
}

async function cmake(target, log, args) {
  // The environment must not change the result.
  const env = { ...process.env, LC_ALL: "C", SOURCE_DATE_EPOCH: "0", ZERO_AR_DATE: "1" }
  for (const name of ["CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "CXX"]) delete env[name]
  await run(topic, "cmake", args, { env, log: path.join(base, `${target.name}-${log}.log`) })
}

/** Cross-compiles the addon for Linux. Returns where it is. */
async function crossCompile(target) {
  const tree = path.join(folderOf(target), "cmake")
  const sources = readJson(sourcesFile)
  const definitions = {
    CMAKE_BUILD_TYPE: "Release",
    CMAKE_TOOLCHAIN_FILE: inProject("cmake/zig.cmake"),
    OHMQ_TARGET: target.zig,
    OHMQ_TOOLS: toolsOf(target),
    OHMQ_PREBUILD: "ON",
    OHMQ_LIBZMQ_SOURCE: sources.libzmq,
    OHMQ_LIBSODIUM_SOURCE: sources.libsodium,
    OHMQ_NODE_HEADERS: await nodeHeaders(),
  }
  const settings = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`)
  const build = ["--build", tree, "--parallel", String(cpus().length), "--target"]
  await cmake(target, "configure", ["-S", root, "-B", tree, ...settings, "-DOHMQ_UNITY=ON"])
  await cmake(target, "libsodium", [...build, "sodium"])
  try {
    await cmake(target, "libzmq", [...build, "libzmq-static"])
  } catch {
    // libzmq does not promise that this works. Any other error occurs again.
    say(topic, "libzmq does not compile as one unit: compiling file by file")
    await cmake(target, "configure", ["-B", tree, "-DOHMQ_UNITY=OFF"])
    await cmake(target, "libzmq", [...build, "libzmq-static"])
  }
  await cmake(target, "addon", [...build, "ohmq"])
  return path.join(tree, "ohmq.node")
}

/** Compiles the addon for this machine. Returns where it is. */
async function compileHere(target) {
  await ensureAddon()
  const built = inProject("build/Release/ohmq.node")
  // Visual C++ writes symbols to a separate file.
  const written = built.replace(/node$/, "pdb")
  if (target.platform === "win32" && existsSync(written)) cpSync(written, symbols(target, "pdb"))
  return built
}

if (process.argv[1] === program) {
  await runMain(async () => {
    // prebuildify sets these. libc is for Linux only.
    const { PREBUILD_PLATFORM: platform, PREBUILD_ARCH: arch, PREBUILD_LIBC: libc } = process.env
    const target = [...targets, ...nativeTargets].find(
      (one) => one.platform === platform && one.arch === arch && (one.libc ?? libc) === libc,
    )
    if (target === undefined) throw new Failure(`ohmq ships no addon for ${platform}-${arch}.`)
    const built = await (target.zig === undefined ? compileHere(target) : crossCompile(target))
    const result = path.join(folderOf(target), "build/Release/ohmq.node")
    mkdirSync(path.dirname(result), { recursive: true })
    copyFileSync(built, result)
  })
}
