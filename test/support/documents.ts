// Runs the programs in the project's documents as written, in a folder with both packages installed.

import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"

import { expect } from "vitest"

import { temporaryFolder } from "./folders.js"
import { root, runCommand } from "./process.js"

/** The programs of a document, in order. */
export function programsOf(document: string): string[] {
  const text = readFileSync(path.join(root, document), "utf8")
  return [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, source]) => source as string)
}

/** Runs a program. Its output must equal its comments after arrows (→). */
export async function expectToRun(
  source: string,
  { file = "program.mjs", installedAs = "ohmq", args = [] as string[] } = {},
): Promise<void> {
  const folder = temporaryFolder()
  mkdirSync(path.join(folder, "node_modules"))
  symlinkSync(root, path.join(folder, "node_modules", installedAs), "junction")
  symlinkSync(path.join(root, "toolkit"), path.join(folder, "node_modules/ohmq-toolkit"), "junction")
  writeFileSync(path.join(folder, file), source)
  const { status, stdout, stderr } = await runCommand(process.execPath, [...args, file], { cwd: folder })
  const told = [...source.matchAll(/\/\/ → (.*)/g)].map(([, line]) => `${line}\n`).join("")
  expect(told).not.toBe("")
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: told, stderr: "" })
}
