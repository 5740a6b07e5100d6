import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { describe, expect, it, onTestFinished } from "vitest"

import { root, runCommand } from "../support/process.js"

const text = readFileSync(path.join(root, "docs/v5-compat.md"), "utf8")
const programs = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, source]) => source as string)

/** A user's own folder, in which the package is installed under a name. */
function folderWith(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-v5-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  mkdirSync(path.join(folder, "node_modules"))
  symlinkSync(root, path.join(folder, "node_modules", name), "junction")
  return folder
}

async function runAs(name: string, source: string) {
  const folder = folderWith(name)
  const file = path.join(folder, "program.js")
  writeFileSync(file, source.replaceAll("ohmq/", `${name}/`))
  const { status, stdout, stderr } = await runCommand(process.execPath, [file], { cwd: folder })
  const told = [...source.matchAll(/\/\/ → (.*)/g)].map(([, line]) => `${line}\n`).join("")
  expect(told).not.toBe("")
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: told, stderr: "" })
}

describe("docs/v5-compat.md", () => {
  it("has a program", () => {
    expect(programs).toHaveLength(1)
  })

  it.each(programs)("has a program that runs as it stands", (source) => runAs("ohmq", source))

  it.each(programs)("has a program that runs where the package is installed as zeromq", (source) =>
    runAs("zeromq", source),
  )
})
