import { describe, expect, it } from "vitest"

import { expectToRun, programsOf } from "../support/documents.js"

const programs = programsOf("docs/draft.md")

describe("docs/draft.md", () => {
  it("has a program for each kind of socket, and a second one for Server", () => {
    expect(programs).toHaveLength(7)
  })

  it.each(programs.map((source, index) => [index + 1, source] as const))(
    "has a program %i that runs as it stands",
    (_, source) => expectToRun(source, { args: ["--no-warnings"] }),
  )
})
