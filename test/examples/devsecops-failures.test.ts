// What becomes of a scan whose processes are killed, and what the pipeline's links let through.

import { type ChildProcess, execFileSync, fork, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, rmSync } from "node:fs"
import net from "node:net"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import * as zmq from "ohmq"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"

import { failure, open } from "../support/sockets.js"
import { main, outputFile, pipeline, runOf, temporary, uris, write } from "./pipeline-runs.js"

/** Many files that take a while, and two files with one weakness each. */
let many: string
let sources: string
const COUNT = 60

beforeAll(() => {
  many = temporary()
  const body = "if (a[b] === c) d = new RegExp(e + f)\n".repeat(80)
  for (let index = 0; index < COUNT; index += 1) write(many, { [`${index}.js`]: `eval(code${index})\n${body}` })
  sources = temporary()
  write(sources, { "eval.js": "eval(input)\n", "exec.cjs": "require('child_process').exec(command)\n" })
})

afterAll(() => {
  for (const folder of [many, sources]) rmSync(folder, { recursive: true, force: true })
})

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

    // With the keys, its messages arrive.
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
