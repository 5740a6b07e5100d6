import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process"
import { once } from "node:events"
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import net from "node:net"
import { tmpdir } from "node:os"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import * as zmq from "ohmq"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { ensureExample } from "../../scripts/lib/packages.mjs"
import { type Outcome, root, runCommand } from "../support/process.js"
import { failure, open } from "../support/sockets.js"

const pipeline = path.join(root, "examples/pipeline")
const main = path.join(pipeline, "start.mjs")

interface Run {
  tool: { driver: { name: string; version: string; rules: { id: string; shortDescription: { text: string } }[] } }
  artifacts: { location: { uri: string } }[]
  originalUriBaseIds: Record<string, { uri: string }>
  results: {
    ruleId: string
    ruleIndex: number
    level: string
    message: { text: string }
    locations: {
      physicalLocation: {
        artifactLocation: { uri: string; uriBaseId: string; index: number }
        region?: { startLine: number; startColumn: number; endLine: number; endColumn: number }
      }
    }[]
  }[]
}

/** Files that stay for all tests: a clean one, some with one weakness each, and what must not be scanned. */
let sources: string
/** Many files that take a while. */
let many: string
const COUNT = 60

function write(folder: string, files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

function temporary() {
  return realpathSync(mkdtempSync(path.join(tmpdir(), "ohmq pipeline ü ")))
}

beforeAll(() => ensureExample("pipeline"), 300_000)

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
  many = temporary()
  const body = "if (a[b] === c) d = new RegExp(e + f)\n".repeat(80)
  for (let index = 0; index < COUNT; index += 1) write(many, { [`${index}.js`]: `eval(code${index})\n${body}` })
})

afterAll(() => {
  for (const folder of [sources, many]) rmSync(folder, { recursive: true, force: true })
})

function outputFile() {
  const folder = temporary()
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return path.join(folder, "report.sarif")
}

const runOf = (file: string): Run => JSON.parse(readFileSync(file, "utf8")).runs[0]
const uris = (run: Run) => run.artifacts.map((artifact) => artifact.location.uri)

function scan(target: string, ...args: string[]): Promise<Outcome> {
  return runCommand(process.execPath, [main, target, ...args], { timeout: 60_000 })
}

/** The processes that a process has started and that still run. */
function childrenOf(pid: number): { pid: number; args: string }[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n")
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [])
    .filter(([, , parent, state]) => Number(parent) === pid && !state?.startsWith("Z"))
    .map(([, child, , , args]) => ({ pid: Number(child), args: args as string }))
}

const workersOf = (pid: number) => childrenOf(pid).filter(({ args }) => args.includes("worker.mjs"))

/** Whether a process runs; one that has ended and that nobody has asked for its status does not. */
function runs(pid: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", `${pid}`], { encoding: "utf8" }).startsWith("Z")
  } catch {
    return false
  }
}

