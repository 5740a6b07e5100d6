import { describe, expect, it } from "vitest"

import { runCommand } from "./support/process.js"

const bench = (...args: string[]) => runCommand(process.execPath, ["bench/run.mjs", ...args])

describe("the benchmark", () => {
  it("explains itself", async () => {
    const { status, stdout } = await bench("--help")
    expect(status).toBe(0)
    expect(stdout).toMatch(/--rounds N/)
  })

  it("lists its workloads and contenders", async () => {
    const { status, stdout } = await bench("--list")
    expect(status).toBe(0)
    expect(stdout).toMatch(/^one-way tcp 10 B$/m)
    expect(stdout).toMatch(/^zeromq: /m)
  })

  it.each([[["--only", "nonsense"]], [["--contender", "nobody"]], [["--rounds", "0"]], [["--nonsense"]]])(
    "refuses %j in one line",
    async (args) => {
      const { status, stdout, stderr } = await bench(...args)
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
      expect(stderr.trim().split("\n").length).toBe(1)
    },
  )

  it("measures", async () => {
    const { status, stdout } = await bench(
      "--only",
      "inproc 10 B, one",
      "--contender",
      "ohmq",
      "--rounds",
      "1",
      "--seconds",
      "0.01",
    )
    expect(status).toBe(0)
    expect(stdout).toMatch(/^\| ohmq \| [\d.]+ [kM]\/s/m)
  })
})
