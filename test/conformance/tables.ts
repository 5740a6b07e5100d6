// The checks as vitest has them: a group is a describe, a check is a test.

import { expect } from "vitest"

import { groups, loadChecks } from "./groups.mjs"

/** The names of all checks, by group. */
export const tables = await Promise.all(
  groups.map(async (group) => ({
    group,
    names: [...(await loadChecks(group)).all.keys()].map((name) => `${group}: ${name}`),
  })),
)

/** The error of a check, or undefined if it passed. */
export function errorOf(results: Map<string, string | undefined>, name: string): string | undefined {
  expect(results.has(name), "it was run").toBe(true)
  return results.get(name)
}
