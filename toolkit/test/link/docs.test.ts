import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { temporaryFolder } from "./support.js"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const read = (file: string) => readFileSync(path.join(toolkit, file), "utf8")
const page = read("docs/link.md")

describe("docs/link.md", () => {
  it("has a program that prints what it says", () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, "node_modules"))
    symlinkSync(toolkit, path.join(folder, "node_modules/ohmq-toolkit"), "junction")
    symlinkSync(path.join(toolkit, ".."), path.join(folder, "node_modules/ohmq"), "junction")
    const program = /^```js\n(.+?)^```/ms.exec(page)?.[1] ?? ""
    writeFileSync(path.join(folder, "program.mjs"), program)
    const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
    expect(printed.split("\n").slice(0, -1)).toEqual([...program.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line))
  })

  it("lists all options and codes", () => {
    for (const file of ["lib/link/sender-options.ts", "lib/link/receiver-options.ts"]) {
      for (const [, name] of read(file).matchAll(/^ {2}(\w+)\??: .*[^,]$/gm)) expect(page).toContain(`\`${name}`)
    }
    for (const [, name, byte] of read("lib/link/link-error.ts").matchAll(/^ {2}"?([a-z-]+)"?: (\d+),$/gm)) {
      expect(page).toContain(`| ${byte} \`${name}\` |`)
    }
  })
})
