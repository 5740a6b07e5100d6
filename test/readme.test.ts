import { describe, expect, it } from "vitest"

import { expectToRun, programsOf } from "./support/documents.js"

const programs = programsOf("README.md")

const types = "Pair Publisher Subscriber Request Reply Dealer Router Pull Push XPublisher XSubscriber Stream".split(" ")

describe("README", () => {
  it.each(types)("has a first program for %s", (type) => {
    expect(programs.filter((source) => source.includes(`new ${type}(`))).not.toEqual([])
  })

  it.each(programs.map((source, index) => [index + 1, source] as const))(
    "has a program %i that runs as it stands",
    (_, source) => expectToRun(source),
  )
})
