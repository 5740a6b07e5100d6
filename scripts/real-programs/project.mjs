// Temporary projects that depend on a program, which uses zeromq or ohmq.

import { cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { inProject, readJson } from "../lib/project.mjs"
import { run } from "../lib/run.mjs"

/** The package to compare with. `spec` is npm's name for it. */
export const zeromq = { name: "zeromq", version: "6.8.0", alias: "zeromq6", spec: "npm:zeromq@6.8.0" }

async function npm(topic, folder, args) {
  const log = `${folder}.npm.log`
  await run(topic, "npm", args, { cwd: folder, log, shell: process.platform === "win32" })
}

/** Packs this project for publishing, with the addon that was built here. Returns the path of the tarball. */
export async function pack(folder) {
  const stage = path.join(folder, "ohmq")
  const prebuilt = path.join(stage, "prebuilds", `${process.platform}-${process.arch}`)
  mkdirSync(prebuilt, { recursive: true })
  for (const file of ["package.json", "LICENSE", "README.md", "dist"]) {
    cpSync(inProject(file), path.join(stage, file), { recursive: true })
  }
  cpSync(inProject("build/Release/ohmq.node"), path.join(prebuilt, "ohmq.node"))
  await npm("ohmq", stage, ["pack", "--ignore-scripts", "--pack-destination", folder])
  const { version } = readJson(inProject("package.json"))
  return path.join(folder, `ohmq-${version}.tgz`)
}

/**
 * Installs a program from the registry into a new folder. An override replaces zeromq 6; for zeromq 5, the override is a package of one line,
 * as in docs/real-programs.md.
 */
export async function install(program, contender, folder) {
  mkdirSync(folder, { recursive: true })
  const { replaces = "zeromq" } = program
  const dependencies = { [program.name]: program.version, ...program.packages }
  const overrides = { ...program.overrides }
  if (program.api === 6) {
    overrides[replaces] = contender.spec
  } else {
    const shim = path.join(folder, "zeromq-v5")
    mkdirSync(shim)
    writeFileSync(path.join(shim, "package.json"), JSON.stringify({ name: replaces, version: "5.3.1" }))
    const source = `const zmq = require("${contender.alias}/v5-compat")\n${program.shim ?? ""}module.exports = zmq\n`
    writeFileSync(path.join(shim, "index.js"), source)
    dependencies[contender.alias] = contender.spec
    // A package that lets its user choose zeromq does not depend on it.
    if (program.direct) dependencies[replaces] = "file:./zeromq-v5"
    else overrides[replaces] = "file:./zeromq-v5"
  }
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ private: true, dependencies, overrides }, null, 2))
  await npm(program.name, folder, ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])

  // Test runners ignore node_modules, so a program's own tests run in a copy of it.
  const installed = path.join(folder, "node_modules", program.name)
  cpSync(installed, path.join(folder, "own"), { recursive: true })
  const modules = path.join(folder, "own/node_modules")
  if (!existsSync(modules)) symlinkSync(path.join(folder, "node_modules"), modules, "junction")
}
