import { describe, expect, it } from "vitest"
import { Page } from "./page.js"

describe("docs/use-cases/finance.md", { timeout: 120_000 }, () => {
  it("refuses what is over its limit, and what is late, and says how long the answers took", async () => {
    const page = await Page.open("finance")
    expect(page.files).toEqual(["validator.mjs", "desk.mjs"])
    expect(page.lint()).toEqual([])
    const validator = page.start("validator.mjs")
    await validator.line(/^validates at /)
    const printed = await page.start("desk.mjs", ["500"], { DEADLINE_MS: "4000" }).result()
    expect(printed.slice(0, 3)).toEqual(["approved: 490", "refused OVER_LIMIT: 5", "refused TIMEOUT: 5"])
    const [, p50, p99] = /^approvals: p50 ([\d.]+) ms, p99 ([\d.]+) ms$/.exec(printed[3] ?? "") ?? []
    expect(Number(p50)).toBeGreaterThan(0)
    expect(Number(p99)).toBeGreaterThanOrEqual(Number(p50))
    // That of an order whose lookup hangs.
    expect(Number(/^longest wait: ([\d.]+) ms$/.exec(printed[4] ?? "")?.[1])).toBeGreaterThan(3900)
    expect(await validator.end()).toBe(0)
  })

  it("refuses every order while the validator hangs, and lets none wait", async () => {
    const page = await Page.open("finance")
    const validator = page.start("validator.mjs")
    await validator.line(/^validates at /)
    validator.child.kill("SIGSTOP")
    const printed = await page.start("desk.mjs", ["300"]).result()
    expect(printed[0]).toBe("no validator (UNREACHABLE)")
    expect(printed.filter((line) => line.startsWith("approved"))).toEqual([])
    const refused = printed.map((line) => Number(/^refused (?:UNREACHABLE|TIMEOUT): (\d+)$/.exec(line)?.[1] ?? 0))
    expect(refused.reduce((sum, count) => sum + count)).toBe(300)
    // 50 ms, and what a loaded machine adds; without a deadline it would be for ever.
    expect(Number(/^longest wait: ([\d.]+) ms$/.exec(printed.at(-1) ?? "")?.[1])).toBeLessThan(10_000)
    validator.child.kill("SIGCONT")
    expect((await page.start("desk.mjs", ["100"], { DEADLINE_MS: "4000" }).result())[0]).toBe("approved: 98")
    expect(await validator.end()).toBe(0)
  })
})
