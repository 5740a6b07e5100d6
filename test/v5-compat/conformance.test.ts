// The programs of programs/ with this package. If no expected output is written down, zeromq/v5-compat provides it.
// zeromq.test.ts compares the rest.

import { beforeAll, describe, expect, it } from "vitest"

import { checks, type Results, run, runZeromq } from "./run-programs.js"

const same = checks.filter((check) => check.why === undefined)
const differing = checks.filter((check) => check.why !== undefined)

let ours: Results = {}
let theirs: Results = {}

beforeAll(async () => {
  const compared = same.filter((check) => check.expected === undefined)
  ;[ours, theirs] = await Promise.all([run("ohmq/v5-compat"), runZeromq(compared)])
}, 240_000)

it("each program has a name of its own", () => {
  expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length)
})

describe("as zeromq/v5-compat", () => {
  it.each(same)("$name", ({ name, expected = theirs[name] }) => {
    expect(expected).not.toBeUndefined()
    expect({ name, gives: ours[name] }).toEqual({ name, gives: expected })
  })
})

describe("otherwise than zeromq/v5-compat", () => {
  it.each(differing)("$name ($why)", ({ name, expected }) => {
    expect({ name, gives: ours[name] }).toEqual({ name, gives: expected })
  })
})
