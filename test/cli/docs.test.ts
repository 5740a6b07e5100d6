// The transcripts in docs/cli.md: each block is run in a shell, and shows what the document says.

import { readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { root } from "../support/process.js"
import { shell } from "./support.js"

const blocks = [...readFileSync(path.join(root, "docs/cli.md"), "utf8").matchAll(/^```console\n(.*?)^```$/gms)].map(
  ([, block]) => block as string,
)

/** A pattern for an output in which "…" stands for any text, and a line of it for any lines. */
function patternOf(lines: readonly string[]): RegExp {
  const parts = lines.map((line) =>
    line === "…"
      ? "(?:.*\n)*?"
      : `${line
          .split("…")
          .map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
          .join(".*")}\n`,
  )
  return new RegExp(`^${parts.join("")}$`)
}

describe("docs/cli.md", () => {
  it("has ten jobs that show what they show", { timeout: 120_000 }, async () => {
    expect(blocks.length).toBeGreaterThanOrEqual(10)
    // One after the other in one folder: later ones use the certificates of an earlier one.
    const cwd = temporaryFolder()
    for (const block of await withFreePorts(...blocks)) {
      const lines = block.trimEnd().split("\n")
      const commands = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2))
      const outcome = await shell(`exec 2>&1\n${commands.join("\n")}`, { cwd, timeout: 60_000 })
      expect(outcome.stdout, block).toMatch(patternOf(lines.filter((line) => !line.startsWith("$ "))))
    }
  })
})
