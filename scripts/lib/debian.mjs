// Downloads source packages of Debian and Ubuntu with a private sources list. The system's list is only read.

import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"
import { say } from "./project.mjs"
import { unpack } from "./release-archives.mjs"
import { has, output } from "./run.mjs"

const name = "distribution source packages"

/** `{id, release}`: ID and VERSION_CODENAME of Debian and its derivatives; undefined elsewhere. */
export function distribution() {
  if (!existsSync("/etc/os-release")) return undefined
  const text = readFileSync("/etc/os-release", "utf8")
  const field = (key) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(text)?.[1]
  const [id, release] = [field("ID"), field("VERSION_CODENAME")]
  return release && /\b(debian|ubuntu)\b/.test(`${id} ${field("ID_LIKE")}`) ? { id, release } : undefined
}

/**
 * The system's binary package sources for its release, as lines for the packages of the release `wanted`: with the same mirrors and keys.
 * Debian's keyring also contains the keys of later releases. `type` is "deb-src" or "deb".
 */
export function sourceLines(release, wanted, type = "deb-src") {
  const lines = []
  const add = (options, uri, suite, components) => {
    const [name, ...rest] = suite.split("-")
    if (name !== release || !components.includes("main")) return
    const section = components.includes("universe") ? "main universe" : "main"
    lines.push(`${type} ${options}${uri} ${[wanted, ...rest].join("-")} ${section}`)
  }
  const files = ["/etc/apt/sources.list"]
  const parts = "/etc/apt/sources.list.d"
  if (existsSync(parts)) files.push(...readdirSync(parts).map((file) => path.join(parts, file)))
  for (const file of files.filter(existsSync)) {
    const text = readFileSync(file, "utf8")
    if (file.endsWith(".list")) {
      for (const [, options = "", uri, suite, components] of text.matchAll(
        /^deb\s+(\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/gm,
      )) {
        add(options, uri, suite, components.split(/\s+/))
      }
    } else if (file.endsWith(".sources")) {
      for (const stanza of text.replace(/^#.*\n/gm, "").split(/\n\s*\n/)) {
        const field = (key) => new RegExp(`^${key}:\\s*(.+)$`, "m").exec(stanza)?.[1].trim().split(/\s+/) ?? []
        const [key] = field("Signed-By")
        for (const uri of field("URIs")) {
          for (const suite of field("Suites")) add(key ? `[signed-by=${key}] ` : "", uri, suite, field("Components"))
        }
      }
    }
  }
  return lines
}

/** Checks every file that a .dsc lists. apt has verified the .dsc itself through the archive's signed index. */
function verify(dsc, folder) {
  const listed = /^Checksums-Sha256:\n((?: .+\n)+)/m.exec(readFileSync(dsc, "utf8"))
  if (listed === null) throw new Error(`${path.basename(dsc)} lists no SHA-256 sums`)
  const files = listed[1]
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
  for (const [sum, , file] of files) {
    const actual = createHash("sha256")
      .update(readFileSync(path.join(folder, file)))
      .digest("hex")
    if (actual !== sum) throw new Error(`${file} does not have the SHA-256 that ${path.basename(dsc)} lists`)
  }
  return path.join(folder, files.find(([, , file]) => /\.orig\.tar\.\w+$/.test(file))[2])
}

/**
 * apt-get with its own sources and lists in `folder`: `packages` is where it downloads to, and `call` returns its output, or undefined if it
 * fails. Returns undefined if the index cannot be downloaded or is not signed with one of the system's keys.
 */
export function privateApt(folder, lines) {
  rmSync(folder, { recursive: true, force: true })
  for (const part of ["sources.d", "lists/partial", "cache/archives/partial", "packages"]) {
    mkdirSync(path.join(folder, part), { recursive: true })
  }
  writeFileSync(path.join(folder, "sources.d/ohmq.list"), `${lines.join("\n")}\n`)
  const settings = {
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": path.join(folder, "sources.d"),
    "Dir::State::Lists": path.join(folder, "lists"),
    "Dir::Cache": path.join(folder, "cache"),
    "APT::Sandbox::User": "root", // otherwise apt-get warns root that the user _apt cannot write here
  }
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`])
  const packages = path.join(folder, "packages")
  const call = (...args) => output("apt-get", ["-qq", ...options, ...args], { cwd: packages })
  return call("update") === undefined ? undefined : { packages, call }
}

/** Downloads a source package. Returns its .dsc, or undefined if that fails. */
function downloadSource(apt, source) {
  if (apt?.call("source", "--download-only", source) === undefined) return undefined
  const file = readdirSync(apt.packages).find((entry) => entry.startsWith(`${source}_`) && entry.endsWith(".dsc"))
  return path.join(apt.packages, file)
}

/** `{libzmq, libsodium, origin, archives}` with the two source folders, or `{skipped}` with the reason. */
export async function fromDebian(pins, folder) {
  const { id, release } = distribution() ?? {}
  if (release === undefined || !has("apt-get")) return { name, skipped: "this is neither Debian nor Ubuntu" }
  if (sourceLines(release, release).length === 0) return { name, skipped: `apt has no package source for ${release}` }

  const apts = new Map()
  const download = (suite, source) => {
    if (!apts.has(suite)) apts.set(suite, privateApt(path.join(folder, "apt", suite), sourceLines(release, suite)))
    return downloadSource(apts.get(suite), source)
  }
  const result = { name, archives: {} }
  const origins = []
  for (const [library, pin] of Object.entries(pins)) {
    // Tries the Debian release with the pinned version first.
    const suites = new Set(id === "debian" && pin.suite ? [pin.suite, release] : [release])
    let dsc
    for (const suite of suites) {
      dsc ??= download(suite, pin.debian)
      if (dsc === undefined) say("libzmq", `${name}: could not download ${pin.debian} from '${suite}'`)
    }
    if (dsc === undefined)
      return { name, skipped: `apt-get could not download ${pin.debian}. Is the network available?` }
    const original = verify(dsc, path.dirname(dsc))
    const version = path.basename(dsc, ".dsc").slice(pin.debian.length + 1)
    const target = path.join(folder, library)
    // dpkg-source applies the distribution's patches. Without it, use the upstream source.
    rmSync(target, { recursive: true, force: true })
    const patched = has("dpkg-source") && output("dpkg-source", ["--no-check", "-x", dsc, target]) !== undefined
    result.archives[library] = {
      url: `https://snapshot.debian.org/package/${pin.debian}/${version}/`,
      sha256: createHash("sha256").update(readFileSync(original)).digest("hex"),
      ...(patched ? { patches: version } : {}),
    }
    result[library] = patched ? target : unpack(original, target)
    origins.push(
      `${pin.debian} ${version}${patched ? "" : " without its patches (dpkg-source is not installed)"}, verified`,
    )
  }
  return { ...result, origin: origins.join("; ") }
}
