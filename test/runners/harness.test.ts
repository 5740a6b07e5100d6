// What the cells go by: that a runner is found out that never ends, ends late, fails, or leaves something.

import { once } from "node:events"
import { readFileSync, writeFileSync } from "node:fs"
import { type AddressInfo, createServer, type Socket } from "node:net"
import path from "node:path"

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { root } from "../support/process.js"
import { Base, Project } from "./base.mjs"
import { cells, rows, runCell, runtimes } from "./matrix.mjs"
import { RunnerProcess } from "./runner-process.mjs"

const record = (entry: object) =>
  `require("node:fs").appendFileSync(process.env.OHMQ_TEST_LOG, ${JSON.stringify(`${JSON.stringify(entry)}\n`)});`

const begins = record({ name: "a test" })
const passes = begins + record({ name: "a test", ended: true })
const fails = begins + record({ name: "a test", ended: true, error: "Error: it is broken" })

/** What a program is found out to do. */
async function finding(source: string, expected: object = {}): Promise<string> {
  const project = new Project(temporaryFolder(), "ohmq")
  const file = path.join(project.folder, "program.cjs")
  writeFileSync(file, source)
  const running = new RunnerProcess(project, [process.execPath, file])
  return running.succeed({ tests: 1, ...expected }).then(
    () => "nothing",
    (error: Error) => error.message,
  )
}

const spin = "for (;;);"
const wait = (time: number) => `setTimeout(() => {}, ${time});`

describe("RunnerProcess", () => {
  it.each<[what: string, source: string, found: RegExp, expected?: object]>([
    ["nothing", passes, /^nothing$/],
    ["a status that is expected", `${passes} process.exit(3)`, /^nothing$/, { status: 3 }],
    ["a test that fails", fails, /^a test: Error: it is broken/],
    ["a test that never began", "", /^ran 0 tests of 1/],
    ["a test that has not ended", begins, /^ran 0 tests of 1 \(in: a test\)/],
    [
      "a test that hangs",
      begins + wait(60_000),
      /^hangs in its tests: at \d % of a core \(in: a test\)/,
      { limit: 1000 },
    ],
    ["an end that never comes", passes + wait(60_000), /^never ends: at \d % of a core/],
    ["an end that never comes, with a busy loop", passes + spin, /^never ends: at \d\d+ % of a core/],
    ["an end that comes late", passes + wait(3000), /^ended 3\d\d\d ms after its last test/],
    ["a status", `${passes} process.exit(1)`, /^ended with 1/],
    ["a signal", `${passes} process.kill(process.pid, "SIGABRT")`, /^ended with SIGABRT/],
    ["what Jest says", `${passes} console.log("Jest did not exit one second after …")`, /^said: did not exit/],
    ["what Jest says of handles", `${passes} console.error("1 open handle")`, /^said: open handle/],
  ])("finds %s", async (_, source, found, expected) => {
    expect(await finding(source, expected)).toMatch(found)
  })

  it("ends what a runner has started", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    onTestFinished(() => void server.close())
    await once(server, "listening")
    const { port } = server.address() as AddressInfo
    const started = `require("node:net").connect(${port}, "127.0.0.1")`
    const project = new Project(temporaryFolder(), "ohmq")
    const file = project.path("program.cjs")
    writeFileSync(file, `require("node:child_process").fork(process.argv[1] + ".child"); ${spin}`)
    writeFileSync(`${file}.child`, started)
    const running = new RunnerProcess(project, [process.execPath, file])
    const [connection] = (await once(server, "connection")) as [Socket]
    const ended = once(connection, "close")
    connection.on("error", () => {}).resume()
    running.kill()
    await ended
  })
})

describe("the matrix", () => {
  it("has every version of Node.js in every row that is not of another runtime", () => {
    const nodes = runtimes.filter(({ name }) => name.startsWith("Node.js")).map(({ name }) => name)
    expect(nodes.length).toBeGreaterThan(2)
    for (const row of rows.filter(({ tool, from }) => from === 0 && !/^(bun|deno)/.test(tool)))
      expect(row.on.map(({ name }) => name)).toEqual(expect.arrayContaining(nodes))
  })

  it("has no two cells of one name", () => {
    const titles = cells.map(({ title }) => title)
    expect(titles).toEqual([...new Set(titles)])
  })
})

describe("A package that cannot be loaded", () => {
  let base: Base

  beforeAll(() => {
    base = new Base()
    writeFileSync(path.join(base.folder, "node_modules/ohmq/dist/index.js"), 'throw new Error("cannot be loaded")')
  }, 60_000)

  afterAll(() => base.remove())

  // What watches waits long for its first test.
  const isQuick = ({ row, runtime }: (typeof cells)[number]) => row.group !== "watching" && runtime === row.on[0]

  it.each(cells.filter(isQuick))("fails: $title", async (cell) => {
    await expect(runCell(base, cell)).rejects.toThrow()
  })
})

describe("docs/test-runners.md", () => {
  it("has every row of the matrix, and no other", () => {
    const text = readFileSync(path.join(root, "docs/test-runners.md"), "utf8")
    const written = text.split("\n").filter((line) => /^\| (?!---|runner \||what was tried \|)/.test(line))
    const missing = rows.filter(({ what }) => !written.some((line) => line.includes(what.replaceAll("|", "\\|"))))
    expect(missing.map(({ title }) => title)).toEqual([])
    expect(written).toHaveLength(rows.length)
  })
})
