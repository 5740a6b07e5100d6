import { readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { runProgramOf } from "../documents.js"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const read = (file: string) => readFileSync(path.join(toolkit, file), "utf8")
const page = read("docs/services.md")

describe("docs/services.md", () => {
  it.each(["docs/services.md", "README.md"])("has a program that prints what it says: %s", (file) => {
    const { printed, said } = runProgramOf(read(file))
    expect(printed).toEqual(said)
  })

  it("lists all options and codes", () => {
    for (const [, name] of read("lib/services/options.ts").matchAll(/^ {2}(\w+)\??: .*[^,{]$/gm))
      expect(page).toContain(`\`${name}\``)
    const codes = [...read("lib/services/service-error.ts").matchAll(/^ {2}\| "([A-Z_]+)"/gm)]
    expect(codes.length).toBeGreaterThan(10)
    for (const [, code] of codes) expect(page).toContain(`| \`${code}\` |`)
  })
})
