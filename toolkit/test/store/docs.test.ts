import { readFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { runProgramOf } from "../documents.js"

const toolkit = fileURLToPath(new URL("../..", import.meta.url))
const read = (file: string) => readFileSync(path.join(toolkit, file), "utf8")
const page = read("docs/store.md")

describe("docs/store.md", () => {
  it("has a program that prints what it says", () => {
    const { printed, said } = runProgramOf(page)
    expect(said).not.toEqual([])
    expect(printed).toEqual(said)
  })

  it("lists all codes of errors", () => {
    const codes = [...read("lib/store/log/errors.ts").matchAll(/^ {2}\| "([A-Z_]+)"$/gm)].map(([, code]) => code)
    expect(codes.length).toBeGreaterThan(8)
    const rows = /^## Errors(.+?)^## /ms.exec(page)?.[1] ?? ""
    const listed = [...rows.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code)
    expect(new Set(listed)).toEqual(new Set(codes))
  })

  it("names files of the store that are there", () => {
    const rows = /^## How it works(.+?)^\*\*/ms.exec(page)?.[1] ?? ""
    const files = [...rows.matchAll(/^\| (.+?) \|/gm)].flatMap(([, cell = ""]) => {
      const names = [...cell.matchAll(/`([\w/-]+\.ts)`/g)].map(([, name]) => name as string)
      const folder = names[0]?.startsWith("log/") ? "log/" : ""
      return names.map((name) => (name.startsWith("log/") ? name : folder + name))
    })
    expect(files.length).toBeGreaterThan(15)
    for (const file of files) expect(() => read(`lib/store/${file}`), file).not.toThrow()
  })
})
