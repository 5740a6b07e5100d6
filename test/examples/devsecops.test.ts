import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import path from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { expectClosing } from "../cli/transcripts.js"
import { type Outcome, root, runCommand } from "../support/process.js"
import {
  example,
  main,
  ohmq,
  outputFile,
  PATIENCE,
  type Run,
  runOf,
  scan,
  temporary,
  uris,
  write,
} from "./devsecops-runs.js"

/** A clean file, some with one weakness each, and what must not be scanned. */
let sources: string

beforeAll(() => {
  sources = temporary()
  write(sources, {
    "eval.js": "/* eslint-disable */\neval(input)\n",
    "exec.cjs": "const { exec } = require('child_process')\nexec(command)\n",
    "sub/read.ts": "import { readFileSync } from 'node:fs'\nexport const read = (name: string) => readFileSync(name)\n",
    "sub/with space/ünsafe # %41.mjs": "export const matches = (text) => /(a+)+$/.test(text)\n",
    "sub/types.mts": "export type Name = string\n",
    "sub/types.cts": "export type Name = string\n",
    "sub/view.jsx": "export const view = <b>bold</b>\n",
    "sub/view.tsx": "export const view = (text: string) => <b>{text}</b>\n",
    "old.js": "with (value) { print(010) }\n",
    "broken.js": "function (\n",
    "README.md": "eval(input)\n",
    "node_modules/x/index.js": "eval(input)\n",
    ".git/hook.js": "eval(input)\n",
    "sub/build/out.js": "eval(input)\n",
    "dist/out.js": "eval(input)\n",
  })
  if (process.platform !== "win32") symlinkSync("..", path.join(sources, "sub/loop"))
})

afterAll(() => rmSync(sources, { recursive: true, force: true }))

/** The events in the archive. */
function eventsIn(data: string) {
  const lines = readFileSync(path.join(data, "hub/events.ndjson"), "utf8").trim().split("\n")
  return lines.map((line) => JSON.parse(line))
}

