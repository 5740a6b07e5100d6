// What becomes of a scan whose processes are killed.

import { existsSync, readdirSync, rmSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"

import { afterAll, beforeAll, describe, expect, it } from "vitest"
import {
  descendantsOf,
  expectGone,
  kill,
  PATIENCE,
  runOf,
  Started,
  temporary,
  toolsOf,
  uris,
  write,
} from "./devsecops-runs.js"

/** Many files that take a while. */
let many: string
const COUNT = 240

beforeAll(() => {
  many = temporary()
  const body = "if (a[b] === c) d = new RegExp(e + f)\n".repeat(20)
  for (let index = 0; index < COUNT; index += 1) write(many, { [`${index}.js`]: `eval(code${index})\n${body}` })
})

afterAll(() => rmSync(many, { recursive: true, force: true }))

/** Starts a scan, and resolves when each of its workers runs a scanner. */
async function startScan(workers: number) {
  const run = new Started(many, "--workers", `${workers}`)
  await run.until(() => toolsOf(run.pid, "scanner").length === workers)
  return run
}

const pidsOf = (run: Started) => descendantsOf(run.pid).map(({ pid }) => pid)

describe.skipIf(process.platform === "win32")("a process that is killed", { timeout: PATIENCE }, () => {
  it("is started again, and every finding is still reported once", async () => {
    const run = await startScan(2)
    const children = pidsOf(run)
    for (const name of ["worker", "hub", "edge", "queue", "analytics"] as const) {
      const [{ pid } = { pid: 0 }] = toolsOf(run.pid, name)
      kill(pid)
      const label = name === "worker" ? "worker-" : name
      await run.until(() => new RegExp(`^Lost ${label}\\d? ?\\(SIGKILL\\)$`, "m").test(run.stderr))
    }
    await run.ends(0)
    const report = runOf(run.output)
    const expected = Array.from({ length: COUNT }, (_, index) => `${index}.js`).sort()
    expect(uris(report).sort()).toEqual(expected)
    const evals = report.results.filter((result) => result.ruleId === "security/detect-eval-with-expression")
    expect(evals.map((result) => result.locations[0]?.physicalLocation.artifactLocation.uri).sort()).toEqual(expected)
    const { length } = report.results
    expect(run.stdout).toContain(
      `Findings: queue ${length}, archive ${length}, audit log ${length}, analytics ${length}. `,
    )
    await expectGone(children)
    expect(readdirSync(run.tmp)).toEqual([])
  })

  it.each([
    ["worker", "All workers were lost, and those that replaced them", 4],
    ["hub", "The hub was lost again and again", 4],
  ] as const)("ends the scan with one line if it is the %s again and again", async (name, line, times) => {
    const run = await startScan(2)
    const children = pidsOf(run)
    let isOver = false
    run.ended.then(() => {
      isOver = true
    })
    while (!isOver) {
      for (const { pid } of toolsOf(run.pid, name)) kill(pid)
      await sleep(50)
    }
    await run.ends(1)
    expect(run.stderr.match(/^Lost .* \(SIGKILL\)$/gm)).toHaveLength(times)
    expect(run.stderr.endsWith(`\n${line}\n`)).toBe(true)
    expect(existsSync(run.output)).toBe(false)
    await expectGone(children)
    expect(readdirSync(run.tmp)).toEqual([])
  })

  it("takes all others with it if it is the one that started them", async () => {
    const run = await startScan(2)
    const children = pidsOf(run)
    // Analytics, two relays, the queue and two workers, each of which has a guard and a scanner.
    expect(children.length).toBeGreaterThanOrEqual(10)
    kill(run.pid)
    expect(await run.ended).toBe("SIGKILL")
    await expectGone(children)
  })

  it.each([
    ["SIGINT", 130, "Interrupted"],
    ["SIGTERM", 143, "Terminated"],
  ] as const)("ends all others on %s", async (signal, expected, line) => {
    const run = await startScan(2)
    const children = pidsOf(run)
    kill(run.pid, signal)
    await run.ends(expected)
    expect(run.stderr.endsWith(`\n${line}\n`)).toBe(true)
    expect(existsSync(run.output)).toBe(false)
    await expectGone(children)
    expect(readdirSync(run.tmp)).toEqual([])
  })
})
