// The pinned release archives: downloaded and verified by SHA-256, or local files.

import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { Failure, say } from "./project.mjs"
import { has, output } from "./run.mjs"

const name = "release archives"
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex")

/** Unpacks a tar archive and returns the only folder in it. */
export function unpack(archive, folder) {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  if (output("tar", ["-xf", archive, "-C", folder]) === undefined) {
    throw new Failure(`tar cannot unpack '${archive}'.`)
  }
  const [inside, ...others] = readdirSync(folder)
  if (inside === undefined || others.length > 0)
    throw new Failure(`Expected '${archive}' to contain exactly one folder of sources.`)
  return path.join(folder, inside)
}

/** Downloads a URL. */
export async function download(url) {
  // Node's fetch does not support proxies before Node 24.
  const proxy = process.env.HTTPS_PROXY ?? process.env.https_proxy
  if (proxy && has("curl")) {
    const bytes = output("curl", ["-fsSL", "--max-time", "300", url], { encoding: "buffer", maxBuffer: 1 << 28 })
    if (bytes === undefined) throw new Error("curl failed")
    return bytes
  }
  const response = await fetch(url, { signal: AbortSignal.timeout(120_000) })
  if (!response.ok) throw new Error(`HTTP ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

/** `{libzmq, libsodium, origin, archives}` with the two source folders, or `{skipped}` with the reason. */
export async function fromArchives(pins, folder) {
  const result = { name, archives: {} }
  const origins = []
  for (const [library, pin] of Object.entries(pins)) {
    const variable = `OHMQ_${library.toUpperCase()}_ARCHIVE`
    const local = process.env[variable]
    let archive = local
    if (local) {
      if (!existsSync(local)) throw new Failure(`The file '${local}', which ${variable} names, does not exist.`)
      const sum = sha256(readFileSync(local))
      origins.push(
        sum === pin.sha256
          ? `${library} ${pin.version} from ${local}`
          : `${library} from ${local}, not the pinned release (SHA-256 ${sum})`,
      )
    } else {
      let bytes
      try {
        say("libzmq", `downloading ${pin.url}`)
        bytes = await download(pin.url)
      } catch (error) {
        return { name, skipped: `could not download ${pin.url} (${error.cause?.code ?? error.message})` }
      }
      if (sha256(bytes) !== pin.sha256) {
        return { name, skipped: `${pin.url} has the SHA-256 ${sha256(bytes)}, but ${pin.sha256} is pinned` }
      }
      mkdirSync(folder, { recursive: true })
      archive = path.join(folder, `${library}.tar.gz`)
      writeFileSync(archive, bytes)
      origins.push(`${library} ${pin.version}, verified`)
    }
    const sum = sha256(readFileSync(archive))
    result.archives[library] = { url: sum === pin.sha256 ? pin.url : path.basename(archive), sha256: sum }
    result[library] = unpack(archive, path.join(folder, library))
  }
  return { ...result, origin: origins.join("; ") }
}
