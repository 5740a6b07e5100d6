// Go's packages for the checksum database, and the verifier of docs/audit.md, read what ohmq-toolkit/audit writes.

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

describe("The verifier in Python of docs/audit.md", () => {
  it("verifies logs, and finds what was changed", async () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/audit.md"), "utf8")
    const script = /^```python\n(.+?)^```/ms.exec(page)?.[1] ?? ""
    expect(script).not.toBe("")
    expect(script.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(50)
    const file = join(temporaryFolder(), "verify.py")
    writeFileSync(file, script)
    const run = (folder: string, key: string) => {
      const { status, stdout, stderr } = spawnSync("python3", [file, join(folder, "public"), key], { encoding: "utf8" })
      return { status, said: stdout + stderr }
    }
    for (const size of [0, 1, 300]) {
      const { folder, key } = await filled(size)
      expect(run(folder, key)).toEqual({ status: 0, said: `audit.example.com/test: ${size} entries, intact\n` })
    }
    const { folder, key } = await filled(3)
    const { key: other } = await filled(0)
    expect(run(folder, other)).toMatchObject({ status: 1, said: "the key has not signed the checkpoint\n" })
    const bundle = served(folder, "tile/entries/000.p/3")
    writeFileSync(bundle, readFileSync(bundle, "latin1").replace("entry 1", "Entry 1"), "latin1")
    expect(run(folder, key)).toMatchObject({ status: 1, said: expect.stringContaining("entry 1 was changed") })
  })
})
