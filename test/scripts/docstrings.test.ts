import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import process from "node:process"

import { expect, it, onTestFinished } from "vitest"

const script = path.resolve(import.meta.dirname, "../../scripts/docstrings.mjs")

/** Checks a module, and returns the exit code and what was said. */
function check(source: string) {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-docstrings-"))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const requiredToBeDocumented = ["Interface"]
  const validation = { notDocumented: true, notExported: false }
  const options = {
    name: "checked",
    entryPoints: ["index.ts"],
    tsconfig: "tsconfig.json",
    requiredToBeDocumented,
    validation,
  }
  writeFileSync(path.join(folder, "index.ts"), source)
  writeFileSync(
    path.join(folder, "tsconfig.json"),
    JSON.stringify({ files: ["index.ts"], compilerOptions: { types: [] } }),
  )
  writeFileSync(path.join(folder, "typedoc.json"), JSON.stringify(options))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, path.join(folder, "typedoc.json")], {
    encoding: "utf8",
  })
  return { status, said: stdout + stderr }
}

/** An interface, a member a line: TypeDoc does not see a docstring behind a brace. */
const options = (name: string, ...members: string[]) =>
  `/** Options. */\nexport interface ${name} {\n${members.join("\n")}\n}\n`

it("accepts properties that have a docstring, their own or that of where they are declared", () => {
  const base = options("Base", "/** A size, in bytes. */", "size?: number")
  const more = options(
    "More extends Base",
    "/** A time, in milliseconds. */",
    "wait: number",
    "/** Is told. */",
    "told(): void",
  )
  const { status, said } = check(base + more)
  expect([said, status]).toEqual(["", 0])
})

it("names each property of an exported interface without a docstring", () => {
  const some = options("Options", "wait?: number", "told?: (text: string) => void", "/** Here. */", "size: number")
  const inner = "interface Inner { hidden: number }\nexport const made: Inner = { hidden: 1 }"
  const { status, said } = check(some + inner)
  expect(said).toContain("2 properties of exported interfaces have no docstring:\nOptions.told\nOptions.wait\n")
  expect(status).toBe(1)
})

it("still fails if an exported name has none", () => {
  const { status, said } = check("export interface Options {\n/** Here. */\nsize: number\n}\n")
  expect(said).toContain("does not have any documentation")
  expect(status).toBe(1)
})
