// The same checks on ohmq and on zeromq: ohmq passes all, zeromq all but those that are listed, and those it fails.

import { readFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { root } from "../support/process.js"
import { differences } from "./differences.mjs"
import { groups, loadChecks } from "./groups.mjs"
import { type Outcome, runAll } from "./runner.mjs"

const tables = await Promise.all(
  groups.map(async (group) => ({
    group,
    names: [...(await loadChecks(group)).all.keys()].map((name) => `${group}: ${name}`),
  })),
)
const names = new Set(tables.flatMap((table) => table.names))
const listed = Object.entries(differences)

let outcome: Outcome

beforeAll(async () => {
  outcome = await runAll()
}, 300_000)

/** The error of a check, or undefined where it passed. */
function errorOf(packageName: keyof Outcome, name: string): string | undefined {
  expect(outcome[packageName].has(name), "it was run").toBe(true)
  return outcome[packageName].get(name)
}

describe.each(tables)("$group", ({ names: own }) => {
  it.each(own)("ohmq, %s", (name) => {
    expect(errorOf("ohmq", name)).toBeUndefined()
  })

  const same = own.filter((name) => !(name in differences))
  it.each(same)("zeromq, %s", (name) => {
    expect(errorOf("zeromq", name)).toBeUndefined()
  })

  const different = own.filter((name) => differences[name]?.sometimes === false)
  if (different.length > 0) {
    it.each(different)("not zeromq, %s", (name) => {
      expect(errorOf("zeromq", name)).toBeDefined()
    })
  }
})

describe("the list of differences", () => {
  it("has checks that there are", () => {
    expect(listed.filter(([name]) => !names.has(name)).map(([name]) => name)).toEqual([])
  })

  it("has reasons that stand in MIGRATING.md", () => {
    const file = readFileSync(path.join(root, "MIGRATING.md"), "utf8")
    const text = file.replaceAll(/\s+/g, " ")
    const faults = new Set([...file.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number)))
    const unexplained = listed.filter(([, { reason }]) =>
      typeof reason === "number" ? !faults.has(reason) : !text.includes(reason),
    )
    expect(unexplained).toEqual([])
  })

  it("has all the faults that zeromq has", () => {
    const reasons = new Set(listed.map(([, { reason }]) => reason))
    const without = Array.from({ length: 27 }, (_, index) => index + 1).filter((fault) => !reasons.has(fault))
    expect(without).toEqual([])
  })

  it("is for checks of which there are enough", () => {
    expect(names.size).toBeGreaterThan(600)
  })
})

describe("docs/conformance.md", () => {
  it("has a line for each group", () => {
    const page = readFileSync(path.join(root, "docs/conformance.md"), "utf8")
    expect([...page.matchAll(/^\| ([\w-]+) \| \d+ \| \d+ \|/gm)].map(([, group]) => group)).toEqual(groups)
  })
})