describe("a scan", { timeout: PATIENCE + 10_000 }, () => {
  let scanned: Outcome
  let output: string
  let data: string
  beforeAll(async () => {
    output = path.join(sources, "report.sarif")
    data = path.join(sources, "node_modules/data")
    scanned = await scan(sources, ["--output", output, "--workers", "2", "--data", data])
  }, PATIENCE)

  it("finds the weaknesses of each file, and counts them by rule and level", () => {
    const { status, stdout, stderr } = scanned
    expect({ status, stderr: stderr.replace(/^(Status pages|Data|\d+ of 10 files).*\n/gm, "") }).toEqual({
      status: 0,
      stderr: "",
    })
    const counts: Record<string, number> = {}
    for (const { ruleId, level } of runOf(output).results) {
      counts[`${level} ${ruleId}`] = (counts[`${level} ${ruleId}`] ?? 0) + 1
    }
    expect(counts).toEqual({
      "error security/detect-child-process": 1,
      "error security/detect-eval-with-expression": 1,
      "error security/detect-unsafe-regex": 1,
      "warning parse-error": 1,
      "warning security/detect-non-literal-fs-filename": 1,
    })
    expect(stdout).toMatch(/^ +error +warning +note$/m)
    expect(stdout).toMatch(/^security\/detect-unsafe-regex +1 +0 +0$/m)
    expect(stdout).toMatch(/^parse-error +0 +1 +0$/m)
    expect(stdout).toMatch(/^total +3 +2 +0$/m)
    expect(stdout).toMatch(/^worker-[12]: ESLint \d+\.\d+\.\d+, [12] tasks?, \d+ files?, \d+ % busy$/m)
    expect(stdout).toMatch(/^10 files in [\d.]+ s$/m)
    expect(stdout).toContain(`Report: ${output}`)
    expectClosing("examples/devsecops/README.md", stdout)
  })

  it("brings each finding to the archive, the audit log and the analytics, and says so", async () => {
    expect(scanned.stdout).toContain(
      "Findings: queue 5, archive 5, audit log 5, analytics 5. The audit log is intact (7 entries), and",
    )
    const events = eventsIn(data)
    expect(events.map(({ type }) => type).sort()).toEqual([
      ...Array(5).fill("finding.reported"),
      ...Array(2).fill("task.finished"),
    ])
    // The link has proved that they come from the edge.
    for (const { ohmqsender } of events) expect(ohmqsender).toBe("edge")
    const run = (...args: string[]) => runCommand(process.execPath, [ohmq, ...args], { cwd: data, timeout: 60_000 })
    const verified = await run("audit", "verify", "hub/audit", "--key", "keys/audit.pub")
    expect(verified).toMatchObject({ status: 0, stdout: expect.stringContaining("7 entries, intact") })
    expect(await run("lint", example)).toMatchObject({ status: 0 })
    for (const relay of ["edge", "hub"]) {
      expect(await run("relay", "check", `${relay}/relay.yaml`)).toMatchObject({ status: 0 })
    }
    expect(await run("relay", "reconcile", "hub/relay.yaml")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^archive +7 +0 +7 +0 +0 /m),
    })
  })

  it("writes SARIF 2.1.0", () => {
    const log = JSON.parse(readFileSync(output, "utf8"))
    expect(log).toMatchObject({ $schema: expect.stringMatching(/sarif.*2\.1\.0\.json$/), version: "2.1.0" })
    expect(log.runs).toHaveLength(1)
    const run: Run = log.runs[0]
    const { driver } = run.tool
    expect(driver.name).toBe("ESLint")
    expect(driver.version).toBe(
      JSON.parse(readFileSync(path.join(example, "node_modules/eslint/package.json"), "utf8")).version,
    )
    expect(new Set(driver.rules.map((rule) => rule.id)).size).toBe(driver.rules.length)
    for (const rule of driver.rules) expect(rule.shortDescription.text).not.toBe("")
    expect(run.originalUriBaseIds.SRCROOT?.uri).toMatch(/^file:\/\/\/.*\/$/)
    expect(run.results).toHaveLength(5)
    for (const result of run.results) {
      expect(driver.rules[result.ruleIndex]?.id).toBe(result.ruleId)
      expect(["error", "warning", "note"]).toContain(result.level)
      expect(result.message.text).not.toBe("")
      expect(result.locations).toHaveLength(1)
      const { artifactLocation, region } = result.locations[0]?.physicalLocation ?? {}
      expect(artifactLocation?.uriBaseId).toBe("SRCROOT")
      expect(run.artifacts[artifactLocation?.index as number]?.location.uri).toBe(artifactLocation?.uri)
      const { startLine, startColumn, endLine, endColumn } = region as NonNullable<typeof region>
      expect(Math.min(startLine, startColumn, endLine, endColumn)).toBeGreaterThan(0)
      expect(endLine * 1000 + endColumn).toBeGreaterThan(startLine * 1000 + startColumn)
    }
  })

  it("reports every file once, with or without findings, and skips links and folders that are not source", () => {
    expect(uris(runOf(output))).toEqual([
      "broken.js",
      "eval.js",
      "exec.cjs",
      "old.js",
      "sub/read.ts",
      "sub/types.cts",
      "sub/types.mts",
      "sub/view.jsx",
      "sub/view.tsx",
      "sub/with%20space/%C3%BCnsafe%20%23%20%2541.mjs",
    ])
  })

  it("goes on with the data that was kept, takes a single file, and prints nothing with --quiet", async () => {
    const folder = path.dirname(outputFile())
    // npm runs scripts in the folder of the project, and says where its user is.
    const env = { INIT_CWD: sources, npm_lifecycle_event: "start" }
    const args = ["--quiet", "--output", path.join(folder, "report.sarif"), "--data", "node_modules/data"]
    const { status, stdout, stderr } = await scan("eval.js", args, { env })
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" })
    const run = runOf(path.join(folder, "report.sarif"))
    expect(uris(run)).toEqual(["eval.js"])
    expect(run.results.map(({ ruleId }) => ruleId)).toEqual(["security/detect-eval-with-expression"])
    expect(eventsIn(data)).toHaveLength(9)
  })

  it("writes report.sarif in the current folder, to which PATH is relative, also if nobody reads its output", async () => {
    const folder = path.dirname(outputFile())
    // A file of more text than a message usually has, without any weakness.
    write(folder, { "a b/x.js": "eval(input)\n", "a b/large.js": "value += 1\n".repeat(50_000) })
    const tmp = path.join(folder, "tmp")
    mkdirSync(tmp)
    const child = spawn(process.execPath, [main, "a b"], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: "", TMPDIR: tmp },
      stdio: ["ignore", "pipe", "inherit"],
    })
    child.stdout.destroy()
    expect(await once(child, "close")).toEqual([0, null])
    expect(uris(runOf(path.join(folder, "report.sarif")))).toEqual(["large.js", "x.js"])
    // The data were there.
    expect(readdirSync(tmp)).toEqual([])
  })
})

