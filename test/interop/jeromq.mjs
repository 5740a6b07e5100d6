// The jars of a JeroMQ that has PLAIN and CURVE. Debian 12 has 0.3.6, which has neither, so there the packages of Debian 13 are unpacked,
// and not installed.

import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import path from "node:path"

import { distribution, privateApt, sourceLines } from "../../scripts/lib/debian.mjs"
import { inProject } from "../../scripts/lib/project.mjs"
import { output } from "../../scripts/lib/run.mjs"

const release = "trixie"
const names = ["libjeromq-java", "libjnacl-java"]

function unpack(folder) {
  // Several test files may do this at the same time.
  const part = `${folder}.${process.pid}`
  mkdirSync(part, { recursive: true })
  const lines = sourceLines(distribution()?.release, release, "deb")
  const apt = privateApt(path.join(part, "apt"), lines)
  if (apt?.call("download", ...names) === undefined) {
    throw new Error(`apt-get cannot download ${names.join(" and ")} of Debian ${release}. Is there a network?`)
  }
  for (const file of readdirSync(apt.packages)) {
    if (output("dpkg-deb", ["-x", path.join(apt.packages, file), part]) === undefined) {
      throw new Error(`dpkg-deb cannot unpack ${file}`)
    }
  }
  rmSync(path.join(part, "apt"), { recursive: true })
  try {
    renameSync(part, folder)
  } catch (error) {
    rmSync(part, { recursive: true })
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error
  }
}

/** The class path. */
export function jeromq() {
  const jars = (root) => ["jeromq.jar", "jnacl.jar"].map((name) => path.join(root, "usr/share/java", name))
  // With jnacl come the versions that use it.
  if (jars("/").every(existsSync)) return jars("/").join(":")
  const folder = inProject("build/interop/jeromq")
  if (!jars(folder).every(existsSync)) unpack(folder)
  return jars(folder).join(":")
}
