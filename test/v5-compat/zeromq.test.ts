// The programs of programs/ with zeromq/v5-compat: where it does the same as this package, and where it does not.

import { beforeAll, describe, expect, it } from "vitest"

import { checks, type Results, runZeromq } from "./run-programs.js"

let results: Results = {}

beforeAll(async () => {
  results = await runZeromq(checks)
}, 240_000)

const withExpected = checks.filter((check) => check.why === undefined && check.expected !== undefined)
const differing = checks.filter((check) => check.why !== undefined)

describe("zeromq/v5-compat", () => {
  it.each(withExpected)("gives what is expected: $name", ({ name, expected }) => {
    expect({ name, gives: results[name] }).toEqual({ name, gives: expected })
  })

  it.each(differing)("gives something else: $name ($why)", ({ name, expected, zeromq, varies, hangs }) => {
    if (hangs) expect(results).not.toHaveProperty([name])
    else if (varies) expect(results[name]).not.toEqual(expected)
    else expect({ name, gives: results[name] }).toEqual({ name, gives: zeromq })
  })
})
