import { readFileSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root, runCommand } from "../support/process.js"

/** The script of the step with an id, as the runner gets it. */
function stepOf(workflow: string, id: string): string {
  const text = readFileSync(path.join(root, ".github/workflows", workflow), "utf8")
  const [, script] = new RegExp(`- id: ${id}\n.*\n +run: \\|\n((?: {10}.*\n)+)`).exec(text) ?? []
  if (script === undefined) throw new Error(`${workflow} has no step '${id}'`)
  return script
}

/** What the first job of release.yml tells the others about a tag. */
async function tagged(tag: string, version: string) {
  const folder = temporaryFolder()
  writeFileSync(path.join(folder, "package.json"), JSON.stringify({ version }))
  writeFileSync(path.join(folder, "output"), "")
  const { status, stdout } = await runCommand("bash", ["-e", "-c", stepOf("release.yml", "version")], {
    cwd: folder,
    env: { GITHUB_REF_NAME: tag, GITHUB_OUTPUT: path.join(folder, "output") },
  })
  return { status, stdout, output: readFileSync(path.join(folder, "output"), "utf8") }
}

describe.runIf(process.platform === "linux")("release.yml", () => {
  it("releases a version as latest, and a prerelease as next", async () => {
    expect(await tagged("v1.2.3", "1.2.3")).toMatchObject({ status: 0, output: "version=1.2.3\ndist-tag=latest\n" })
    const next = "version=1.2.3-beta.1\ndist-tag=next\n"
    expect(await tagged("v1.2.3-beta.1", "1.2.3-beta.1")).toMatchObject({ status: 0, output: next })
  })

  it("refuses a tag that is not the version", async () => {
    const { status, stdout, output } = await tagged("v1.2.4", "1.2.3")
    expect({ status, output }).toEqual({ status: 1, output: "" })
    expect(stdout).toBe("::error::The tag is v1.2.4, and package.json has the version 1.2.3\n")
  })
})