describe("--open", { timeout: PATIENCE }, () => {
  /** Runs with a desktop on which a browser does as it is told. */
  function scanWith(browser: string) {
    const folder = path.dirname(outputFile())
    const command = path.join(folder, process.platform === "darwin" ? "open" : "xdg-open")
    writeFileSync(command, `#!${process.execPath}\n${browser}\n`, { mode: 0o755 })
    const env = { PATH: `${folder}${path.delimiter}${process.env.PATH}`, DISPLAY: ":0", PAGE: `${folder}/page.html` }
    const args = ["--open", "--output", path.join(folder, "report.sarif")]
    return { page: env.PAGE, ended: scan(path.join(sources, "eval.js"), args, { env }) }
  }

  it("opens the status page of the hub while it runs", async () => {
    const { page, ended } = scanWith(`
      const { writeFileSync } = require("node:fs")
      fetch(process.argv[2]).then((answer) => answer.text()).then((text) => writeFileSync(process.env.PAGE, text))`)
    const { status, stderr } = await ended
    expect(status).toBe(0)
    expect(stderr).not.toContain("browser")
    expect(readFileSync(page, "utf8")).toContain("Audit log audit")
  })

  it("goes on without a browser, and says so", async () => {
    const { status, stderr } = await scanWith("process.exit(3)").ended
    expect(status).toBe(0)
    expect(stderr).toMatch(/^Cannot open a browser: \S+ ended with 3$/m)
  })

  it.runIf(process.platform === "linux")("goes on without a desktop, and says so", async () => {
    const env = { DISPLAY: "", WAYLAND_DISPLAY: "" }
    const { status, stderr } = await scan(path.join(sources, "eval.js"), ["--open", "--output", outputFile()], { env })
    expect(status).toBe(0)
    expect(stderr).toMatch(/^No desktop to open the page on$/m)
  })
})

describe("one line and status 2", () => {
  async function expectLine(args: string[], line: RegExp) {
    const { status, stdout, stderr } = await runCommand(process.execPath, [main, ...args])
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" })
    expect(stderr).toMatch(/^[^\n]+\n$/)
    expect(stderr).toMatch(line)
  }

  it.each([
    ["an unknown option", ["--nope"], /^Unknown option '--nope'$/m],
    ["an option without its value", ["--workers"], /argument missing/],
    ["no workers", ["--workers", "0"], /number from 1 to 64: "0"/],
    ["too many workers", ["--workers", "65"], /number from 1 to 64: "65"/],
    ["workers that are no number", ["--workers", "2x"], /number from 1 to 64: "2x"/],
    ["two paths", ["a", "b"], /one PATH/],
    ["an empty path", [""], /PATH is empty/],
    ["a folder for the data with something else in it", ["--data", path.join(root, "lib")], /lib" is not empty/],
    ["a folder for the data that cannot be", ["--data", path.join(main, "x")], /^Cannot use .*ENOTDIR/],
    ["a path that does not exist", ["/no\nsuch/päth"], /^No such file or folder: "\/no\\nsuch\/päth"$/m],
    ["an output in a folder that does not exist", ["--output", "/no/such/report.sarif"], /^Cannot write .*ENOENT/],
    ["an output that is a folder", ["--output", tmpdir()], /^Cannot write .*it is a folder/],
  ])("for %s", (_, args, line) => expectLine(args, line))

  it("for a folder without source files", async () => {
    const folder = path.dirname(outputFile())
    write(folder, { "node_modules/x.js": "x()\n", "README.md": "" })
    await expectLine([folder], /^No JavaScript or TypeScript files to scan/)
  })

  it("for a file that is not a source file", () => expectLine([path.join(sources, "README.md")], /^No JavaScript/))

  it.skipIf(process.platform === "win32")("for a FIFO", async () => {
    const fifo = path.join(path.dirname(outputFile()), "fifo.js")
    execFileSync("mkfifo", [fifo])
    await expectLine([fifo], /is neither a file nor a folder/)
  })

  it.skipIf(process.platform === "win32")("for a socket", async () => {
    const socket = path.join(path.dirname(outputFile()), "s.js")
    const server = net.createServer().listen(socket)
    onTestFinished(() => void server.close())
    await once(server, "listening")
    await expectLine([socket], /is neither a file nor a folder/)
  })
})

it("prints its help", async () => {
  const { status, stdout, stderr } = await runCommand(process.execPath, [main, "--help"])
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  expect(stdout).not.toBe("")
})
