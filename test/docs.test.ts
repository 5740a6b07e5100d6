import { describe, expect, it } from "vitest"

import { expectToRun, programsOf } from "./support/documents.js"

const types = "Pair Publisher Subscriber Request Reply Dealer Router Pull Push XPublisher XSubscriber Stream".split(" ")

describe.each(["README.md", "docs/guide.md", "docs/tutorial.md"])("%s", (document) => {
  const programs = programsOf(document)

  it.each(programs.map((source, index) => [index + 1, source] as const))(
    "has a program %i that runs as it stands",
    (_, source) => expectToRun(source),
  )
})

it.each(types)("docs/guide.md has a program for %s", (type) => {
  expect(programsOf("docs/guide.md").filter((source) => source.includes(`new ${type}(`))).not.toEqual([])
})
