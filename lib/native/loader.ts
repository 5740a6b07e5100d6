// Finds the addon among the files that may be it. If none works, the error lists what was tried.

import { existsSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import process from "node:process"

// Not an ordinary import, because TypeScript compiles that to code that packaged() must not contain.
import path = require("node:path")

const platform = `${process.platform}-${process.arch}`

/** The folder of this file, or of the bundle that it is in. ES modules, into which it may be bundled, have no such name. */
const here = typeof __dirname === "string" ? __dirname : undefined

/**
 * The package's own addons. Tools that copy what a program needs (@vercel/nft, ncc, Next.js) see a file only if the path is written
 * out in one call of path.join, with __dirname in front, and its result goes to a call that they cannot evaluate. (They can evaluate
 * the push of an array.) And ncc finds nothing in a file with syntax newer than ES2020.
 */
function packaged(): string[] {
  const files = new Set<string>()
  // In an ES module, ncc replaces the paths of files that exist, and the others throw.
  try {
    files.add(path.join(__dirname, "..", "..", "build", "Release", "ohmq.node"))
  } catch {}
  try {
    files.add(path.join(__dirname, "..", "..", "prebuilds", platform, "ohmq.glibc.node"))
  } catch {}
  try {
    files.add(path.join(__dirname, "..", "..", "prebuilds", platform, "ohmq.musl.node"))
  } catch {}
  try {
    files.add(path.join(__dirname, "..", "..", "prebuilds", platform, "ohmq.node"))
  } catch {}
  return [...files]
}

/** The addons in the folder prebuilds/ of a folder. */
const prebuilt = (folder: string) =>
  ["ohmq.glibc.node", "ohmq.musl.node", "ohmq.node"].map((name) => path.join(folder, "prebuilds", platform, name))

/** Every file that may be the addon, in the order in which they are tried. */
function places(): string[] {
  const { OHMQ_PREBUILD: chosen } = process.env
  if (chosen?.endsWith(".node")) return [path.resolve(chosen)]
  if (chosen) return [path.resolve(chosen, "build/Release/ohmq.node"), ...prebuilt(path.resolve(chosen))]
  // Next to a bundle, in the package, next to the executable that contains the program: see docs/bundlers.md.
  return [...(here ? prebuilt(here) : []), ...packaged(), ...prebuilt(path.dirname(process.execPath))]
}

/** Also false if Node's permission model forbids looking. */
function exists(file: string): boolean {
  try {
    return existsSync(file)
  } catch {
    return false
  }
}

interface Report {
  header?: { glibcVersionRuntime?: string }
  sharedObjects?: string[]
}

/** Node's report about this process, without the network part, which would look up the names of all peers. */
function nodeReport(): Report | undefined {
  const { report } = process as { report?: { excludeNetwork?: boolean; getReport(): Report } }
  const excluded = report?.excludeNetwork
  try {
    if (report !== undefined) report.excludeNetwork = true
    return report?.getReport()
  } catch {
    // Deno asks for a permission.
    return undefined
  } finally {
    if (report !== undefined) report.excludeNetwork = excluded
  }
}

/** The files that this process has loaded, one per line. */
function loadedFiles(): string {
  try {
    return readFileSync("/proc/self/maps", "latin1")
  } catch {
    // Slower, but also works if Node's permission model allows reading only the project.
    return nodeReport()?.sharedObjects?.join("\n") ?? ""
  }
}

/** The C library that this process uses, or undefined if it is unknown. The files on disk would not show it. */
function libc(): "glibc" | "musl" | undefined {
  if (process.platform !== "linux") return undefined
  const files = loadedFiles()
  // On some systems musl's only file is libc.so, and ld-musl-*.so.1 is a link to it. musl comes first, because its systems
  // may have a stand-in for glibc's ld-linux.
  if (/\/(ld-musl-|libc\.musl-|libc\.so$)/m.test(files)) return "musl"
  if (/\/(ld-linux|ld-\d|libc-\d|libc\.so\.6)/.test(files)) return "glibc"
  return undefined
}

/** The files that exist, without those for the other C library. */
function candidates(files: string[]): string[] {
  const own = libc()
  const other = own && { glibc: ".musl.", musl: ".glibc." }[own]
  return files.filter((file) => (other === undefined || !path.basename(file).includes(other)) && exists(file))
}

function describePlatform(): string {
  const glibc = nodeReport()?.header?.glibcVersionRuntime
  const system = [process.platform, process.arch, glibc ? `glibc ${glibc}` : libc()].filter(Boolean).join(" ")
  // Bun and Deno also report a version of Node.js.
  const { node, bun, deno, napi } = process.versions as Record<string, string | undefined>
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`
  return `${system}, ${runtime}, Node-API ${napi}`
}

/** Why there is no candidate, for each folder. */
function nothingThere(files: string[]): string[] {
  const folders = new Set(files.map((file) => path.dirname(file)))
  return [...folders].map((folder) => {
    const others = files
      .filter((file) => path.dirname(file) === folder && exists(file))
      .map((file) => path.basename(file))
    return `${folder}: ${others.length > 0 ? `${others.join(" and ")}, for another C library` : "nothing there"}`
  })
}

/** What the user can do. */
function remedy(cause: unknown): string {
  if ((cause as { code?: string } | undefined)?.code === "ERR_DLOPEN_DISABLED")
    return "Addons are disabled in this process. Start Node.js without --no-addons or, with --permission, add --allow-addons."
  const script = here && path.join(here, "..", "..", "scripts", "build.mjs")
  if (!script || !exists(script))
    return `ohmq was bundled, or copied without its other files. Leave it out of the bundle, or copy its folder prebuilds/
next to the bundle or the executable: see docs/bundlers.md.`
  // Not npx: if this package is a dependency of another, npx would run whatever package the registry has under this name.
  return `To compile one (needs a C++ compiler, make, cmake and Python 3), run:
  node "${script}"
or, to use a libzmq that is installed with its headers:
  node "${script}" --system-libzmq`
}

function noAddon(tried: string[], cause: unknown): Error {
  const message = `ohmq has no native addon that works here: ${describePlatform()}.
Tried:
${tried.map((line) => `  ${line}\n`).join("")}\
${remedy(cause)}`
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code: "ERR_OHMQ_ADDON" })
}

let loaded = ""

/** The file of the addon that was loaded. */
export const loadedFile = () => loaded

/** Loads the addon that has the interface that is wanted. */
export function loadAddon<Addon extends { interface: number }>(wanted: number): Addon {
  const tried: string[] = []
  let cause: unknown
  const files = places()
  // Not the require of this file, which bundlers replace. For absolute paths, any file will do.
  const load = createRequire(process.execPath)
  for (const file of candidates(files)) {
    try {
      const addon = load(file)
      if (addon.interface !== wanted)
        throw new Error(`it belongs to another version of ohmq (interface ${addon.interface}, not ${wanted})`)
      loaded = file
      if (tried.length > 0) process.emitWarning(`ohmq loaded ${file}, because this failed: ${tried.join("; ")}`)
      return addon
    } catch (error) {
      cause = cause ?? error
      tried.push(`${file}: ${(error as Error).message.replaceAll(`${file}: `, "").trim()}`)
    }
  }
  throw noAddon(tried.length > 0 ? tried : nothingThere(files), cause)
}
