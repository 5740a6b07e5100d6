import { writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"

function tagged(tag: string, version: string) {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ version }))
  return runCommand(path.join(root, ".ci/release-tag"), [tag], { cwd: folder })
}

describe.runIf(process.platform === "linux")(".ci/release-tag", () => {
  it("releases a version as latest, and a prerelease as next", async () => {
    expect(await tagged("v1.2.3", "1.2.3")).toMatchObject({ status: 0, stdout: "version=1.2.3\ndist-tag=latest\n" })
    const next = "version=1.2.3-beta.1\ndist-tag=next\n"
    expect(await tagged("v1.2.3-beta.1", "1.2.3-beta.1")).toMatchObject({ status: 0, stdout: next })
  })

  it("refuses a tag that is not the version", async () => {
    expect(await tagged("v1.2.4", "1.2.3")).toMatchObject({
      status: 1,
      stdout: "",
      stderr: "::error::The tag is v1.2.4, and package.json has the version 1.2.3\n",
    })
  })
})
