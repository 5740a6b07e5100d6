import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { afterAll, describe, expect, it } from "vitest"

import { root, runCommand } from "./support/process.js"

const readme = readFileSync(path.join(root, "README.md"), "utf8")
const programs = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, source]) => source as string)

const types = "Pair Publisher Subscriber Request Reply Dealer Router Pull Push XPublisher XSubscriber Stream".split(" ")

describe("README", () => {
  // A user's own folder, in which the package is installed.
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-readme-"))
  mkdirSync(path.join(folder, "node_modules"))
  symlinkSync(root, path.join(folder, "node_modules/ohmq"), "junction")
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(types)("has a first program for %s", (type) => {
    expect(programs.filter((source) => source.includes(`new ${type}(`))).not.toEqual([])
  })

  it.each(programs.map((source, index) => [index + 1, source] as const))(
    "has a program %i that runs as it stands",
    async (index, source) => {
      const file = path.join(folder, `program-${index}.mjs`)
      writeFileSync(file, source)
      const { status, stdout, stderr } = await runCommand(process.execPath, [file], { cwd: folder })
      const told = [...source.matchAll(/\/\/ → (.*)/g)].map(([, line]) => `${line}\n`).join("")
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: told, stderr: "" })
    },
  )
})
