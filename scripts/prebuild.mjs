// Makes the addons that are shipped: for every Linux target, on Linux x64, from the pinned sources with the pinned compiler.

import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { cpus } from "node:os"
import path from "node:path"

import { ensureAddon, nodeHeaders } from "./addon.mjs"
import { checkElf } from "./lib/elf.mjs"
import { checkNative, readNative } from "./lib/native-addon.mjs"
import { Failure, filesBelow, fingerprint, inProject, readJson, root, runMain, say } from "./lib/project.mjs"
import { output, run } from "./lib/run.mjs"
import { sha256, writeBom, zigTool } from "./lib/sbom.mjs"
import { nativeTargets, targets } from "./lib/targets.mjs"
import { ensureZig } from "./lib/zig.mjs"
import { ensureLibzmq, findSources, sourceVersions } from "./libzmq.mjs"

const topic = "prebuild"
const base = inProject("build/prebuild")

const help = `Makes the prebuilt addons for Linux and checks them. Usage: npm run prebuilds [-- options] [target ...]

Targets: ${targets.map(({ name }) => name).join(", ")}; all of them if none is named.
The results are in prebuilds/, the symbols for debuggers in build/prebuild/symbols/. The sources of libzmq and libsodium are
got as by npm run libzmq, and the compiler (72 MB) is downloaded once.

  --sources   get the sources again
  --native    take the addon that npm run build compiled for this machine, which is how those for macOS and Windows are made;
              stripped on macOS, and refused if it is too large
  --sums      only write prebuilds/SHA256SUMS again
  --help      show this

Variables:
  OHMQ_TOOLCHAIN  the folder of the compiler, in place of build/toolchain
  OHMQ_LIBZMQ_ARCHIVE, OHMQ_LIBSODIUM_ARCHIVE  as for npm run libzmq
`

/** Where libzmq and libsodium are unpacked, and where they came from. */
async function ensureSources(again) {
  const file = path.join(base, "sources.json")
  const recipe = fingerprint(
    ["scripts/pins.json", "scripts/lib/diff.mjs", "scripts/lib/patches.mjs", "native/patches/libzmq"].map((file) =>
      inProject(file),
    ),
    process.env.OHMQ_LIBZMQ_ARCHIVE,
    process.env.OHMQ_LIBSODIUM_ARCHIVE,
  )
  const known = readJson(file)
  if (!again && known?.recipe === recipe && existsSync(known.libzmq)) return known
  const found = await findSources(path.join(base, "source"), { release: true })
  Object.assign(found, { recipe, versions: sourceVersions(found) })
  writeFileSync(file, `${JSON.stringify(found, undefined, 2)}\n`)
  return found
}

/** Programs that CMake can call: zig's subcommands with the target and the flags that everything is compiled with. */
function writeTools(folder, zig, target) {
  const flags = [
    ...["-target", target.zig, "-g", "-fno-sanitize=undefined", "-fstack-protector-strong", "-fno-omit-frame-pointer"],
    ...["-D_FORTIFY_SOURCE=2", "-ffunction-sections", "-fdata-sections"],
    // No path of this machine gets into the result.
    ...[`-ffile-prefix-map=${root}=.`, `-ffile-prefix-map=${path.dirname(zig)}=zig`],
  ]
  const cache = path.join(path.dirname(zig), "../cache")
  const programs = {
    cc: ["cc", ...flags],
    "c++": ["c++", ...flags],
    ar: ["ar"],
    ranlib: ["ranlib"],
  }
  mkdirSync(folder, { recursive: true })
  for (const [name, words] of Object.entries(programs)) {
    const file = path.join(folder, name)
    const line = [zig, ...words].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")
    const script = `#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR='${cache}' ZIG_LOCAL_CACHE_DIR='${cache}'\nexec ${line} "$@"\n`
    writeFileSync(file, script)
    chmodSync(file, 0o755)
  }
}

