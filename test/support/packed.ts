// Packs the package as npm would publish it.

import { mkdirSync, readdirSync } from "node:fs"
import path from "node:path"

import { root, runCommand } from "./process.js"
import { npm } from "./toolchains.js"

/** Packs the project into a folder, and returns the path of the tarball. */
export async function pack(folder: string): Promise<string> {
  const { status, stderr } = await npm(["pack", "--ignore-scripts", "--pack-destination", folder], root)
  const file = readdirSync(folder).find((name) => name.endsWith(".tgz"))
  if (status !== 0 || file === undefined) throw new Error(`npm pack failed: ${stderr}`)
  return path.join(folder, file)
}

/** Unpacks a tarball into the folder where npm would install it. */
export async function unpack(tarball: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { status, stderr } = await runCommand("tar", ["-xzf", tarball, "--strip-components=1"], { cwd: folder })
  if (status !== 0) throw new Error(`tar failed: ${stderr}`)
}
