// The checks that compare ohmq with zeromq, on zeromq: it passes those that are not listed as differences, and fails those that are.

import { beforeAll, describe, expect, it } from "vitest"

import { runCommand } from "../support/process.js"
import { options } from "./checks/options.mjs"
import { differences } from "./differences.mjs"
import { groups } from "./groups.mjs"
import { runAll } from "./runner.mjs"
import { errorOf, tables } from "./tables.js"
import { classNames } from "./toolbox.mjs"

let results: Map<string, string | undefined>

beforeAll(async () => {
  results = (await runAll(groups, { tested: ["zeromq"] })).zeromq
}, 300_000)

/** What is an accessor of a socket without being an option, and options that other checks are about. */
const others = [
  ...["closed", "context", "events", "lastEndpoint", "readable", "securityMechanism", "threadSafe", "type", "writable"],
  "verbosity",
  // Of a libzmq with VMCI.
  ...["vmciBufferSize", "vmciBufferMinSize", "vmciBufferMaxSize", "vmciConnectTimeout"],
]

it("no option of zeromq is left out", async () => {
  const { stdout } = await runCommand(process.execPath, [
    "--input-type=module",
    "-e",
    `import * as zeromq from "zeromq"
    const names = new Set()
    for (const name of ${JSON.stringify(classNames)}) {
      for (let holder = zeromq[name].prototype; holder !== Object.prototype; holder = Object.getPrototypeOf(holder))
        for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) if (get) names.add(key)
    }
    console.log(JSON.stringify([...names]))`,
  ])
  const names: string[] = JSON.parse(stdout)
  expect(names.length).toBeGreaterThan(50)
  expect(names.filter((name) => !(name in options) && !others.includes(name))).toEqual([])
})

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
