// Downloads libzmq and libsodium and builds them as static libraries in build/libzmq/.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import path from "node:path"

import { fromDebian } from "./lib/debian.mjs"
import { patchFolder, patchLibzmq } from "./lib/patches.mjs"
import { pins } from "./lib/pins.mjs"
import { Failure, fingerprint, inProject, readJson, root, runMain, say } from "./lib/project.mjs"
import { fromArchives } from "./lib/release-archives.mjs"
import { has, output, run } from "./lib/run.mjs"

const topic = "libzmq"
const base = inProject("build/libzmq")
const prefix = path.join(base, "prefix")
const stampFile = path.join(base, "stamp.json")

const help = `Builds libzmq and libsodium for the addon. Usage: npm run libzmq -- [options]

It uses the first of these that works, and prints why it skipped the ones before:
  1  with --system-libzmq only: an installed libzmq, found by pkg-config
  2  an up-to-date build in build/libzmq/
  3  the pinned release archives (libzmq ${pins.libzmq.version}, libsodium ${pins.libsodium.version}), downloaded and verified by SHA-256,
     or the local files in OHMQ_LIBZMQ_ARCHIVE and OHMQ_LIBSODIUM_ARCHIVE
  4  on Debian and Ubuntu, source packages (${pins.libzmq.debian}, ${pins.libsodium.debian}), which apt-get downloads with a private sources
     list and verifies by the signed index: on Debian libzmq ${pins.libzmq.version} from ${pins.libzmq.suite}, otherwise the distribution's version

npm start, npm test and npm run build skip all of this if prebuilds/ contains an addon for this platform and build/Release/ none.

Options:
  --system-libzmq    link the libzmq that pkg-config finds (also: OHMQ_SYSTEM_LIBZMQ=1)
  --force            build again even if build/libzmq/ is up to date
  --allow-unpatched  build even if a patch of kind security or crash does not match (also: OHMQ_ALLOW_UNPATCHED=1)
  --help             show this

Variables:
  OHMQ_LIBZMQ_ARCHIVE, OHMQ_LIBSODIUM_ARCHIVE  paths of local .tar.gz archives, for machines without a network. The output says
      if an archive is not the pinned release.
  HTTPS_PROXY  used if curl is installed
  CC, CXX, CFLAGS, CXXFLAGS  as usual with CMake
`

const sources = {
  OHMQ_LIBZMQ_ARCHIVE: process.env.OHMQ_LIBZMQ_ARCHIVE ?? null,
  OHMQ_LIBSODIUM_ARCHIVE: process.env.OHMQ_LIBSODIUM_ARCHIVE ?? null,
}

const recipe = () =>
  fingerprint(
    [
      ...["CMakeLists.txt", "cmake/libsodium.cmake", "scripts/lib/diff.mjs", "scripts/lib/patches.mjs"].map((file) =>
        inProject(file),
      ),
      patchFolder,
    ],
    pins,
    sources,
    process.arch,
  )

/** The stamp of the finished build: `{version, origin, fingerprint, …}`; undefined if there is none or it is out of date. */
export function finished() {
  const stamp = readJson(stampFile)
  return stamp?.fingerprint === recipe() && existsSync(path.join(prefix, "include/zmq.h")) ? stamp : undefined
}

function libzmqVersion(folder) {
  const header = path.join(folder, "include/zmq.h")
  if (!existsSync(header))
    throw new Failure(`${folder} does not contain the sources of libzmq: include/zmq.h is missing.`)
  const text = readFileSync(header, "utf8")
  return ["MAJOR", "MINOR", "PATCH"].map((part) => new RegExp(`ZMQ_VERSION_${part} (\\d+)`).exec(text)[1]).join(".")
}

/** The versions in the sources. */
export function sourceVersions({ libzmq, libsodium }) {
  const sodium = readFileSync(path.join(libsodium, "builds/msvc/version.h"), "utf8")
  return { libzmq: libzmqVersion(libzmq), libsodium: /VERSION_STRING "([\d.]+)"/.exec(sodium)[1] }
}

