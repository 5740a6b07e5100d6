// The workflows of GitHub Actions: what they use of others is pinned, and runs on a Node.js that GitHub's runners still have.
// https://github.blog/changelog/2025-09-19-deprecation-of-node-20-on-github-actions-runners/

import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root } from "../support/process.js"

const folder = path.join(root, ".github/workflows")

/** The first major version of each action whose action.yml says node24, itself or, for a composite one, in the action that it runs. */
const onNode24: Record<string, number> = {
  "actions/checkout": 5,
  "actions/setup-node": 5,
  "actions/upload-artifact": 6,
  "actions/download-artifact": 7,
  "actions/attest-build-provenance": 3,
}

const used = readdirSync(folder).flatMap((file) =>
  [...readFileSync(path.join(folder, file), "utf8").matchAll(/\buses: (\S+)(?: # (.+))?$/gm)]
    .map(([, action = "", release = ""]) => ({ file, action, release }))
    .filter(({ action }) => !action.startsWith("./")),
)

describe(".github/workflows", () => {
  it("pins each action to a commit, the same one everywhere, with the release that it is", () => {
    expect(used.length).toBeGreaterThan(10)
    const pins = new Map<string, string>()
    for (const { action, release } of used) {
      expect(`${action} # ${release}`).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      const [name = ""] = action.split("@")
      expect(pins.get(name) ?? `${action} ${release}`).toBe(`${action} ${release}`)
      pins.set(name, `${action} ${release}`)
    }
  })

  it("uses no action that runs on Node.js 20", () => {
    for (const { action, release } of used) {
      const [name = ""] = action.split("@")
      expect(Object.keys(onNode24)).toContain(name)
      expect(Number(/^v(\d+)/.exec(release)?.[1]), `${name} ${release}`).toBeGreaterThanOrEqual(onNode24[name] ?? 0)
    }
  })
})
