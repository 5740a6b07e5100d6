import { expect, it } from "vitest"
import { problemsOf, tallyOf } from "./stations.js"

const station = (found: string[], isOnce: boolean) => ({
  name: "tickets",
  expected: new Set(["a", "b"]),
  found,
  isOnce,
})

it("A station has nothing wrong if it has each id, once where that is said", () => {
  expect(problemsOf(station(["b", "a"], true))).toEqual([])
  expect(problemsOf(station(["b", "a", "b"], false))).toEqual([])
  expect(tallyOf(station(["b", "a", "b"], false))).toMatchObject({ expected: 2, found: 2, more: 1 })
})

it("What is wrong with a station has the ids", () => {
  expect(problemsOf(station(["a", "a", "c"], true))).toEqual([
    "tickets lacks b",
    "tickets has what was never sent: c",
    "tickets has more than once: a",
  ])
  const many = Array.from({ length: 12 }, (_, index) => `x${index}`)
  expect(problemsOf(station(["a", "b", ...many], true))).toEqual([
    "tickets has what was never sent: x0, x1, x2, x3, x4, x5, x6, x7, x8, x9 and 2 more",
  ])
})