async function cmake(target, log, args) {
  // Nothing of the environment changes what is built.
  const env = { ...process.env, LC_ALL: "C", SOURCE_DATE_EPOCH: "0", ZERO_AR_DATE: "1" }
  for (const name of ["CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "CXX"]) delete env[name]
  await run(topic, "cmake", args, { env, log: path.join(base, `${target.name}-${log}.log`) })
}

const tool = (name, version) => ({ type: "application", name, version })
const cmakeTool = () => tool("cmake", /\d[\w.-]*/.exec(output("cmake", ["--version"]))?.[0])

/** The version of Node that headers are of. */
function headersVersion(folder) {
  const text = readFileSync(path.join(folder, "node_version.h"), "utf8")
  return ["MAJOR", "MINOR", "PATCH"].map((part) => new RegExp(`NODE_${part}_VERSION (\\d+)`).exec(text)[1]).join(".")
}

async function compile(target, sources, zig, headers) {
  const folder = path.join(base, target.name)
  const tree = path.join(folder, "cmake")
  rmSync(folder, { recursive: true, force: true })
  writeTools(path.join(folder, "tools"), zig, target)
  const definitions = {
    CMAKE_BUILD_TYPE: "Release",
    CMAKE_TOOLCHAIN_FILE: inProject("cmake/zig.cmake"),
    OHMQ_TARGET: target.zig,
    OHMQ_TOOLS: path.join(folder, "tools"),
    OHMQ_PREBUILD: "ON",
    OHMQ_LIBZMQ_SOURCE: sources.libzmq,
    OHMQ_LIBSODIUM_SOURCE: sources.libsodium,
    OHMQ_NODE_HEADERS: headers,
  }
  const settings = Object.entries(definitions).map(([name, value]) => `-D${name}=${value}`)
  const build = ["--build", tree, "--parallel", String(cpus().length), "--target"]
  await cmake(target, "configure", ["-S", root, "-B", tree, ...settings, "-DOHMQ_UNITY=ON"])
  await cmake(target, "libsodium", [...build, "sodium"])
  try {
    await cmake(target, "libzmq", [...build, "libzmq-static"])
  } catch {
    // libzmq does not promise that a release can be compiled so. Any other fault shows again.
    say(topic, "libzmq does not compile as one unit: compiling file by file")
    await cmake(target, "configure", ["-B", tree, "-DOHMQ_UNITY=OFF"])
    await cmake(target, "libzmq", [...build, "libzmq-static"])
  }
  await cmake(target, "addon", [...build, "ohmq"])
  return tree
}

async function prebuild(target, sources, zig) {
  say(topic, `${target.name}: compiling libsodium, libzmq and the addon (about a minute)`)
  const headers = await nodeHeaders()
  const tree = await compile(target, sources, zig, headers)
  const addon = inProject(target.addon)
  const symbols = path.join(base, "symbols", `ohmq-${target.name}.debug`)
  for (const file of [addon, symbols]) mkdirSync(path.dirname(file), { recursive: true })
  // With the compiler's own objcopy: that of the system would strip in its own way. The addon does not name the file of its symbols,
  // because that would put a sum of it in, and zig's own libraries have paths of this machine among their symbols.
  const unstripped = path.join(tree, "ohmq.node")
  const log = path.join(base, `${target.name}-strip.log`)
  await run(topic, zig, ["objcopy", "--strip-all", unstripped, addon], { log })
  await run(topic, zig, ["objcopy", "--only-keep-debug", unstripped, symbols], { log })
  chmodSync(addon, 0o644)
  const { elf, problems } = checkElf(addon, target)
  if (problems.length > 0) throw new Failure(`${target.addon}: ${problems.join("; ")}.`)
  const made = { tools: [zigTool, cmakeTool()], headers: headersVersion(headers) }
  writeBom(target, { versions: sources.versions, archives: sources.archives, made })
  say(topic, `${target.addon}: ${elf.size} bytes${elf.glibc ? `, glibc ${elf.glibc} or later` : ""}`)
}

/** Keeps the symbols of an addon that was compiled here, and copies it without them. */
async function strip(built, target) {
  const folder = path.join(base, "symbols")
  for (const made of [path.dirname(inProject(target.addon)), folder]) mkdirSync(made, { recursive: true })
  copyFileSync(built, inProject(target.addon))
  if (target.platform === "win32") {
    // Visual C++ writes symbols into a file of their own.
    const symbols = built.replace(/node$/, "pdb")
    if (existsSync(symbols)) copyFileSync(symbols, path.join(folder, `ohmq-${target.name}.pdb`))
    return
  }
  const log = path.join(base, `${target.name}-strip.log`)
  await run(topic, "dsymutil", [built, "-o", path.join(folder, `ohmq-${target.name}.dSYM`)], { log })
  // -x leaves what Node looks for.
  await run(topic, "strip", ["-x", inProject(target.addon)], { log })
}

/** The addon that was compiled here, as the prebuilt one of this platform. */
async function takeNative() {
  if (process.platform === "linux") throw new Failure("The addons for Linux are cross-compiled: npm run prebuilds")
  const target = nativeTargets.find(({ name }) => name === `${process.platform}-${process.arch}`)
  if (target === undefined) throw new Failure(`No addon is shipped for ${process.platform}-${process.arch}.`)
  await ensureAddon()
  const { versions, archives } = await ensureLibzmq()
  await strip(inProject("build/Release/ohmq.node"), target)
  const addon = inProject(target.addon)
  const problems = checkNative(addon, target)
  if (problems.length > 0) throw new Failure(`${target.addon}: ${problems.join("; ")}.`)
  const compiler =
    target.platform === "win32"
      ? tool("Visual C++", readNative(addon).linker)
      : tool("Apple clang", /version (.+)/.exec(output("c++", ["--version"]))?.[1])
  const made = { tools: [compiler, cmakeTool()], headers: process.versions.node }
  writeBom(target, { versions, archives, made })
  say(topic, target.addon)
}

/** SHA256SUMS of everything in prebuilds/, as sha256sum -c reads it. */
function writeSums() {
  const folder = inProject("prebuilds")
  const file = path.join(folder, "SHA256SUMS")
  const lines = filesBelow(folder)
    .filter((entry) => entry !== file)
    .map((entry) => `${sha256(entry)}  ${path.relative(folder, entry).split(path.sep).join("/")}\n`)
  writeFileSync(file, lines.join(""))
}

await runMain(async (args) => {
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help)
    return
  }
  const options = ["--sources", "--native", "--sums"]
  const names = args.filter((arg) => !options.includes(arg))
  const unknown = names.find((name) => !targets.some((target) => target.name === name))
  if (unknown !== undefined)
    throw new Failure(`Unknown option or target '${unknown}'. Run: npm run prebuilds -- --help`)
  if (args.includes("--native")) await takeNative()
  if (args.includes("--native") || args.includes("--sums")) {
    writeSums()
    return
  }
  const wanted = targets.filter(({ name }) => names.length === 0 || names.includes(name))
  const zig = await ensureZig()
  mkdirSync(base, { recursive: true })
  const sources = await ensureSources(args.includes("--sources"))
  for (const target of wanted) await prebuild(target, sources, zig)
  writeSums()
})
