import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { filled, served, temporaryFolder } from "./support.js"

const toolkit = resolve(import.meta.dirname, "../..")
const page = readFileSync(join(toolkit, "docs/audit.md"), "utf8")
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.+?)^\`\`\``, "gms"))].map(([, text]) => text as string)

describe("docs/audit.md", () => {
  it("has programs that print what it says", () => {
    const programs = blocks("js")
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

  it("has a verifier in Python that finds what was changed", { timeout: 60_000 }, async () => {
    const [script = ""] = blocks("python")
    expect(script.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(50)
    const file = join(temporaryFolder(), "verify.py")
    writeFileSync(file, script)
    const run = (folder: string, key: string) => {
      const { status, stdout, stderr } = spawnSync("python3", [file, join(folder, "public"), key], { encoding: "utf8" })
      return { status, said: stdout + stderr }
    }
    for (const size of [0, 1, 300]) {
      const { folder, key } = await filled(size)
      expect(run(folder, key)).toEqual({ status: 0, said: `audit.example.com/test: ${size} entries, intact\n` })
    }
    const { folder, key } = await filled(3)
    const { key: other } = await filled(0)
    expect(run(folder, other)).toMatchObject({ status: 1, said: "the key has not signed the checkpoint\n" })
    const bundle = served(folder, "tile/entries/000.p/3")
    writeFileSync(bundle, readFileSync(bundle, "latin1").replace("entry 1", "Entry 1"), "latin1")
    expect(run(folder, key)).toMatchObject({ status: 1, said: expect.stringContaining("entry 1 was changed") })
  })
})
