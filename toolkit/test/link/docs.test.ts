import { readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { runProgramOf } from "../documents.js"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const read = (file: string) => readFileSync(path.join(toolkit, file), "utf8")
const page = read("docs/link.md")

describe("docs/link.md", () => {
  it("has a program that prints what it says", () => {
    const { printed, said } = runProgramOf(page)
    expect(printed).toEqual(said)
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
