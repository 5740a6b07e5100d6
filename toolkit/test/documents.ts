// Runs the first program of a document of the toolkit as written, in a folder with the packages installed.

import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { onTestFinished } from "vitest"

const toolkit = fileURLToPath(new URL("..", import.meta.url))

/** What is in the folder, and where it comes from. */
const packages: Readonly<Record<string, string>> = { "ohmq-toolkit": ".", ohmq: "..", zod: "../node_modules/zod" }

/** The lines that the program prints, and those that its comments say after arrows (→). */
export function runProgramOf(page: string): { printed: string[]; said: (string | undefined)[] } {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-document-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(path.join(folder, "node_modules"))
  for (const [name, place] of Object.entries(packages))
    symlinkSync(path.join(toolkit, place), path.join(folder, "node_modules", name), "junction")
  const program = /^```js\n(.+?)^```/ms.exec(page)?.[1] ?? ""
  writeFileSync(path.join(folder, "program.mjs"), program)
  const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
  return {
    printed: printed.split("\n").slice(0, -1),
    said: [...program.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line),
  }
}
