import { describe, expect, it } from "vitest"

import { expectToRun, programsOf } from "../support/documents.js"

const programs = programsOf("docs/v5-compat.md")

describe("docs/v5-compat.md", () => {
  it("has a program", () => {
    expect(programs).toHaveLength(1)
  })

  it.each(["ohmq", "zeromq"])("has a program that runs if the package is installed as %s", async (name) => {
    const [source] = programs as [string]
    await expectToRun(source.replaceAll("ohmq/", `${name}/`), { file: "program.js", installedAs: name })
  })
})
