// The cells of a group, as tests.

import { afterAll, beforeAll, it } from "vitest"

import { Base } from "./base.mjs"
import { cells, runCell } from "./matrix.mjs"

export function runGroup(group: string): void {
  let base: Base

  beforeAll(() => {
    base = new Base()
  }, 60_000)

  afterAll(() => base.remove())

  it.each(cells.filter(({ row }) => row.group === group))("$title", { timeout: 600_000 }, async (cell) => {
    await runCell(base, cell)
  })
}
