// A folder with the package, zeromq and the test runners installed, and throw-away projects in it.

import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"

import { Failure, root } from "../../scripts/lib/project.mjs"
import { output } from "../../scripts/lib/run.mjs"

const here = path.dirname(fileURLToPath(import.meta.url))
const packages = path.join(here, "packages")

/** The packages of packages/, which projects find as if they were installed for them. */
const tools = Object.keys(JSON.parse(readFileSync(path.join(packages, "package.json"), "utf8")).dependencies)

/** The folder of a tool. */
export const toolFolder = (name) => path.join(packages, "node_modules", name)

const manifest = (folder) => JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"))

/** The version of a tool, or of zeromq. */
export const versionOf = (name) =>
  manifest(name === "zeromq" ? path.join(root, "node_modules/zeromq") : toolFolder(name)).version

/** Installs the tools, unless they are as the lock file says. */
export function ensureTools() {
  const lock = readFileSync(path.join(packages, "package-lock.json"), "utf8")
  const stamp = toolFolder(".installed.json")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return
  process.stderr.write("runners: npm ci (half a minute)\n")
  const npm = process.env.npm_execpath
  const [command, first] = npm?.endsWith("npm-cli.js") ? [process.execPath, [npm]] : ["npm", []]
  const args = [...first, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
  if (output(command, args, { cwd: packages }) === undefined) {
    throw new Failure(
      `The packages of test/runners cannot be installed. Run: cd ${packages} && npm ci --ignore-scripts`,
    )
  }
  writeFileSync(stamp, lock)
}

/** The addon that was compiled here, and where one that came with the package is. */
const compiled = path.join(root, "build/Release/ohmq.node")
const shipped = path.join("prebuilds", `${process.platform}-${process.arch}`, "ohmq.node")

/** Copies the package as npm would install it, with the addon that this machine uses. */
function installOhmq(target) {
  mkdirSync(target, { recursive: true })
  const packed = path.dirname(target)
  const [{ filename }] = JSON.parse(
    output("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", packed]) ?? "[{}]",
  )
  if (filename === undefined) throw new Failure("npm pack fails.")
  const tarball = path.join(packed, filename)
  if (output("tar", ["-xzf", tarball, "--strip-components=1"], { cwd: target }) === undefined) {
    throw new Failure("tar cannot unpack what npm has packed.")
  }
  rmSync(tarball)
  if (!existsSync(compiled)) return
  rmSync(path.join(target, "prebuilds"), { recursive: true, force: true })
  cpSync(compiled, path.join(target, shipped), { recursive: true })
}

/** What projects share. `remove` takes it away, with the projects. */
export class Base {
  #projects = 0

  constructor() {
    this.folder = mkdtempSync(path.join(realpathSync(tmpdir()), "ohmq-runners-"))
    const modules = path.join(this.folder, "node_modules")
    mkdirSync(modules)
    installOhmq(path.join(modules, "ohmq"))
    for (const name of tools) symlinkSync(toolFolder(name), path.join(modules, name), "junction")
    // With what copies of it need.
    for (const name of ["zeromq", "cmake-ts"]) {
      symlinkSync(path.join(root, "node_modules", name), path.join(modules, name), "junction")
    }
  }

  /** A new project, for programs that use `packageName`: "ohmq" or "zeromq". */
  project(packageName = "ohmq") {
    this.#projects += 1
    const folder = path.join(this.folder, String(this.#projects))
    // Temporary files of the runners go there, too.
    mkdirSync(path.join(folder, "tmp"), { recursive: true })
    return new Project(folder, packageName)
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A throw-away project of a user. */
export class Project {
  /** How many tests the files that were added have. */
  tests = 0

  constructor(folder, packageName) {
    this.folder = folder
    this.packageName = packageName
    this.log = path.join(folder, "tests.log")
    writeFileSync(this.log, "")
  }

  path(...parts) {
    return path.join(this.folder, ...parts)
  }

  write(name, content) {
    mkdirSync(path.dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), typeof content === "string" ? content : JSON.stringify(content))
  }

  /** Adds a file of sources/. What imports ohmq there imports the project's package. */
  add(source, name = path.basename(source), change = (text) => text) {
    const text = readFileSync(path.join(here, "sources", source), "utf8")
    this.tests += text.match(/^(await )?test\(/gm)?.length ?? 0
    this.write(name, change(text.replaceAll('"ohmq', `"${this.packageName}`)))
  }

  /** Puts a copy of the package into a folder of the project, changed by `change(manifest)`. */
  copyPackage(target, change = (found) => found) {
    const source = realpathSync(path.join(path.dirname(this.folder), "node_modules", this.packageName))
    cpSync(source, this.path(target), { recursive: true })
    this.write(path.join(target, "package.json"), change(manifest(source)))
  }

  /** A link within the project, as package managers make them for workspaces. */
  link(name, target) {
    mkdirSync(path.dirname(this.path(name)), { recursive: true })
    symlinkSync(this.path(target), this.path(name), "junction")
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
