// Copies of the project in which nothing is built, to test libzmq.mjs.

import { readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { type Outcome, root } from "./process.js"
import { copyProject, runScript } from "./project-copy.js"

/** The commands in these copies are links and shell scripts. */
export const posix = process.platform !== "win32"

export type Pins = Record<
  "libzmq" | "libsodium",
  { version: string; url: string; sha256: string; debian: string; suite?: string }
>

const script = path.join(root, "scripts/lib/pins.mjs")
export const { pins }: { pins: Pins } = await import(script)

/** A copy of the project. `change` may change the pins of its archives. */
export function bareProject(change: (copied: Pins) => void = () => {}): string {
  const folder = copyProject("scripts", "CMakeLists.txt", "cmake", "native/patches")
  const changed = structuredClone(pins)
  change(changed)
  const file = path.join(folder, "scripts/pins.json")
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...changed }))
  return folder
}

/** Runs a copy's libzmq.mjs. */
export function libzmq(folder: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return runScript(folder, "libzmq.mjs", args, env)
}
