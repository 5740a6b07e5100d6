// The checks that compare ohmq with zeromq, on zeromq: it passes those that are not listed as differences, and fails those that are.

import { beforeAll, describe, expect, it } from "vitest"

import { differences } from "./differences.mjs"
import { groups } from "./groups.mjs"
import { runAll } from "./runner.mjs"
import { errorOf, tables } from "./tables.js"

let results: Map<string, string | undefined>

beforeAll(async () => {
  results = (await runAll(groups, { tested: ["zeromq"] })).zeromq
}, 300_000)

describe.each(tables)("$group", ({ names }) => {
  const same = names.filter((name) => !(name in differences))
  it.each(same)("passes %s", (name) => {
    expect(errorOf(results, name)).toBeUndefined()
  })

  const different = names.filter((name) => differences[name]?.sometimes === false)
  if (different.length > 0) {
    it.each(different)("fails %s", (name) => {
      expect(errorOf(results, name)).toBeDefined()
    })
  }
})
