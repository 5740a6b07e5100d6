// Go's packages for the checksum database read what ohmq-toolkit/audit writes.

import { execFileSync, spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { checkpointOf, filled, served, temporaryFolder } from "../audit/support.js"

function built(): string {
  const folder = temporaryFolder()
  const program = join(folder, "audit")
  execFileSync("go", ["build", "-o", program, resolve(import.meta.dirname, "programs/audit.go")], {
    cwd: folder,
    env: {
      ...process.env,
      GO111MODULE: "off",
      GOPATH: "/usr/share/gocode",
      GOCACHE: join(folder, "cache"),
      GOFLAGS: "",
    },
  })
  return program
}

describe("Go's sumdb packages", () => {
  it("verify logs of many sizes, with all proofs, and find what was changed", { timeout: 280_000 }, async () => {
    const program = built()
    for (const size of [1, 2, 255, 256, 257, 1000, 66_000]) {
      const { folder, key } = await filled(size)
      const printed = execFileSync(program, [join(folder, "public"), key], { encoding: "utf8" })
      const root = checkpointOf(folder).split("\n")[2]
      expect(printed).toMatch(/ [1-9]\d* proofs\n$/)
      expect(printed.startsWith(`audit.example.com/test ${size} ${root} `)).toBe(true)
    }
    const { folder, key } = await filled(300)
    const file = served(folder, "tile/entries/000")
    writeFileSync(file, readFileSync(file, "latin1").replace("entry 9", "Entry 9"), "latin1")
    const { status, stdout } = spawnSync(program, [join(folder, "public"), key], { encoding: "utf8" })
    expect([status, stdout]).toEqual([1, expect.stringContaining("but ")])
  })
})