function kill(pid: number, signal: NodeJS.Signals = "SIGKILL") {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

/** Starts a scan of many files, and resolves when about a quarter of them is done. */
async function startScan(workers: number) {
  const output = outputFile()
  const child = spawn(process.execPath, [main, many, "--workers", `${workers}`, "--output", output], {
    env: { ...process.env, NODE_OPTIONS: "" },
    stdio: ["ignore", "ignore", "pipe"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let stderr = ""
  const begun = new Promise<void>((resolve) => {
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text
      if (stderr.includes(` of ${COUNT} files`)) resolve()
    })
  })
  const ended = once(child, "close").then(([status, signal]) => (status ?? signal) as number | string)
  await begun
  const pid = child.pid as number
  return { pid, output, children: childrenOf(pid).map((one) => one.pid), ended, stderr: () => stderr }
}

function expectEveryFileOnce(output: string) {
  const run = runOf(output)
  const expected = Array.from({ length: COUNT }, (_, index) => `${index}.js`).sort()
  expect(uris(run).sort()).toEqual(expected)
  const evals = run.results.filter((result) => result.ruleId === "security/detect-eval-with-expression")
  expect(evals.map((result) => result.locations[0]?.physicalLocation.artifactLocation.uri).sort()).toEqual(expected)
}

async function expectGone(pids: number[]) {
  await expect.poll(() => pids.filter(runs), { timeout: 20_000 }).toEqual([])
}

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

  it("goes on when nobody reads what it prints", async () => {
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

  it("for a file that is no source file", () => expectLine([path.join(sources, "README.md")], /^No JavaScript/))

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

// A task whose loss is not noticed is overdue after a minute, which is too late here.
describe.skipIf(process.platform === "win32")("a process that is killed", { timeout: 55_000 }, () => {
  it("is replaced if it is a worker, and every file is still reported once", async () => {
    const { pid, output, children, ended, stderr } = await startScan(3)
    kill(workersOf(pid)[0]?.pid as number)
    expect(await ended).toBe(0)
    expect(stderr()).toMatch(/^Lost worker-\d \(SIGKILL\)$/m)
    expectEveryFileOnce(output)
    await expectGone(children)
  })

  it("may be any worker but one", async () => {
    const { pid, output, children, ended } = await startScan(3)
    for (const worker of workersOf(pid).slice(1)) kill(worker.pid)
    expect(await ended).toBe(0)
    expectEveryFileOnce(output)
    await expectGone(children)
  })

  it("may be every worker", async () => {
    const { pid, output, children, ended } = await startScan(2)
    for (const worker of workersOf(pid)) kill(worker.pid)
    expect(await ended).toBe(0)
    expectEveryFileOnce(output)
    await expectGone(children)
  })

  it("ends the scan with one line if it is each worker again and again", async () => {
    const { pid, output, children, ended, stderr } = await startScan(2)
    let over = false
    ended.finally(() => {
      over = true
    })
    while (!over) {
      for (const worker of workersOf(pid)) kill(worker.pid)
      await sleep(20)
    }
    expect(await ended).toBe(1)
    expect(stderr().match(/^Lost worker-\d \(SIGKILL\)$/gm)).toHaveLength(4)
    expect(stderr()).toMatch(/\nAll workers were lost, and those that replaced them\n$/)
    expect(existsSync(output)).toBe(false)
    await expectGone(children)
  })

  it.each(["orchestrator", "task-queue", "analytics"])("ends the scan with one line if it is the %s", async (name) => {
    const { pid, output, children, ended, stderr } = await startScan(2)
    kill(childrenOf(pid).find(({ args }) => args.includes(`${name}.mjs`))?.pid as number)
    expect(await ended).toBe(1)
    expect(stderr()).toMatch(new RegExp(`\nThe ${name} was lost \\(SIGKILL\\)\n$`))
    expect(existsSync(output)).toBe(false)
    await expectGone(children)
  })

  it("takes all others with it if it is the one that started them", async () => {
    const { pid, children, ended } = await startScan(2)
    expect(children).toHaveLength(5)
    kill(pid)
    expect(await ended).toBe("SIGKILL")
    await expectGone(children)
  })

  it.each([
    ["SIGINT", 130, "Interrupted"],
    ["SIGTERM", 143, "Terminated"],
  ] as const)("ends all others on %s", async (signal, expected, line) => {
    const { pid, output, children, ended, stderr } = await startScan(2)
    // Ctrl-C in a terminal goes to all of them.
    if (signal === "SIGINT") for (const child of children) kill(child, signal)
    kill(pid, signal)
    expect(await ended).toBe(expected)
    expect(stderr()).toMatch(new RegExp(`\n${line}\n$`))
    expect(existsSync(output)).toBe(false)
    await expectGone(children)
  })
})

describe("the links", { timeout: 40_000 }, () => {
  interface Link {
    endpoint: string
    key: string
  }

  /** Starts a process of the pipeline as start.mjs does. */
  function startProcess(file: string, settings: object): ChildProcess {
    const child = fork(path.join(pipeline, `${file}.mjs`), [], {
      env: { ...process.env, NODE_OPTIONS: "" },
      execArgv: [],
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    })
    onTestFinished(() => void child.kill("SIGKILL"))
    child.send({ name: file, ...settings })
    return child
  }

  async function startOrchestrator(files: string[]): Promise<Link> {
    const [link] = await once(startProcess("orchestrator", { files }), "message")
    return link
  }

  function openRequest(link: Link) {
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const request = open(zmq.Request, {
      curveServerKey: link.key,
      curvePublicKey: publicKey,
      curveSecretKey: secretKey,
      receiveTimeout: 10_000,
    })
    request.connect(link.endpoint)
    return async (question: string, facts = {}) => {
      await request.send(JSON.stringify({ tool: "test", question, facts }))
      const [answer] = await request.receive()
      return JSON.parse(String(answer))
    }
  }

  async function untilRegistered(ask: ReturnType<typeof openRequest>) {
    const links = async () => Object.keys(await ask("links")).sort()
    await expect.poll(links, { timeout: 10_000 }).toEqual(["findings", "notices"])
  }

  /** Listens in for an endpoint: passes everything on and keeps a copy. */
  async function relay(link: Link) {
    const chunks: Buffer[] = []
    const server = net.createServer((client) => {
      const target = net.connect(Number(new URL(link.endpoint).port), "127.0.0.1")
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        from.on("data", (chunk) => chunks.push(chunk)).pipe(to)
        from.on("error", () => to.destroy())
      }
    })
    server.listen(0, "127.0.0.1")
    onTestFinished(() => void server.close())
    await once(server, "listening")
    const { port } = server.address() as net.AddressInfo
    return {
      link: { ...link, endpoint: `tcp://127.0.0.1:${port}` },
      heard: () => Buffer.concat(chunks).toString("latin1"),
    }
  }

  it("carry nothing that can be read on the way", async () => {
    const files = ["eval.js", "exec.cjs"]
    const toOrchestrator = await relay(await startOrchestrator(files))
    const ask = openRequest(toOrchestrator.link)
    const orchestrator = toOrchestrator.link
    startProcess("task-queue", { orchestrator })
    startProcess("analytics", { orchestrator })
    await untilRegistered(ask)
    const links = await ask("links")
    const toAnalytics = await relay(links.findings)
    const toTaskQueue = await relay(links.notices)
    await ask("links", { links: { findings: toAnalytics.link, notices: toTaskQueue.link } })
    startProcess("worker", { orchestrator, root: sources })
    await expect.poll(async () => (await ask("state")).finished, { timeout: 15_000 }).toBe(true)

    expect((await ask("report")).counts).toHaveProperty(["security/detect-child-process"])
    for (const { heard } of [toOrchestrator, toAnalytics, toTaskQueue]) {
      expect(heard().length).toBeGreaterThan(500)
      expect(heard()).toContain("CURVE")
      expect(heard()).not.toMatch(/eval\.js|exec\.cjs|sarif|security|finished|state/)
    }
  })

  it("answer nobody without a key, and take nothing from one", async () => {
    const orchestrator = await startOrchestrator(["eval.js"])
    const ask = openRequest(orchestrator)
    startProcess("task-queue", { orchestrator })
    startProcess("analytics", { orchestrator })
    await untilRegistered(ask)
    const { findings } = await ask("links")

    const request = open(zmq.Request, { linger: 0 })
    request.connect(orchestrator.endpoint)
    await request.send(JSON.stringify({ tool: "start", question: "files", facts: { lost: ["worker-1"] } }))
    const publisher = open(zmq.XPublisher, { linger: 0 })
    publisher.connect(findings.endpoint)
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const wrong = { curveServerKey: zmq.curveKeyPair().publicKey, curvePublicKey: publicKey, curveSecretKey: secretKey }
    const guess = open(zmq.XPublisher, { ...wrong, linger: 0 })
    guess.connect(findings.endpoint)

    const [answered, subscribed, guessed] = await Promise.all([
      failure(() => request.receive({ timeout: 500 })),
      failure(() => publisher.receive({ timeout: 500 })),
      failure(() => guess.receive({ timeout: 500 })),
    ])
    expect([answered.code, subscribed.code, guessed.code]).toEqual(["EAGAIN", "EAGAIN", "EAGAIN"])
    expect(await ask("state")).toMatchObject({ lost: [], counted: 0 })

    // With the keys it is heard.
    const friend = open(zmq.XPublisher, { ...wrong, curveServerKey: findings.key })
    friend.connect(findings.endpoint)
    expect(String((await friend.receive({ timeout: 10_000 }))[0])).toBe("\u0001sarif")
  })

  it("lose nothing that a worker finds before analytics has subscribed", async () => {
    const orchestrator = await startOrchestrator(["eval.js"])
    const ask = openRequest(orchestrator)
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const server = { curveServer: true, curveSecretKey: secretKey, receiveTimeout: 10_000 }
    const findings = open(zmq.Subscriber, server)
    const notices = open(zmq.Pull, server)
    for (const socket of [findings, notices]) await socket.bind("tcp://127.0.0.1:*")
    const linkOf = (socket: zmq.Socket) => ({ endpoint: socket.lastEndpoint, key: publicKey })
    await ask("links", { links: { findings: linkOf(findings), notices: linkOf(notices) } })
    startProcess("worker", { orchestrator, root: sources })
    await expect.poll(async () => (await ask("state")).workers, { timeout: 10_000 }).toBe(1)
    expect((await failure(() => notices.receive({ timeout: 500 }))).code).toBe("EAGAIN")

    findings.subscribe("sarif")
    // libzmq greets new peers of a bound socket only in a call on it.
    const found = findings.receive()
    const [what, name, body] = (await notices.receive()).map(String)
    expect([what, name]).toEqual(["ready", "worker"])
    const link: Link = JSON.parse(body as string)
    const client = zmq.curveKeyPair()
    const tasks = open(zmq.Push, {
      curveServerKey: link.key,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
    })
    tasks.connect(link.endpoint)
    await tasks.send(["7", "eval.js"])
    const [topic, id, log] = (await found).map(String)
    expect([topic, id]).toEqual(["sarif", "7"])
    expect(JSON.parse(log as string).runs[0].results[0].ruleId).toBe("security/detect-eval-with-expression")
  })

  it("give analytics each task once, however often it is published", async () => {
    const orchestrator = await startOrchestrator(["eval.js"])
    const ask = openRequest(orchestrator)
    startProcess("task-queue", { orchestrator })
    startProcess("analytics", { orchestrator })
    await untilRegistered(ask)
    const { findings } = await ask("links")
    const { publicKey, secretKey } = zmq.curveKeyPair()
    const publisher = open(zmq.XPublisher, {
      curveServerKey: findings.key,
      curvePublicKey: publicKey,
      curveSecretKey: secretKey,
    })
    publisher.connect(findings.endpoint)
    await publisher.receive({ timeout: 10_000 })
    const results = [{ ruleId: "rule", level: "note" }]
    const log = { runs: [{ tool: { driver: { rules: [{ id: "rule" }] } }, artifacts: [], results }] }
    for (const id of ["0", "0", "0"]) await publisher.send(["sarif", id, JSON.stringify(log)])
    await expect.poll(async () => (await ask("state")).finished, { timeout: 10_000 }).toBe(true)
    expect((await ask("report")).counts).toEqual({ rule: { error: 0, warning: 0, note: 1 } })
  })
})
