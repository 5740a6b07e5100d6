// Finds the addon among those that may be there, and tells what was tried where none works.

import { readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import process from "node:process"

interface Resolver {
  (folder: string): unknown
  resolve(folder: string): string
}

const resolver: Resolver = require("node-gyp-build")

/** The C library that this process runs on, or undefined where that cannot be told. The files on a disk would not tell it. */
function libc(): "glibc" | "musl" | undefined {
  if (process.platform !== "linux") return undefined
  try {
    const maps = readFileSync("/proc/self/maps", "latin1")
    // musl's one file is libc.so on some systems, to which ld-musl-*.so.1 is a link there. It comes first, because there are
    // stand-ins for glibc's ld-linux on musl.
    if (/\/(ld-musl-|libc\.musl-|libc\.so$)/m.test(maps)) return "musl"
    if (/\/(ld-linux|ld-\d|libc-\d|libc\.so\.6)/.test(maps)) return "glibc"
  } catch {}
  return undefined
}

const platformFolder = (folder: string) => path.join(folder, "prebuilds", `${process.platform}-${process.arch}`)

/** The addons in prebuilds/ for this platform, for any C library. */
function shippedFiles(folder: string): string[] {
  try {
    return readdirSync(platformFolder(folder)).filter((file) => file.endsWith(".node"))
  } catch {
    return []
  }
}

/** Those without the ones for the other C library. */
function prebuilt(folder: string): string[] {
  const own = libc()
  const other = own && { glibc: ".musl.", musl: ".glibc." }[own]
  const files = shippedFiles(folder).filter((file) => other === undefined || !file.includes(other))
  return files.map((file) => path.join(platformFolder(folder), file))
}

/** What node-gyp-build finds: what was compiled here, or what OHMQ_PREBUILD names. */
function compiled(folder: string): string | undefined {
  try {
    return path.resolve(resolver.resolve(folder))
  } catch {
    return undefined
  }
}

function candidates(folder: string): string[] {
  const own = compiled(folder)
  if (own !== undefined && process.env.OHMQ_PREBUILD) return [own]
  const shipped = prebuilt(folder)
  // It tells the C libraries apart by /etc/alpine-release alone.
  const isShipped = own?.startsWith(path.join(folder, "prebuilds") + path.sep)
  return own === undefined || isShipped ? shipped : [own, ...shipped]
}

function describePlatform(): string {
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined
  const glibc = report?.header?.glibcVersionRuntime
  const system = [process.platform, process.arch, glibc ? `glibc ${glibc}` : libc()].filter(Boolean).join(" ")
  // Bun and Deno call themselves a Node too.
  const { node, bun, deno, napi } = process.versions as Record<string, string | undefined>
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`
  return `${system}, ${runtime}, Node-API ${napi}`
}

function noAddon(folder: string, tried: string[], cause: unknown): Error {
  const list = [...tried]
  if (tried.length === 0) {
    const others = shippedFiles(folder).join(" and ")
    list.push(
      `${platformFolder(folder)}: ${others ? `${others}, for another C library` : "nothing there for this platform"}`,
      `${path.join(folder, "build/Release")}: nothing there`,
    )
  }
  // Not npx: it would get whatever the registry has by that name where the package is another one's dependency.
  const build = `node "${path.join(folder, "scripts/build.mjs")}"`
  const message = `ohmq has no native addon that works here: ${describePlatform()}.
Tried:
${list.map((line) => `  ${line}\n`).join("")}\
To compile one (C++ compiler, make, cmake and Python 3 needed), run:
  ${build}
or, with a libzmq that is installed with its headers:
  ${build} --system-libzmq`
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code: "ERR_OHMQ_ADDON" })
}

/** Loads the addon that belongs to the package in `folder`. */
export function loadAddon<Addon>(folder: string): Addon {
  const tried: string[] = []
  let cause: unknown
  // Not the require of this file, which bundlers replace.
  const load = createRequire(path.join(folder, "package.json"))
  for (const file of candidates(folder)) {
    try {
      const addon = load(file)
      if (tried.length > 0) process.emitWarning(`ohmq took ${file}, because this failed: ${tried.join("; ")}`)
      return addon
    } catch (error) {
      cause ??= error
      tried.push(`${file}: ${(error as Error).message.replaceAll(`${file}: `, "").trim()}`)
    }
  }
  throw noAddon(folder, tried, cause)
}
