// Copies the project to temporary folders, where scripts can do no harm.

import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs"
import path from "node:path"

import { temporaryFolder } from "./folders.js"
import { type Outcome, root, runCommand } from "./process.js"

/** Copies some of the project's files and folders. Skips missing ones. */
export function copyProject(...files: string[]): string {
  const folder = temporaryFolder()
  for (const file of files) {
    const source = path.join(root, file)
    if (!existsSync(source)) continue
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    cpSync(source, path.join(folder, file), { recursive: true })
  }
  return folder
}

/** The path of a command, as the shell would find it. */
export function find(command: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter)
  return folders.map((folder) => path.join(folder, command)).find((file) => existsSync(file))
}

/** A folder for the PATH with these commands and node. An entry with a target is a link to it. */
export function commands(...names: (string | [name: string, target: string | undefined])[]): string {
  const folder = temporaryFolder()
  symlinkSync(process.execPath, path.join(folder, "node"))
  for (const entry of names) {
    const [name, target] = typeof entry === "string" ? [entry, find(entry)] : entry
    if (target === undefined) throw new Error(`These tests need the command ${name}, which is not installed`)
    symlinkSync(target, path.join(folder, name))
  }
  return folder
}

/** Runs a script without environment variables that would change what it does. */
export function runScript(
  folder: string,
  script: string,
  args: string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Outcome> {
  const variables = Object.keys(process.env).filter((name) =>
    /^(OHMQ_|npm_|CC$|CXX$|https?_proxy$|NODE_USE_ENV_PROXY$)/i.test(name),
  )
  return runCommand(process.execPath, [path.join("scripts", script), ...args], {
    cwd: folder,
    timeout: 170_000,
    env: { ...Object.fromEntries(variables.map((name) => [name, undefined])), ...env },
  })
}
