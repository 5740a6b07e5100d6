// Makes the addons that are shipped, with prebuildify. On Linux x64 it cross-compiles them for every Linux target, from the pinned sources
// with the pinned compiler. On macOS and Windows it makes the one for the machine that it runs on.

import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"
import { promisify } from "node:util"
import prebuildify from "prebuildify"

import { nodeHeaders } from "./addon.mjs"
import { checkElf, readElf } from "./lib/elf.mjs"
import { checkNative, readNative } from "./lib/native-addon.mjs"
import { base, prebuildifyOptions, sourcesFile, writeNativeTools, writeZigTools } from "./lib/prebuilt.mjs"
import { Failure, filesBelow, fingerprint, inProject, readJson, root, runMain, say } from "./lib/project.mjs"
import { output } from "./lib/run.mjs"
import { sha256, writeBom, zigTool } from "./lib/sbom.mjs"
import { nativeTargets, targets } from "./lib/targets.mjs"
import { ensureZig } from "./lib/zig.mjs"
import { ensureLibzmq, findSources, sourceVersions } from "./libzmq.mjs"

const topic = "prebuild"

const help = `Makes the prebuilt addons for Linux and checks them. Usage: npm run prebuilds [-- options] [target ...]

Targets: ${targets.map(({ name }) => name).join(", ")}. Without a target, it makes all.
Writes the addons to prebuilds/, and the symbols for debuggers to build/prebuild/symbols/. Gets the sources of libzmq and libsodium as
npm run libzmq does, and downloads the compiler (72 MB) once.

  --sources   get the sources again
  --native    make the addon for this machine, which must run macOS or Windows, from the one that npm run build compiles; on macOS, strip
              it; refuse it if it is too large
  --sums      only write prebuilds/SHA256SUMS
  --help      show this

Variables:
  OHMQ_TOOLCHAIN  the folder of the compiler, instead of build/toolchain
  OHMQ_LIBZMQ_ARCHIVE, OHMQ_LIBSODIUM_ARCHIVE  as for npm run libzmq
`

/** Unpacks libzmq and libsodium, if needed. Returns where they are, and where they came from. */
async function ensureSources(again) {
  const recipe = fingerprint(
    ["scripts/pins.json", "scripts/lib/diff.mjs", "scripts/lib/patches.mjs", "native/patches/libzmq"].map((file) =>
      inProject(file),
    ),
    process.env.OHMQ_LIBZMQ_ARCHIVE,
    process.env.OHMQ_LIBSODIUM_ARCHIVE,
  )
  const known = readJson(sourcesFile)
  if (!again && known?.recipe === recipe && existsSync(known.libzmq)) return known
  const found = await findSources(path.join(base, "source"), { release: true })
  Object.assign(found, { recipe, versions: sourceVersions(found) })
  writeFileSync(sourcesFile, `${JSON.stringify(found, undefined, 2)}\n`)
  return found
}

const tool = (name, version) => ({ type: "application", name, version })
const cmakeTool = () => tool("cmake", /\d[\w.-]*/.exec(output("cmake", ["--version"]))?.[0])

/** The version of Node's headers. */
function headersVersion(folder) {
  const text = readFileSync(path.join(folder, "node_version.h"), "utf8")
  return ["MAJOR", "MINOR", "PATCH"].map((part) => new RegExp(`NODE_${part}_VERSION (\\d+)`).exec(text)[1]).join(".")
}

/** Runs prebuildify for a target. Fails if `check` finds problems in the addon. */
async function makeAddon(target, check) {
  try {
    await promisify(prebuildify)(prebuildifyOptions(target))
  } catch (error) {
    throw new Failure(`${target.name}: ${error.message}. The logs are in ${path.relative(root, base)}.`)
  }
  const addon = inProject(target.addon)
  chmodSync(addon, 0o644)
  const problems = check(addon)
  if (problems.length > 0) throw new Failure(`${target.addon}: ${problems.join("; ")}.`)
  return addon
}

async function prebuild(target, sources, zig) {
  say(topic, `${target.name}: compiling libsodium, libzmq and the addon (about a minute)`)
  rmSync(path.join(base, target.name), { recursive: true, force: true })
  writeZigTools(target, zig)
  const addon = await makeAddon(target, (file) => checkElf(file, target).problems)
  const made = { tools: [zigTool, cmakeTool()], headers: headersVersion(await nodeHeaders()) }
  writeBom(target, { versions: sources.versions, archives: sources.archives, made })
  const { size, glibc } = readElf(addon)
  say(topic, `${target.addon}: ${size} bytes${glibc ? `, glibc ${glibc} or later` : ""}`)
}

/** Makes the prebuilt addon for this platform. */
async function takeNative() {
  if (process.platform === "linux") throw new Failure("The addons for Linux are cross-compiled: npm run prebuilds")
  const target = nativeTargets.find(({ name }) => name === `${process.platform}-${process.arch}`)
  if (target === undefined) throw new Failure(`ohmq ships no addon for ${process.platform}-${process.arch}.`)
  rmSync(path.join(base, target.name), { recursive: true, force: true })
  writeNativeTools(target)
  const addon = await makeAddon(target, (file) => checkNative(file, target))
  const { versions, archives } = await ensureLibzmq()
  const compiler =
    target.platform === "win32"
      ? tool("Visual C++", readNative(addon).linker)
      : tool("Apple clang", /version (.+)/.exec(output("c++", ["--version"]))?.[1])
  const made = { tools: [compiler, cmakeTool()], headers: process.versions.node }
  writeBom(target, { versions, archives, made })
  say(topic, target.addon)
}

/** Writes SHA256SUMS for everything in prebuilds/, in the format of sha256sum. */
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
