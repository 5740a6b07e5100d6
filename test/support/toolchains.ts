// Installs the compilers, bundlers and checkers of test/toolchains, which has its own packages.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

import { root, runCommand } from "./process.js"

const folder = path.join(root, "test/toolchains")

/** The folder of a package. */
export const toolchain = (name: string) => path.join(folder, "node_modules", name)

/** Loads a package. */
export async function loadToolchain<T>(name: string): Promise<T> {
  const file = createRequire(path.join(folder, "package.json")).resolve(name)
  return (await import(pathToFileURL(file).href)) as T
}

/** Called by vitest once before all tests: installs the packages unless they match the lock file. */
export async function setup(): Promise<void> {
  const lock = readFileSync(path.join(folder, "package-lock.json"), "utf8")
  const stamp = toolchain(".installed.json")
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return
  process.stderr.write("toolchains: npm ci (half a minute)\n")
  const { status, stderr } = await npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, 600_000)
  if (status !== 0) throw new Error(`Could not install the packages of test/toolchains:\n${stderr.slice(0, 2000)}`)
  mkdirSync(path.dirname(stamp), { recursive: true })
  writeFileSync(stamp, lock)
}

/** Runs npm, if possible the one that runs this process. */
export function npm(args: string[], cwd: string, timeout = 60_000) {
  const cli = process.env.npm_execpath
  return cli === undefined
    ? runCommand("npm", args, { cwd, timeout })
    : runCommand(process.execPath, [cli, ...args], { cwd, timeout })
}
