import { execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import path from "node:path"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { type Outcome, runCommand } from "../support/process.js"
import { main, outputFile, pipeline, type Run, runOf, scan, temporary, uris, write } from "./pipeline-runs.js"

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

describe("a scan", { timeout: 40_000 }, () => {
  let scanned: Outcome
  let output: string
  beforeAll(async () => {
    output = path.join(sources, "report.sarif")
    scanned = await scan(sources, "--output", output, "--workers", "2")
  }, 60_000)

  it("finds the weaknesses of each file, and counts them by rule and level", () => {
    const { status, stdout } = scanned
    expect(status).toBe(0)
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
    expect(stdout).toMatch(/^worker-[12]: ESLint \d+\.\d+\.\d+, \d+ files?, \d+ % busy$/m)
    expect(stdout).toMatch(/^10 files in [\d.]+ s, \d+ messages \(\d+ a second\)$/m)
    expect(stdout).toContain(`Report: ${output}`)
  })

  it("writes SARIF 2.1.0", () => {
    const log = JSON.parse(readFileSync(output, "utf8"))
    expect(log).toMatchObject({ $schema: expect.stringMatching(/sarif.*2\.1\.0\.json$/), version: "2.1.0" })
    expect(log.runs).toHaveLength(1)
    const run: Run = log.runs[0]
    const { driver } = run.tool
    expect(driver.name).toBe("ESLint")
    expect(driver.version).toBe(
      JSON.parse(readFileSync(path.join(pipeline, "node_modules/eslint/package.json"), "utf8")).version,
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

  it("takes a single file", async () => {
    const output = outputFile()
    const { status } = await scan(path.join(sources, "eval.js"), "--output", output)
    expect(status).toBe(0)
    expect(uris(runOf(output))).toEqual(["eval.js"])
  })

  it("takes a file of more text than a message usually has, and without any weakness", async () => {
    const folder = path.dirname(outputFile())
    write(folder, { "large.js": "value += 1\n".repeat(50_000) })
    const output = path.join(folder, "report.sarif")
    const { status, stdout } = await scan(folder, "--output", output)
    expect(status).toBe(0)
    expect(stdout).toMatch(/^total +0 +0 +0$/m)
    expect(runOf(output).results).toEqual([])
  })

  it("prints nothing with --quiet", async () => {
    const output = outputFile()
    const { status, stdout, stderr } = await scan(sources, "--quiet", "--output", output)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" })
    expect(uris(runOf(output))).toHaveLength(10)
  })

  it("writes report.sarif in the current folder, to which PATH is relative", async () => {
    const folder = path.dirname(outputFile())
    write(folder, { "a b/x.js": "eval(input)\n" })
    const { status } = await runCommand(process.execPath, [main, "a b"], { cwd: folder })
    expect(status).toBe(0)
    expect(uris(runOf(path.join(folder, "report.sarif")))).toEqual(["x.js"])
  })

  it("takes the folder of npm's user for the current one", async () => {
    const folder = path.dirname(outputFile())
    write(folder, { "x.js": "eval(input)\n" })
    const env = { INIT_CWD: folder, npm_lifecycle_event: "start" }
    const { status } = await runCommand(process.execPath, [main, "."], { env })
    expect(status).toBe(0)
    expect(uris(runOf(path.join(folder, "report.sarif")))).toEqual(["x.js"])
  })

  it("continues when nobody reads its output", async () => {
    const output = outputFile()
    const child = spawn(process.execPath, [main, sources, "--output", output], { stdio: ["ignore", "pipe", "inherit"] })
    child.stdout.destroy()
    expect(await once(child, "close")).toEqual([0, null])
    expect(uris(runOf(output))).toHaveLength(10)
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

  it.skipIf(!existsSync("/dev/full"))("for an output that takes nothing", () =>
    expectLine([sources, "--output", "/dev/full"].concat("--quiet"), /^Cannot write .*ENOSPC/),
  )
})

it("prints its help", async () => {
  const { status, stdout, stderr } = await runCommand(process.execPath, [main, "--help"])
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  expect(stdout).not.toBe("")
})
