// The checks of test/conformance on the other runtimes: each passes what is not listed in conformance-differences.mjs, and
// fails what is.

import { readFileSync } from "node:fs"
import path from "node:path"

import { beforeAll, describe, expect, it } from "vitest"

import { groups } from "../conformance/groups.mjs"
import { runAll } from "../conformance/runner.mjs"
import { root } from "../support/process.js"
import { differences } from "./conformance-differences.mjs"
import { ensureRuntimes, runtimes } from "./runtimes.mjs"

beforeAll(() => ensureRuntimes(), 300_000)

// Where this runs on, npm test runs them.
const others = runtimes.slice(1)

describe.each(others)("$name", ({ name: runtime, command: [execPath = "", ...args], env, collects }) => {
  const listed = differences[runtime] ?? {}
  let results: Map<string, string | undefined>

  beforeAll(async () => {
    const outcome = await runAll(groups, {
      tested: ["ohmq"],
      runtime: { execPath, execArgv: [...args, ...collects], env },
      // A busy machine makes some late.
      again: (_, name) => !(name in listed),
    })
    results = outcome.ohmq
  }, 600_000)

  it("passes every check that is not listed", () => {
    expect(results.size).toBeGreaterThan(2000)
    const failed = [...results].filter(([name, error]) => error !== undefined && !(name in listed))
    expect(Object.fromEntries(failed)).toEqual({})
  })

  it("fails every check that is listed, for the reason that is listed", () => {
    const otherwise = Object.entries(listed).filter(([name, { error }]) => !error.test(results.get(name) ?? ""))
    expect(otherwise.map(([name]) => [name, results.get(name)])).toEqual([])
  })
})

describe("docs/runtimes.md", () => {
  const text = readFileSync(path.join(root, "docs/runtimes.md"), "utf8")

  it.each(others)("lists what differs on $name", ({ name }) => {
    const reasons = Object.values(differences[name] ?? {}).map(({ reason }) => reason)
    const rows = [...new Set(reasons)].map(
      (reason) => `| ${name} | ${reasons.filter((other) => other === reason).length} | ${reason} |`,
    )
    for (const row of rows) expect(text).toContain(row)
    expect(text.match(new RegExp(`^\\| ${name} \\| \\d+ \\|`, "gm")) ?? []).toHaveLength(rows.length)
  })

  it("names runtimes that there are", () => {
    expect(runtimes.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(differences)))
  })
})
