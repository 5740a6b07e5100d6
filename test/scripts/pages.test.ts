// The pages that are written from tables: they must be up to date, and the tables complete.

import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root } from "../support/process.js"

type Rows = [code: string, ...cells: string[]][]

const inProject = (file: string) => path.join(root, file)
const text = (file: string) => readFileSync(inProject(file), "utf8")

const { pages }: { pages: () => Promise<Record<string, string>> } = await import(inProject("scripts/pages.mjs"))
const { filesBelow }: { filesBelow: (folder: string) => string[] } = await import(inProject("scripts/lib/project.mjs"))
const tables: Record<string, Rows> = await import(inProject("scripts/pages/error-codes.mjs"))

const generated = await pages()

describe("generated pages", () => {
  it.each(Object.entries(generated))("%s is up to date (if not, run: npm run pages)", (file, expected) => {
    expect(text(file)).toBe(expected)
  })
})

/** The codes that match a pattern in the files below a folder. */
function codesIn(folder: string, pattern: RegExp): string[] {
  const files = filesBelow(inProject(folder)).filter((file) => /\.(ts|cc|h)$/.test(file))
  return files.flatMap((file) => [...readFileSync(file, "utf8").matchAll(pattern)].map(([, code]) => code as string))
}

/** Every code that the source produces. */
function producedCodes(): Set<string> {
  const library = [
    ...codesIn("lib", /(?:errnoError|refusal)\(\s*"(E[A-Z]+)"/g),
    // Properties of other errors; not comparisons with the code of a caught one.
    ...codesIn("lib", /\bcode(?:: |\s*=\s*)"([A-Z_]+)"/g),
    ...codesIn("lib", /(?<![=!]== )"(ERR_[A-Z_]+)"/g),
    ...codesIn("lib", /\b(ERR_[A-Z_]+):/g),
    ...codesIn("lib", /warnOnce\(\s*"([A-Z_]+)"/g),
  ]
  const addon = [
    ...codesIn("native", /\{E[A-Z]+, "(E[A-Z]+)", /g),
    ...codesIn("native", /Throw\([^;]*, (E[A-Z]+)\)/g),
    ...codesIn("native", /ZMQ_PROTOCOL_ERROR_((?:ZMTP|ZAP|WS)_[A-Z_]+)\)/g).map((code) => `ERR_${code}`),
  ]
  return new Set([...library, ...addon])
}

describe("the table of error codes", () => {
  const documented = new Set(
    Object.values(tables)
      .flatMap((rows) => rows.map(([code]) => code))
      .filter((code) => /^[A-Z]/.test(code)),
  )
  const produced = producedCodes()

  it("has every code that lib/ and native/ produce", () => {
    expect(produced.size).toBeGreaterThan(80)
    expect([...produced].filter((code) => !documented.has(code))).toEqual([])
  })

  it("has no code that neither of them produces", () => {
    expect([...documented].filter((code) => !produced.has(code))).toEqual([])
  })
})