async function compile(from, tree, unity) {
  rmSync(tree, { recursive: true, force: true })
  say(topic, "configuring")
  await run(
    topic,
    "cmake",
    [
      ...["-S", root, "-B", tree, "-DCMAKE_BUILD_TYPE=Release", `-DOHMQ_PREFIX=${prefix}`],
      ...[`-DOHMQ_LIBZMQ_SOURCE=${from.libzmq}`, `-DOHMQ_LIBSODIUM_SOURCE=${from.libsodium}`],
      `-DOHMQ_UNITY=${unity ? "ON" : "OFF"}`,
    ],
    { log: path.join(base, "configure.log") },
  )
  say(topic, "compiling libsodium and libzmq (about half a minute)")
  await run(topic, "cmake", ["--build", tree, "--config", "Release", "--parallel", String(cpus().length)], {
    log: path.join(base, "build.log"),
    progress: (line) => {
      const found = /^\[ *(\d+)%\]/.exec(line)
      return found ? Number(found[1]) : undefined
    },
  })
}

async function build(from) {
  const missing = ["cmake", "make", process.env.CXX ?? "c++"].filter((tool) => !has(tool))
  if (missing.length > 0 && process.platform !== "win32") {
    throw new Failure(
      `Building libzmq from source needs ${missing.join(", ")}. Install on Debian or Ubuntu: apt-get install cmake make g++; on Fedora: dnf install cmake make gcc-c++; on Alpine: apk add cmake make g++; on macOS: xcode-select --install, brew install cmake.`,
    )
  }
  const tree = path.join(base, "cmake")
  try {
    await compile(from, tree, true)
  } catch {
    // libzmq does not promise that it compiles as one unit. Any other error happens again.
    say(topic, "libzmq does not compile as one unit; compiling file by file")
    await compile(from, tree, false)
  }
  // Keeps only what the addon links. A build that is interrupted before this line starts again. Visual Studio writes no list of commands.
  const commands = path.join(tree, "compile_commands.json")
  if (existsSync(commands)) renameSync(commands, path.join(base, "compile_commands.json"))
  rmSync(tree, { recursive: true, force: true })
}

/** Tells the addon which libsodium it is linked with, by a header beside zmq.h. */
function nameLibsodium(sources) {
  const header = `/* The libsodium in this libzmq. */\n#define OHMQ_LIBSODIUM "${sourceVersions(sources).libsodium}"\n`
  writeFileSync(path.join(sources.libzmq, "include/ohmq_libsodium.h"), header)
}

/**
 * The sources, unpacked below `folder` and patched, from the first way that works. Prints which one that is, and why it skipped others.
 * `options` are those of patchLibzmq().
 */
export async function findSources(folder, options) {
  const tried = []
  for (const way of [fromArchives, fromDebian]) {
    const found = await way(pins, folder)
    if (found.skipped === undefined) {
      say(topic, `${found.name}: ${found.origin}`)
      const { libzmq, libsodium, origin, archives } = found
      const patches = patchLibzmq(libzmq, libzmqVersion(libzmq), options)
      nameLibsodium({ libzmq, libsodium })
      return { libzmq, libsodium, origin, archives: { ...archives, libzmq: { ...archives.libzmq, ...patches } } }
    }
    tried.push(`${found.name}: ${found.skipped}`)
    say(topic, `${found.name}: skipped: ${found.skipped}`)
  }
  throw new Failure(
    `Could not get the sources of libzmq. Tried: ${tried.join("; ")}. Download ${pins.libzmq.url} and ${pins.libsodium.url} on a machine with a network and set OHMQ_LIBZMQ_ARCHIVE and OHMQ_LIBSODIUM_ARCHIVE to the two files; or install libzmq with its headers (apt-get install libzmq3-dev pkg-config, brew install zeromq pkg-config) and set OHMQ_SYSTEM_LIBZMQ=1.`,
  )
}

/** Whether the user accepts a build without patches that do not match. */
export const allowsUnpatched = (args = []) =>
  args.includes("--allow-unpatched") || /^(1|true|yes)$/i.test(process.env.OHMQ_ALLOW_UNPATCHED ?? "")

