import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { pathToFileURL } from "node:url"

import { describe, expect, it, onTestFinished } from "vitest"
import { sarifFaults } from "../../toolkit/test/events/sarif-logs.js"
import { expectClosing } from "../cli/transcripts.js"
import { temporaryFolder } from "../support/folders.js"
import { type Outcome, root, runCommand } from "../support/process.js"

const example = path.join(root, "examples/distributed-dast")

interface Result {
  ruleId: string
  partialFingerprints: { "weakness/v1": string }
}

interface Log {
  runs: { results: Result[] }[]
}

const weaknessesIn = (log: Log) =>
  log.runs.flatMap(({ results }) => results.map((result) => result.partialFingerprints["weakness/v1"]))

interface Weakness {
  rule: string
  path: string
  parameter?: string
  pages: number
}

const { whatDiffers } = (await import(pathToFileURL(path.join(example, "report.mjs")).href)) as {
  whatDiffers(log: Log, reported: Result[], expected: Weakness[]): string[]
}
const { select } = (await import(pathToFileURL(path.join(example, "database.mjs")).href)) as {
  select(statement: string, tables: Record<string, object[]>): object[]
}

const weaknesses = JSON.parse(readFileSync(path.join(example, "weaknesses.json"), "utf8")) as Weakness[]
const nameOf = ({ rule, path: place, parameter }: Weakness) => [rule, place, parameter].filter(Boolean).join(" ")

describe("examples/distributed-dast", () => {
  it("finds each weakness of the shop once, although a worker is killed in the middle", {
    timeout: 300_000,
  }, async () => {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, "tmp"))
    const { status, stdout, stderr } = await runCommand(
      process.execPath,
      [path.join(example, "start.mjs"), "--output", "scan.sarif"],
      { cwd: folder, timeout: 290_000, env: { TMPDIR: path.join(folder, "tmp"), INIT_CWD: folder } },
    )
    expect({ status, stderr }, stdout).toEqual({ status: 0, stderr: "" })
    expect(stdout).toContain("6 of 6 claims hold.")
    expectClosing("examples/distributed-dast/README.md", stdout)
    expect(stdout).not.toContain("FAILED")
    expect(stdout).toMatch(/^ {2}scan-1 was done again, by scanner-\d \(attempt \d\)$/m)
    const log = JSON.parse(readFileSync(path.join(folder, "scan.sarif"), "utf8")) as Log
    expect(sarifFaults(log)).toEqual([])
    expect(log.runs).toHaveLength(1)
    expect(weaknessesIn(log).toSorted()).toEqual(weaknesses.map(nameOf).toSorted())
    expect(readdirSync(path.join(folder, "tmp"))).toEqual([])
  })

  it("says which arguments it takes", async () => {
    const args = [path.join(example, "start.mjs"), "--outptu", "x"]
    const { status, stderr } = await runCommand(process.execPath, args, { timeout: 60_000 })
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining("Usage: ") })
  })
})

/** The shop in a process of its own. Resolves to its address. */
async function shop(): Promise<string> {
  const folder = temporaryFolder()
  for (const name of ["srv/public", "etc"]) mkdirSync(path.join(folder, name), { recursive: true })
  writeFileSync(path.join(folder, "srv/public/terms.txt"), "Terms\n")
  writeFileSync(path.join(folder, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n")
  const child: ChildProcess = spawn(process.execPath, [path.join(example, "shop.mjs"), folder], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const [said] = (await once(child.stdout as NonNullable<typeof child.stdout>, "data")) as [Buffer]
  return String(said).trim().split(": ")[1] as string
}

const probe = (...args: string[]): Promise<Outcome> =>
  runCommand(process.execPath, [path.join(example, "probe.mjs"), ...args], { timeout: 120_000 })

async function found(origin: string, page: string): Promise<{ log: Log; names: string[] }> {
  const { status, stdout, stderr } = await probe("--scope", origin, origin + page)
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  const log = JSON.parse(stdout) as Log
  expect(sarifFaults(log)).toEqual([])
  return { log, names: weaknessesIn(log) }
}

describe("examples/distributed-dast/probe.mjs", { timeout: 200_000 }, () => {
  it("finds the same weakness wherever the application runs, and with other values", async () => {
    const [one, two] = [await shop(), await shop()]
    const [first, second] = [await found(one, "/search?q=tea"), await found(two, "/search?q=a+b&page=3")]
    expect(first.names).toEqual(["missing-csp /search", "cross-site-scripting /search q"])
    expect(second.names).toEqual(first.names)
  })

  it("finds nothing where values are escaped or checked", async () => {
    const origin = await shop()
    for (const page of ["/", "/help?topic=orders", "/item?id=1", "/leave?to=/help"])
      expect((await found(origin, page)).names, page).toEqual([])
  })

  it("asks nothing outside of its scope, and says what it wants", async () => {
    const origin = await shop()
    const outside = await probe("--scope", origin, "http://127.0.0.1:1/")
    expect(outside).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("is not within") })
    expect(await probe(origin)).toMatchObject({ status: 2, stderr: expect.stringContaining("Usage: ") })
  })

  it("fails if there is no such page, so that the task is tried again", async () => {
    const origin = await shop()
    const { status, stderr } = await probe("--scope", origin, `${origin}/nothing`)
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining("/nothing answers 404") })
  })
})

describe("examples/distributed-dast/report.mjs", () => {
  const resultOf = (weakness: Weakness): Result => ({
    ruleId: weakness.rule,
    partialFingerprints: { "weakness/v1": nameOf(weakness) },
  })
  const all = weaknesses.map(resultOf)
  const reported = weaknesses.flatMap((one) => Array.from({ length: one.pages }, () => resultOf(one)))
  const differences = (results: Result[], tasks = reported) => whatDiffers({ runs: [{ results }] }, tasks, weaknesses)

  it("notices what is missing, what is not there, and what is there twice", () => {
    expect(differences(all)).toEqual([])
    expect(differences(all.slice(1))).toEqual([`Not found: ${nameOf(weaknesses[0] as Weakness)}`])
    const strange = resultOf({ rule: "strange", path: "/", pages: 1 })
    expect(differences([...all, strange])).toEqual(["Not there: strange /"])
    expect(differences([...all, all[1] as Result])).toEqual([`More than once: ${nameOf(weaknesses[1] as Weakness)}`])
    expect(differences(all, reported.slice(1))).toHaveLength(1)
  })
})

describe("examples/distributed-dast/database.mjs", () => {
  const tables = {
    items: [
      { id: 1, name: "a" },
      { id: 2, name: "it's" },
    ],
  }
  const ask = (id: string) => select(`SELECT name FROM items WHERE id = '${id}'`, tables)

  it("finds rows, and is broken into as SQL is", () => {
    expect(ask("1")).toEqual([{ name: "a" }])
    expect(select("SELECT id FROM items WHERE name = 'it''s' AND id = 2", tables)).toEqual([{ id: 2 }])
    expect(ask("1' OR '1'='1")).toHaveLength(2)
    expect(ask("1' OR id=2 -- ")).toHaveLength(2)
    expect(ask("1''")).toEqual([])
    for (const text of ["1'", "1' OR", "1' OR '1", "1'; DROP TABLE items"])
      expect(() => ask(text), text).toThrow(SyntaxError)
  })
})
