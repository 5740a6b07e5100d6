import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const read = (file: string) => readFileSync(path.join(toolkit, file), "utf8")
const page = read("docs/services.md")

describe("docs/services.md", () => {
  it.each(["docs/services.md", "README.md"])("has a program that prints what it says: %s", (file) => {
    const folder = mkdtempSync(path.join(tmpdir(), "ohmq-services-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    mkdirSync(path.join(folder, "node_modules"))
    symlinkSync(toolkit, path.join(folder, "node_modules/ohmq-toolkit"), "junction")
    for (const name of ["", "node_modules/zod"])
      symlinkSync(
        path.join(toolkit, "..", name),
        path.join(folder, "node_modules", path.basename(name) || "ohmq"),
        "junction",
      )
    const program = /^```js\n(.+?)^```/ms.exec(read(file))?.[1] ?? ""
    writeFileSync(path.join(folder, "program.mjs"), program)
    const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" })
    expect(printed.split("\n").slice(0, -1)).toEqual([...program.matchAll(/\/\/ → (.*)/g)].map(([, line]) => line))
  })

  it("lists all options and codes", () => {
    for (const [, name] of read("lib/services/options.ts").matchAll(/^ {2}(\w+)\??: .*[^,{]$/gm))
      expect(page).toContain(`\`${name}\``)
    const codes = [...read("lib/services/service-error.ts").matchAll(/^ {2}\| "([A-Z_]+)"/gm)]
    expect(codes.length).toBeGreaterThan(10)
    for (const [, code] of codes) expect(page).toContain(`| \`${code}\` |`)
  })
})
