import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "./support.js"

const toolkit = resolve(import.meta.dirname, "../..")
const page = readFileSync(join(toolkit, "docs/audit.md"), "utf8")

describe("docs/audit.md", () => {
  it("has programs that print what it says", () => {
    const programs = [...page.matchAll(/^```js\n(.+?)^```/gms)].map(([, text]) => text as string)
    expect(programs.length).toBe(2)
    for (const program of programs) {
      const folder = temporaryFolder()
      mkdirSync(join(folder, "node_modules"))
      symlinkSync(toolkit, join(folder, "node_modules/ohmq-toolkit"), "junction")
      symlinkSync(resolve(toolkit, ".."), join(folder, "node_modules/ohmq"), "junction")
      writeFileSync(join(folder, "program.mjs"), program)
      const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
      const said = [...program.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line)
      expect(said).not.toEqual([])
      expect(printed.split("\n").slice(0, -1)).toEqual(said)
    }
  })
})