/** Builds libzmq and libsodium unless the build is up to date. */
export async function ensureLibzmq({ force = false, allowUnpatched = allowsUnpatched() } = {}) {
  const stamp = finished()
  if (stamp !== undefined && !force) return stamp
  say(topic, `build/libzmq: ${force ? "building again" : readJson(stampFile) ? "out of date" : "no build yet"}`)
  mkdirSync(base, { recursive: true })
  const { origin, archives, ...sources } = await findSources(path.join(base, "source"), { allowUnpatched })
  await build(sources)
  const versions = sourceVersions(sources)
  const result = { version: versions.libzmq, versions, origin, archives, sources, fingerprint: recipe() }
  writeFileSync(stampFile, `${JSON.stringify(result, undefined, 2)}\n`)
  return result
}

/** Whether an installed libzmq has the draft functions. zmq.h may declare them even if it does not. */
function hasDrafts(libraries) {
  const program = 'extern "C" int zmq_socket_get_peer_state(); int main() { return zmq_socket_get_peer_state(); }'
  const args = ["-x", "c++", "-", "-o", path.join(tmpdir(), `ohmq-drafts-${process.pid}`), ...libraries]
  const found = output(process.env.CXX ?? "c++", args, { input: program }) !== undefined
  rmSync(args[4], { force: true })
  return found
}

/** The compiler and linker flags of the libzmq that pkg-config finds. */
export function systemLibzmq() {
  const ask = (...args) => output("pkg-config", [...args, "libzmq"])
  const version = ask("--modversion")
  if (version === undefined) {
    throw new Failure(
      "pkg-config does not find an installed libzmq. Install it with its headers (apt-get install libzmq3-dev pkg-config), or set PKG_CONFIG_PATH.",
    )
  }
  const includes = (ask("--cflags-only-I") ?? "").split(" ").filter(Boolean)
  const libraries = ask("--libs").split(" ").filter(Boolean)
  return {
    version,
    include: includes.map((flag) => flag.slice(2)),
    libraries,
    defines: hasDrafts(libraries) ? ["ZMQ_BUILD_DRAFT_API"] : [],
  }
}

/** Whether the user asked for the installed libzmq. */
export const wantsSystem = (args = []) =>
  args.includes("--system-libzmq") || /^(1|true|yes)$/i.test(process.env.OHMQ_SYSTEM_LIBZMQ ?? "")

const options = [
  "--system-libzmq",
  "--force",
  "--allow-unpatched",
  "--help",
  "-h",
  "--print=include",
  "--print=defines",
  "--print=libraries",
]

/** The flags for the compiler ("include", "defines") or the linker ("libraries"). Builds libzmq first if necessary. */
export async function libzmqFlags(kind, args = []) {
  if (wantsSystem(args)) return systemLibzmq()[kind]
  await ensureLibzmq()
  if (kind === "include") return [path.join(prefix, "include")]
  if (kind === "defines") return ["ZMQ_BUILD_DRAFT_API"]
  const [before, after] = process.platform === "win32" ? ["", ".lib"] : ["lib", ".a"]
  return ["zmq", "sodium"].map((name) => path.join(prefix, "lib", before + name + after))
}

async function main(args) {
  const unknown = args.find((arg) => !options.includes(arg))
  if (unknown !== undefined) throw new Failure(`Unknown option '${unknown}'. Run: npm run libzmq -- --help`)
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(help)
    return
  }
  // The addon's .gyp file uses --print, after `node-gyp rebuild` has emptied build/.
  const print = args.find((arg) => arg.startsWith("--print="))?.slice("--print=".length)
  if (print !== undefined) {
    const flags = await libzmqFlags(print, args)
    // gyp splits the output at spaces and removes backslashes, so paths are relative (to the project, or to build/ for the linker) and have
    // no backslashes.
    const from = inProject(print === "libraries" ? "build" : ".")
    const printed = flags.map((flag) =>
      flag.startsWith(root) ? path.relative(from, flag).replaceAll(path.sep, "/") : flag,
    )
    process.stdout.write(`${printed.join("\n")}\n`)
  } else if (wantsSystem(args)) {
    say(topic, `installed libzmq ${systemLibzmq().version}, found by pkg-config`)
  } else {
    const stamp = await ensureLibzmq({ force: args.includes("--force"), allowUnpatched: allowsUnpatched(args) })
    say(topic, `${stamp.version} in build/libzmq (${stamp.origin})`)
  }
}

if (process.argv[1] === import.meta.filename) await runMain(main)
