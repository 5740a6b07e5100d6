// Runs the programs of programs/ with a package, in a process of their own, so that one process does not have two libzmq.

import { fileURLToPath } from "node:url"
import { expect } from "vitest"

import { runCommand } from "../support/process.js"

export interface Check {
  name: string
  /** What it gives with both; where it is left out, both give the same. */
  expected?: unknown
  /** What it gives with zeromq/v5-compat where that differs. */
  zeromq?: unknown
  varies?: true
  hangs?: true
  why?: string
}

const programs = new URL("programs/", import.meta.url)
export const { checks } = (await import(new URL("checks.mjs", programs).href)) as { checks: Check[] }

export type Results = Record<string, unknown>

/** What each program gives with a package; without names, all of them. */
export async function run(packageName: string, ...names: string[]): Promise<Results> {
  const args = [fileURLToPath(new URL("run.mjs", programs)), packageName, ...names]
  const { status, stdout, stderr } = await runCommand(process.execPath, args, { timeout: 60_000 })
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  return JSON.parse(stdout)
}

/** The same with zeromq/v5-compat. zeromq loses wake-ups, so a program that timed out and should not is run again by itself. */
export async function runZeromq(chosen: Check[]): Promise<Results> {
  const results = await run("zeromq/v5-compat", ...chosen.map(({ name }) => name))
  const inTime = chosen.filter(({ zeromq }) => zeromq !== "timed out").map(({ name }) => name)
  for (let again = 0; again < 3; again += 1) {
    const late = inTime.filter((name) => results[name] === "timed out")
    if (late.length > 0) Object.assign(results, await run("zeromq/v5-compat", ...late))
  }
  return results
}
