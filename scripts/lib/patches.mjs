// Patches libzmq's unpacked sources before they are compiled. The patches are in native/patches/libzmq/, each with a header.

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { applyDiff, parseDiff, reversed } from "./diff.mjs"
import { Failure, inProject, say } from "./project.mjs"

export const patchFolder = inProject("native/patches/libzmq")

/** The kinds of patches. Those of the first two kinds must be applied wherever libzmq is compiled. */
export const kinds = ["security", "crash", "leak", "event", "speed"]
const required = ["security", "crash"]

const headers = ["Subject", "Why", "Kind", "Upstream", "Versions", "Test"]

/** "4.3.5" as a number, for comparisons. */
const asNumber = (version) => version.split(".").reduce((sum, part) => sum * 1000 + Number(part), 0)

/** Whether `Versions` of a header, such as "all", "<4.3.6" or ">=4.3.5 <4.3.6", includes a version. */
export function coversVersion(versions, version) {
  if (versions === "all") return true
  return versions.split(" ").every((range) => {
    const [, sign, limit] = /^(<|>=)(\d+\.\d+\.\d+)$/.exec(range) ?? []
    if (sign === undefined) throw new Error(`"${versions}" is neither "all" nor a list of "<version" and ">=version"`)
    return sign === "<" ? asNumber(version) < asNumber(limit) : asNumber(version) >= asNumber(limit)
  })
}

/** Parses a patch: its `name`, the header's fields by lower-case name, and the diff's `files`. */
export function parsePatch(name, text) {
  try {
    const start = text.search(/^--- /m)
    if (start < 0) throw new Error("it has no diff")
    const fields = {}
    // An indented line continues the one before.
    for (const line of text
      .slice(0, start)
      .replace(/\r?\n[ \t]+/g, " ")
      .trim()
      .split(/\r?\n/)) {
      const [, field, value] = /^([A-Z]\w+): (.+)$/.exec(line) ?? []
      if (!headers.includes(field) || fields[field.toLowerCase()])
        throw new Error(`its header has an unknown or repeated line "${line}"`)
      fields[field.toLowerCase()] = value
    }
    const missing = headers.find((field) => !fields[field.toLowerCase()])
    if (missing) throw new Error(`its header lacks ${missing}`)
    if (!kinds.includes(fields.kind)) throw new Error(`its Kind is not one of ${kinds.join(", ")}`)
    coversVersion(fields.versions, "0.0.0")
    return { name, ...fields, files: parseDiff(text.slice(start)) }
  } catch (error) {
    throw new Error(`${name}.patch: ${error.message}`)
  }
}

/** All patches, in the order in which they are applied. */
export function readPatches(folder = patchFolder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".patch"))
    .sort()
    .map((file) => parsePatch(file.slice(0, -".patch".length), readFileSync(path.join(folder, file), "latin1")))
}

/**
 * Applies the patches for this version of libzmq to the sources in `folder`. Returns which patches were `applied`, were already in the
 * sources (`present`), or do not match them (`missed`).
 */
export function applyPatches(folder, version, patches = readPatches()) {
  const result = { applied: [], present: [], missed: [] }
  for (const patch of patches.filter(({ versions }) => coversVersion(versions, version))) {
    if (applyDiff(folder, patch.files)) result.applied.push(patch)
    else if (applyDiff(folder, reversed(patch.files), { dryRun: true })) result.present.push(patch)
    else result.missed.push(patch)
  }
  return result
}

/** The part of a patch that goes into the stamp of a build, and from there into the SBOM. */
const summary = ({ name, kind, subject, upstream }) => ({ name, kind, subject, upstream })

/**
 * Patches libzmq's unpacked sources and prints a summary, which it also returns. If a patch of kind security or crash (in a release: any
 * patch) does not match, it throws a Failure, unless that is allowed. Writes the names of the patches to a header beside zmq.h, from which
 * the addon gets `capability.patches`.
 */
export function patchLibzmq(folder, version, { release = false, allowUnpatched = false, patches } = {}) {
  const { applied, present, missed } = applyPatches(folder, version, patches)
  const list = (some) => some.map(({ name, subject }) => `${name} (${subject})`).join("; ")
  const there = present.length > 0 ? `; already in the sources: ${present.length}` : ""
  say("libzmq", `patches of native/patches/libzmq/ applied: ${applied.length}${there}`)
  const needed = missed.filter(({ kind }) => release || required.includes(kind))
  if (needed.length > 0 && (release || !allowUnpatched)) {
    const how = release ? "" : " To build without them, add --allow-unpatched or set OHMQ_ALLOW_UNPATCHED=1."
    throw new Failure(
      `These patches do not match libzmq ${version}: ${list(needed)}. Without the ones of kind security or crash, peers can bypass authentication or crash the process.${how}`,
    )
  }
  if (missed.length > 0) say("libzmq", `NOT APPLIED, because they do not match libzmq ${version}: ${list(missed)}`)
  const names = [...applied, ...present].map(({ name }) => name)
  const header = `/* The patches in this libzmq. */\n#define OHMQ_PATCHES "${names.sort().join(" ")}"\n`
  writeFileSync(path.join(folder, "include/ohmq_patches.h"), header)
  return { applied: applied.map(summary), present: present.map(summary), missed: missed.map(summary) }
}
