import path from "node:path"

import { describe, expect, it } from "vitest"

import { root, runCommand } from "../support/process.js"

describe("examples/secure-pipeline", () => {
  it("does all tasks by known workers, and refuses the rogue one, as its log says", async () => {
    const { status, stdout, stderr } = await runCommand(process.execPath, [
      path.join(root, "examples/secure-pipeline/start.mjs"),
    ])
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    const lines = stdout.trimEnd().split("\n")
    const audit = lines.filter((line) => line.startsWith("audit: ")).sort()
    expect(audit).toHaveLength(3)
    expect(audit[0]).toBe("audit: allowed worker-1 (CURVE from 127.0.0.1): known")
    expect(audit[1]).toBe("audit: allowed worker-2 (CURVE from 127.0.0.1): known")
    expect(audit[2]).toMatch(/^audit: denied .{40} \(CURVE from 127\.0\.0\.1\): unknown key$/)
    expect(lines.filter((line) => line.endsWith("done by a worker"))).toHaveLength(10)
    expect(stdout).not.toContain("stranger")
  })
})
