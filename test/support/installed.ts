// Installs the published form of the package, with its addon.

import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { prebuiltAddon } from "./package.js"
import { pack, unpack } from "./packed.js"
import { root } from "./process.js"

/** Puts the addon where a published package has it, and removes the output of `npm run prebuilds`. */
export function addAddon(folder: string): void {
  rmSync(path.join(folder, "prebuilds"), { recursive: true, force: true })
  cpSync(path.join(root, "build/Release/ohmq.node"), path.join(folder, prebuiltAddon()), { recursive: true })
}

/** Makes a folder a project with the package installed. */
export async function install(folder: string): Promise<void> {
  const target = path.join(folder, "node_modules/ohmq")
  await unpack(await pack(folder), target)
  addAddon(target)
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ dependencies: { ohmq: "*" } }))
}

/** Makes another package importable in a project. */
export function link(folder: string, name: string, target: string): void {
  const file = path.join(folder, "node_modules", name)
  mkdirSync(path.dirname(file), { recursive: true })
  symlinkSync(target, file, "junction")
}
