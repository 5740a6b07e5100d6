import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

import { afterAll, describe, expect, it } from "vitest"

import { root, runCommand } from "../support/process.js"

const page = readFileSync(path.join(root, "docs/security.md"), "utf8")
const programs = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, source]) => source as string)

describe("docs/security.md", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-docs-"))
  mkdirSync(path.join(folder, "node_modules"))
  symlinkSync(root, path.join(folder, "node_modules/ohmq"), "junction")
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it("has programs", () => {
    expect(programs.length).toBeGreaterThanOrEqual(6)
  })

  it.each(programs.map((source, index) => [index + 1, source] as const))(
    "has a program %i that prints what its comments say",
    async (index, source) => {
      const file = path.join(folder, `program-${index}.mjs`)
      writeFileSync(file, source)
      const { status, stdout, stderr } = await runCommand(process.execPath, [file], { cwd: folder })
      const told = [...source.matchAll(/\/\/ → (.*)/g)].map(([, line]) => `${line}\n`).join("")
      expect({ status, stdout: stdout.replace(/publicKey: '.{40,50}'/, "publicKey: 'PUBLIC'"), stderr }).toEqual({
        status: 0,
        stdout: told,
        stderr: "",
      })
    },
  )
})
