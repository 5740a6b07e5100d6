// Runs ohmq with every other ZeroMQ. docs/interop.md says what to install; what is missing fails here, by name.

import { beforeAll, describe, expect, it } from "vitest"

import { cells, names, runAll } from "./matrix.mjs"

let outcome: Awaited<ReturnType<typeof runAll>>

beforeAll(async () => {
  outcome = await runAll()
}, 300_000)

describe.each(names)("%s", (peer) => {
  it("says what it is", () => {
    expect(outcome.versions[peer]).toMatch(new RegExp(`^${peer} \\d+\\.\\d+`))
  })

  it.each(cells.filter((cell) => cell.peer === peer).map(({ name }) => name.slice(peer.length + 2)))("%s", (name) => {
    const key = `${peer}: ${name}`
    expect(outcome.results.has(key)).toBe(true)
    const error = outcome.results.get(key)
    if (error !== undefined) throw error
  })
})

describe("the matrix", () => {
  it("has every peer in every pattern it knows, both ways", () => {
    const exchanges = cells.filter(({ kind }) => kind === "exchange")
    const count = (peer: string) => exchanges.filter((cell) => cell.peer === peer).length
    // 20 pairs of types, NULL, both directions; PLAIN and CURVE with either side as the server, except with a peer's REQ; STREAM.
    const withMechanisms = 20 * 2 + 2 * 2 * (20 * 2 - 2) + 2
    expect(Object.fromEntries(names.map((name) => [name, count(name)]))).toEqual({
      pyzmq: withMechanisms,
      CZMQ: withMechanisms,
      cppzmq: withMechanisms,
      zeromq: withMechanisms,
      // It has no STREAM.
      JeroMQ: withMechanisms - 2,
      // 6 pairs, NULL and CURVE.
      rsyslog: 6 * (2 + 2 * 2),
    })
  })
})
