// The source packages of Debian and Ubuntu, fetched with a sources list of our own; the system's is only read. Tests fetch others with it.

import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"
import { unpack } from "./release-archives.mjs"
import { has, output } from "./run.mjs"

const name = "distribution source packages"

/** VERSION_CODENAME of Debian and of what descends from it, or undefined elsewhere. */
export function codename() {
  if (!existsSync("/etc/os-release")) return undefined
  const text = readFileSync("/etc/os-release", "utf8")
  const field = (key) => new RegExp(`^${key}="?([^"\n]*)`, "m").exec(text)?.[1]
  const family = `${field("ID")} ${field("ID_LIKE")}`
  return /\b(debian|ubuntu)\b/.test(family) ? (field("VERSION_CODENAME") ?? undefined) : undefined
}

/** The system's binary package sources for this release, as sources of source packages, one line each. */
export function sourceLines(release) {
  const lines = []
  const add = (options, uri, suite, components) => {
    if (suite.split("-")[0] !== release || !components.includes("main")) return
    lines.push(`deb-src ${options}${uri} ${suite} main${components.includes("universe") ? " universe" : ""}`)
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

/** Checks every file that a .dsc lists. apt has checked the .dsc itself, through the signed index of the archive. */
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
    if (actual !== sum) throw new Error(`${file} is not the file that ${path.basename(dsc)} lists`)
  }
  return path.join(folder, files.find(([, , file]) => /\.orig\.tar\.\w+$/.test(file))[2])
}

/** Calls apt-get with sources and lists of its own, in a folder, and gives the output, or undefined where it fails. */
export function privateApt(folder, lines) {
  const apt = path.join(folder, "apt")
  rmSync(apt, { recursive: true, force: true })
  for (const part of ["sources.d", "lists/partial", "cache/archives/partial", "packages"]) {
    mkdirSync(path.join(apt, part), { recursive: true })
  }
  writeFileSync(path.join(apt, "sources.d/ohmq.list"), `${lines.join("\n")}\n`)
  const settings = {
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": path.join(apt, "sources.d"),
    "Dir::State::Lists": path.join(apt, "lists"),
    "Dir::Cache": path.join(apt, "cache"),
    "APT::Sandbox::User": "root", // else root warns that the user _apt cannot write here
  }
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`])
  const packages = path.join(apt, "packages")
  return { packages, call: (...args) => output("apt-get", ["-qq", ...options, ...args], { cwd: packages }) }
}

/** `{libzmq, libsodium, origin, archives}` with the two source folders, or `{skipped}` with the reason. */
export async function fromDebian(pins, folder) {
  const release = codename()
  if (release === undefined || !has("apt-get")) return { name, skipped: "this is neither Debian nor Ubuntu" }
  const lines = sourceLines(release)
  if (lines.length === 0) return { name, skipped: `apt has no source for ${release}` }

  const { packages, call } = privateApt(folder, lines)
  if (call("update") === undefined) return { name, skipped: "'apt-get update' failed; is there a network?" }
  const names = Object.values(pins).map((pin) => pin.debian)
  if (call("source", "--download-only", ...names) === undefined) {
    return { name, skipped: `'apt-get source ${names.join(" ")}' failed` }
  }

  const result = { name, archives: {} }
  const origins = []
  for (const [library, pin] of Object.entries(pins)) {
    const file = readdirSync(packages).find((entry) => entry.startsWith(`${pin.debian}_`) && entry.endsWith(".dsc"))
    const dsc = path.join(packages, file)
    const original = verify(dsc, packages)
    const version = file.slice(pin.debian.length + 1, -".dsc".length)
    const target = path.join(folder, library)
    // With dpkg-source come the distribution's patches; without it, upstream's source as it is.
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
