// The pinned cross compiler for the prebuilt addons: zig, which contains clang, lld, libc++, musl and the symbols of every glibc.
// docs/platforms.md explains this choice.

import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import path from "node:path"

import { toolchain } from "./pins.mjs"
import { Failure, filesBelow, inProject, say } from "./project.mjs"
import { download, unpack } from "./release-archives.mjs"
import { output } from "./run.mjs"

const topic = "zig"
const digest = (algorithm, bytes, encoding) => createHash(algorithm).update(bytes).digest(encoding)

/** A hash of the compiler and its library. It is the same for the official archive and the one from npm, which are packed differently. */
export function treeHash(folder) {
  const hash = createHash("sha256")
  for (const file of [path.join(folder, "zig"), ...filesBelow(path.join(folder, "lib"))]) {
    const name = path.relative(folder, file).split(path.sep).join("/")
    hash.update(`${digest("sha256", readFileSync(file), "hex")}  ${name}\n`)
  }
  return hash.digest("hex")
}

async function fromPublisher(target) {
  const archive = `${target}.tar.xz`
  writeFileSync(archive, await download(toolchain.url))
  const sum = digest("sha256", readFileSync(archive), "hex")
  if (sum !== toolchain.sha256) {
    throw new Failure(`${toolchain.url} has the SHA-256 ${sum}, but ${toolchain.sha256} is pinned.`)
  }
  return archive
}

function fromNpm(target) {
  const folder = `${target}.npm`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  // Packing runs no script of the package.
  if (output("npm", ["pack", toolchain.npm, "--silent", "--pack-destination", folder]) === undefined) {
    throw new Failure(`Cannot download ${toolchain.url}, nor ${toolchain.npm} from npm. Is there a network?`)
  }
  const archive = path.join(folder, readdirSync(folder)[0])
  const sum = `sha512-${digest("sha512", readFileSync(archive), "base64")}`
  if (sum !== toolchain.integrity) {
    throw new Failure(`${toolchain.npm} has the integrity ${sum}, but ${toolchain.integrity} is pinned.`)
  }
  return archive
}

/** Returns the path of the compiler. Downloads it once, to build/toolchain or the folder in OHMQ_TOOLCHAIN. */
export async function ensureZig() {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Failure("The addons for Linux can only be built on Linux x64, where the pinned compiler runs.")
  }
  const base = path.resolve(process.env.OHMQ_TOOLCHAIN || inProject("build/toolchain"))
  const target = path.join(base, `zig-${toolchain.version}`)
  if (existsSync(target)) return path.join(target, "zig")
  mkdirSync(base, { recursive: true })
  let archive
  let origin = toolchain.url
  try {
    say(topic, `downloading ${toolchain.url}`)
    archive = await fromPublisher(target)
  } catch (error) {
    if (error instanceof Failure) throw error
    say(topic, `failed (${error.cause?.code ?? error.message}); downloading ${toolchain.npm} from npm`)
    archive = fromNpm(target)
    origin = `npm, ${toolchain.npm}`
  }
  const unpacked = unpack(archive, `${target}.unpacked`)
  const tree = treeHash(unpacked)
  if (tree !== toolchain.tree) {
    throw new Failure(`The compiler from ${origin} has the tree hash ${tree}, but ${toolchain.tree} is pinned.`)
  }
  renameSync(unpacked, target)
  for (const rest of [`${target}.unpacked`, `${target}.npm`, `${target}.tar.xz`]) {
    rmSync(rest, { recursive: true, force: true })
  }
  say(topic, `${toolchain.version}, from ${origin}`)
  return path.join(target, "zig")
}
