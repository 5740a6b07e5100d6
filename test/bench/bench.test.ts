import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { root, runCommand } from "../support/process.js"

const bench = (...args: string[]) => runCommand(process.execPath, ["bench/run.mjs", ...args])

/** The names that a file imports from others of the benchmark: contenders with servers run nowhere in the tests. */
function missingImports(file: string): string[] {
  const text = readFileSync(file, "utf8")
  return Array.from(text.matchAll(/^import \{([^}]+)\} from "(\.[^"]+)"/gm)).flatMap(([, names = "", from = ""]) => {
    const there = readFileSync(path.join(path.dirname(file), from), "utf8")
    return names
      .split(",")
      .map((name) => name.trim().split(" as ")[0] as string)
      .filter((name) => name !== "" && !new RegExp(`^export .*\\b${name}\\b`, "m").test(there))
      .map((name) => `${path.basename(file)}: ${name} of ${from}`)
  })
}

describe("the benchmark", () => {
  it("imports only what there is", () => {
    const files = ["bench", "toolkit/bench"].flatMap((folder) =>
      readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".mjs") && !file.includes("node_modules"))
        .map((file) => path.join(root, folder, file)),
    )
    expect(files.length).toBeGreaterThan(30)
    expect(files.flatMap(missingImports)).toEqual([])
  })

  it("prints its help", async () => {
    const { status, stdout } = await bench("--help")
    expect(status).toBe(0)
    expect(stdout).not.toBe("")
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
