// The checks that compare ohmq with zeromq, on ohmq: it passes all. zeromq.test.ts runs them on zeromq.

import { readFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { root } from "../support/process.js"
import { differences } from "./differences.mjs"
import { groups } from "./groups.mjs"
import { runAll } from "./runner.mjs"
import { errorOf, tables } from "./tables.js"

const names = new Set(tables.flatMap((table) => table.names))
const listed = Object.entries(differences)

let results: Map<string, string | undefined>

beforeAll(async () => {
  results = (await runAll(groups, { tested: ["ohmq"] })).ohmq
}, 300_000)

describe.each(tables)("$group", ({ names: own }) => {
  it.each(own)("%s", (name) => {
    expect(errorOf(results, name)).toBeUndefined()
  })
})

describe("the list of differences", () => {
  it("names only checks that exist", () => {
    expect(listed.filter(([name]) => !names.has(name)).map(([name]) => name)).toEqual([])
  })

  it("gives reasons that MIGRATING.md explains", () => {
    const file = readFileSync(path.join(root, "MIGRATING.md"), "utf8")
    const text = file.replaceAll(/\s+/g, " ")
    const faults = new Set([...file.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number)))
    const unexplained = listed.filter(([, { reason }]) =>
      typeof reason === "number" ? !faults.has(reason) : !text.includes(reason),
    )
    expect(unexplained).toEqual([])
  })

  it("has a check for each fault of zeromq", () => {
    const reasons = new Set(listed.map(([, { reason }]) => reason))
    const without = Array.from({ length: 27 }, (_, index) => index + 1).filter((fault) => !reasons.has(fault))
    expect(without).toEqual([])
  })
})

describe("docs/conformance.md", () => {
  it("has a line for each group", () => {
    const page = readFileSync(path.join(root, "docs/conformance.md"), "utf8")
    expect([...page.matchAll(/^\| ([\w-]+) \| \d+ \| \d+ \|/gm)].map(([, group]) => group)).toEqual(groups)
  })
})
