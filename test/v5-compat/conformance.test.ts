// Runs the programs of programs/ with this package and with zeromq/v5-compat, each in its own process, so that no process loads libzmq
// twice.

import { fileURLToPath } from "node:url"
import { beforeAll, describe, expect, it } from "vitest"

import { runCommand } from "../support/process.js"

interface Check {
  name: string
  /** The result with both packages. Default: both give the same. */
  expected?: unknown
  /** The result with zeromq/v5-compat, if it differs. */
  zeromq?: unknown
  varies?: true
  hangs?: true
  why?: string
}

const programs = new URL("programs/", import.meta.url)
const { checks } = (await import(new URL("checks.mjs", programs).href)) as { checks: Check[] }

async function run(name: string, ...some: string[]): Promise<Record<string, unknown>> {
  const args = [fileURLToPath(new URL("run.mjs", programs)), name, ...some]
  const { status, stdout, stderr } = await runCommand(process.execPath, args, { timeout: 60_000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  return JSON.parse(stdout)
}

/** zeromq loses wake-ups, so programs that timed out there are run again, alone. */
async function runTheirs(): Promise<Record<string, unknown>> {
  const results = await run("zeromq/v5-compat")
  const inTime = checks.filter(({ zeromq }) => zeromq !== "timed out").map(({ name }) => name)
  for (let again = 0; again < 3; again += 1) {
    const late = inTime.filter((name) => results[name] === "timed out")
    if (late.length > 0) Object.assign(results, await run("zeromq/v5-compat", ...late))
  }
  return results
}

let ours: Record<string, unknown> = {}
let theirs: Record<string, unknown> = {}

beforeAll(async () => {
  ;[ours, theirs] = await Promise.all([run("ohmq/v5-compat"), runTheirs()])
}, 240_000)

const differing = checks.filter((check) => check.why !== undefined)

describe("like zeromq/v5-compat", () => {
  it("runs the same checks as before", () => {
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length)
    expect(checks.length - differing.length).toBeGreaterThan(250)
  })

  it.each(checks.filter((check) => check.why === undefined))("$name", ({ name, expected = theirs[name] }) => {
    expect(expected).not.toBeUndefined()
    expect({ name, gives: ours[name] }).toEqual({ name, gives: expected })
    expect({ name, gives: theirs[name] }).toEqual({ name, gives: expected })
  })
})

describe("unlike zeromq/v5-compat", () => {
  it.each(differing)("$name ($why)", ({ name, expected, zeromq, varies, hangs }) => {
    expect({ name, gives: ours[name] }).toEqual({ name, gives: expected })
    if (hangs) expect(theirs).not.toHaveProperty([name])
    else if (varies) expect(theirs[name]).not.toEqual(expected)
    else expect({ name, gives: theirs[name] }).toEqual({ name, gives: zeromq })
  })
})
