import { describe, expect, it } from "vitest"

import { runCommand } from "../support/process.js"

const run = (name: string, ...args: string[]) =>
  runCommand(process.execPath, [`toolkit/bench/${name}`, ...args], { timeout: 55_000 })
const cells = (line: string) =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim())

describe("the durable benchmark", () => {
  it("prints its help", async () => {
    const { status, stdout } = await run("durable.mjs", "--help")
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining("--producers N") })
  })

  it("lists its contenders", async () => {
    const { status, stdout } = await run("durable.mjs", "--list")
    expect(status).toBe(0)
    expect(stdout).toMatch(/^ohmq-toolkit, link, CURVE$/m)
    expect(stdout).toMatch(/^RabbitMQ, quorum queue$/m)
  })

  it.each([[["--only", "nonsense"]], [["--rounds", "0"]], [["--nonsense"]]])("refuses %j in one line", async (args) => {
    const { status, stdout, stderr } = await run("durable.mjs", ...args)
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" })
    expect(stderr.trim().split("\n")).toHaveLength(1)
  })

  it("measures the store, the link and the relay, and says what is guaranteed", async () => {
    const { status, stdout, stderr } = await run(
      "durable.mjs",
      ...["--only", "ohmq-toolkit", "--rounds", "2", "--seconds", "0.3", "--warmup", "0.1", "--producers", "8"],
    )
    expect({ status, failed: /FAILED.*/.exec(stderr)?.[0] }).toEqual({ status: 0, failed: undefined })
    const [results = "", settings = ""] = stdout.split("### Versions and settings")
    expect(results).toContain("### On disk (fsync) before the acknowledgement")
    const rows = results.split("\n").filter((line) => line.startsWith("| ohmq-toolkit"))
    expect(rows.map((row) => cells(row)[0]).sort()).toEqual([
      "ohmq-toolkit, link, CURVE",
      "ohmq-toolkit, link, not encrypted",
      "ohmq-toolkit, relay, webhook in and PUSH out",
      "ohmq-toolkit, store",
    ])
    for (const row of rows) {
      const [, , rate = "", , p50, p99] = cells(row)
      expect(Number(rate.replaceAll(",", ""))).toBeGreaterThan(0)
      expect(Number(p50)).toBeGreaterThan(0)
      expect(Number(p99)).toBeGreaterThanOrEqual(Number(p50))
    }
    expect(settings).toContain("| ohmq-toolkit, store | ")
  })
})

describe("the benchmark of a backlog", () => {
  it("fills a relay, kills it, and starts it again", async () => {
    const { status, stdout, stderr } = await run("backlog.mjs", "--events", "2000", "--seconds", "0.2")
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(/^2,000 \|/) })
    const [heads = "", , row = ""] = stdout.split("\n")
    expect(cells(heads)[0]).toBe("waiting events")
    expect(cells(row)).toHaveLength(cells(heads).length)
    for (const cell of cells(row)) expect(cell).toMatch(/^[1-9][\d,.]*( ms| MB|\/s)?$|^0\.\d ms$/)
  })
})
