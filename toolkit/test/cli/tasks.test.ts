// `ohmq tasks`, by the real command.

import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { describe, expect, it, onTestFinished } from "vitest"
import { command, ohmq, temporaryFolder } from "../relay/support.js"
import { until } from "../tasks/support.js"

const run = (...args: string[]) => ohmq(temporaryFolder(), "tasks", ...args)

/** A command that goes on, and what it has said on standard error. */
class Running {
  readonly child: ChildProcess
  text = ""

  constructor(args: readonly string[], folder = temporaryFolder()) {
    this.child = spawn(process.execPath, [command, "tasks", ...args], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    })
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.text += text
    })
    onTestFinished(async () => {
      await this.end("SIGKILL")
    })
  }

  async said(pattern: RegExp): Promise<RegExpExecArray> {
    await until(() => pattern.test(this.text) || this.child.exitCode !== null)
    const found = pattern.exec(this.text)
    if (!found) throw new Error(`It has ended: ${this.text}`)
    return found
  }

  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, "exit")
      this.child.kill(signal)
      await exited
    }
    return this.child.exitCode
  }
}

/** A queue, and a function that runs commands on it. */
async function served(...args: string[]) {
  const store = join(temporaryFolder(), "store")
  const server = new Running(["serve", "--bind", "tcp://127.0.0.1:*", "--store", store, "--lease", "1s", ...args])
  const [, endpoint = ""] = await server.said(/"endpoint":"(.+?)"/)
  return { server, store, endpoint, on: (name: string, ...rest: string[]) => run(name, "--queue", endpoint, ...rest) }
}

/** A result of SARIF, in so far as it is looked at here. */
interface Found {
  ruleId: string
  locations: { physicalLocation: { artifactLocation: { uri: string } } }[]
}

const serve = ["serve", "--bind", "tcp://127.0.0.1:*", "--store", "x"]

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe("ohmq tasks", () => {
  it("explains itself and each command", () => {
    const { stdout } = run("--help")
    const names = [...stdout.matchAll(/^ {2}([a-z]+) --/gm)].map(([, name]) => name as string)
    expect(names.length).toBe(17)
    for (const name of names) expect(run(name, "--help").stdout).toContain(`Usage: ohmq tasks ${name} `)
    // Behind --, it is the option of another command.
    expect(run("work", "--queue", "tcp://x:1", "--", "nikto", "--help", "{}").stdout).toBe("")
  })

  it.each([
    [["serv"], 'Unknown command "serv". Did you mean "serve"?'],
    [["serve", "--store", "x"], "Expected --bind ENDPOINT, such as --bind tcp://127.0.0.1:5580"],
    [
      ["serve", "--bind", "tcp://0.0.0.0:1", "--store", "x"],
      "--bind: tcp://0.0.0.0:1 can be reached from other machines, unencrypted. Give --cert FILE_secret and --clients DIR, or --insecure",
    ],
    [["serve", "--bind", "0.0.0.0:1", "--store", "x"], "--bind: Expected an endpoint such as tcp://127.0.0.1:5580 but"],
    [
      ["serve", "--bind", "tcp://127.0.0.1:*", "--store", "x", "--lease", "1"],
      "--lease: Expected a duration with a unit",
    ],
    [
      ["serve", "--bind", "tcp://127.0.0.1:*", "--store", "x", "--http", "0.0.0.0:1"],
      "--http serves without encryption",
    ],
    [["serve", "--bind", "tcp://127.0.0.1:*", "--store", "x", "--clients", "any"], "--clients needs --cert FILE"],
    [[...serve, "--stream", "s"], "--stream and --replicas need --jetstream SERVERS"],
    [[...serve, "--jetstream", "nats://127.0.0.1:1"], "--jetstream needs --stream NAME"],
    [[...serve, "--jetstream", "nats://h:1", "--stream", "s"], "--jetstream: nats://h:1 goes beyond this machine"],
    [[...serve, "--jetstream", "http://h", "--stream", "s"], "--jetstream: Expected an address such as"],
    [[...serve, "--jetstream", "tls://h", "--stream", "s", "--replicas", "2"], "--replicas: Expected 1, 3 or 5"],
    [[...serve, "--jetstream", "x.yaml", "--stream", "s"], "--stream and --replicas belong in x.yaml"],
    [["submit", "x"], "Expected --queue ENDPOINT"],
    [
      ["submit", "--queue", "tcp://h:1", "x"],
      "--queue: tcp://h:1 goes beyond this machine, unencrypted. Give --cert FILE_secret and --server-cert FILE, or --insecure",
    ],
    [["submit", "--queue", "127.0.0.1:1", "x"], "--queue: Expected an endpoint such as tcp://127.0.0.1:5580 but"],
    [["submit", "--queue", "tcp://127.0.0.1:1"], "Expected an INPUT, or --each FILE"],
    [["submit", "--queue", "tcp://127.0.0.1:1", "x", "--run-at", "noon"], "--run-at: Expected a time such as"],
    [["work", "--queue", "tcp://127.0.0.1:1", "nikto", "{}"], "Expected -- and a command, such as -- nikto -h {}"],
    [["work", "--queue", "tcp://127.0.0.1:1", "--", "nikto"], "No argument of nikto has the input"],
    [["work", "--queue", "tcp://127.0.0.1:1", "--ok-codes", "x", "--", "a", "{}"], "--ok-codes: Expected exit codes"],
    [["cancel", "--queue", "tcp://127.0.0.1:1"], "Expected ids of tasks, --name, --batch or --state; or --all"],
    [
      ["list", "--queue", "tcp://127.0.0.1:1", "--state", "faild"],
      '--state: Unknown value "faild". Did you mean "failed"?',
    ],
    [["limit", "--queue", "tcp://127.0.0.1:1", "--rate", "fast"], "--rate: Expected a rate such as 10/s"],
  ])("refuses %j", (args, message) => {
    const { status, stderr } = run(...args)
    expect(stderr).toContain(`error: ${message}`)
    expect(status).toBe(2)
  })

  it("names every mistake in a file for --jetstream", () => {
    const file = join(temporaryFolder(), "jetstream.yaml")
    writeFileSync(file, "servers: nats://127.0.0.1:1\nstream: a.b\npasword: env:X\n")
    const { status, stderr } = run(...serve, "--jetstream", file)
    expect(status).toBe(2)
    expect(stderr).toContain('jetstream.yaml:3:1: pasword: Unknown option "pasword". Did you mean "password"?')
    expect(stderr).toContain("jetstream.yaml:2:9: stream: Expected the name of a stream")
    writeFileSync(file, "servers: nats://h:1\nstream: a\n")
    expect(run(...serve, "--jetstream", file).stderr).toContain("servers: nats://h:1 goes beyond this machine")
  })

  it("submits, works, waits and shows, with exit codes", async () => {
    const { server, endpoint, on } = await served("--http", "127.0.0.1:0")
    const folder = temporaryFolder()
    writeFileSync(join(folder, "lines.txt"), "one\n\ntwo words\r\n-three\nfail\n")
    const submit = () => on("submit", "--each", join(folder, "lines.txt"), "--batch", "b", "--attempts", "1")
    expect(submit()).toMatchObject({ status: 0, stdout: "4 tasks submitted, batch b\n" })
    expect(submit()).toMatchObject({ status: 0, stdout: "0 tasks submitted, batch b, 4 known already\n" })
    expect(on("wait", "--timeout", "100ms")).toMatchObject({ status: 3 })
    const program = "if (process.argv[1] === 'fail') process.exit(4); console.log('did ' + process.argv[1])"
    const work = ["work", "--queue", endpoint, "--concurrency", "2", "--worker", "w", "--allow-options", "--"]
    const worker = new Running([...work, process.execPath, "-e", program, "--", "{}"])
    expect(on("wait", "--batch", "b")).toMatchObject({ status: 1, stdout: "3 finished, 1 failed\n" })
    expect(on("wait", "b-1")).toMatchObject({ status: 0, stdout: "finished\n" })
    expect(on("watch", "--batch", "b").stdout).toContain("4 of 4: 3 finished, 1 failed")
    const lines = on("results", "--output", "json")
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(
      lines.map(({ id, input, state, attempts, worker, exitCode, output }) => [
        id,
        input,
        state,
        attempts,
        worker,
        exitCode,
        output,
      ]),
    ).toEqual([
      ["b-1", "one", "finished", 1, "w", 0, "did one\n"],
      ["b-3", "two words", "finished", 1, "w", 0, "did two words\n"],
      ["b-4", "-three", "finished", 1, "w", 0, "did -three\n"],
      ["b-5", "fail", "failed", 1, "w", 4, ""],
    ])
    expect(on("list", "--state", "failed").stdout).toMatch(
      /^b-5 {2}failed {2}default {2}1\/1 {2}w {2}.* ended with exit code 4\n$/,
    )
    expect(on("show", "b-1").stdout).toContain('input: "one"')
    expect(on("show", "b-9")).toMatchObject({ status: 1, stderr: 'error: There is no task "b-9"\n' })
    expect(on("retry", "--all").stdout).toBe("1 task tried again\n")
    expect(on("wait").status).toBe(1)
    expect(on("discard", "--state", "failed").stdout).toBe("1 task discarded\n")
    expect(on("limit", "--rate", "10/s", "--concurrency", "3").status).toBe(0)
    expect(on("pause").stdout).toBe("default is paused\n")
    expect(on("submit", "--id", "x", "y").status).toBe(0)
    expect(on("status").stdout).toContain("queue default (paused, at most 10 in 1000 ms, at most 3 at a time)")
    expect(on("cancel", "x").stdout).toBe("1 task cancelled\n")
    const [, http = ""] = await server.said(/"http":"(.+?)"/)
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).toContain('ohmq_tasks_ended_total{queue="default",outcome="finished"} 3')
    expect(metrics).toContain('ohmq_tasks_known{queue="default",state="cancelled"} 1')
    expect((await fetch(`${http}/readyz`)).status).toBe(200)
    expect(await worker.end()).toBe(0)
    expect(await server.end()).toBe(0)
  })

  it("ends the commands of a worker that is killed, and another worker does its task", async () => {
    const { endpoint, on } = await served()
    const file = join(temporaryFolder(), "pids")
    // It has a child that ignores SIGTERM, and goes on at the first attempt.
    const program = `
      require("node:fs").appendFileSync(process.argv[1], process.pid + "\\n")
      if (process.env.OHMQ_TASK_ATTEMPT === "1") setInterval(() => 0, 1000)`
    const work = () => new Running(["work", "--queue", endpoint, "--", process.execPath, "-e", program, "{}"])
    const first = work()
    on("submit", "--id", "t", file)
    // The file is there before the line is.
    await until(() => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"))
    const pid = Number(readFileSync(file, "utf8"))
    expect(isAlive(pid)).toBe(true)
    await first.end("SIGKILL")
    await until(() => !isAlive(pid))
    work()
    expect(on("wait").status).toBe(0)
    expect(JSON.parse(on("show", "t", "--output", "json").stdout)).toMatchObject({ attempt: 2, state: "finished" })
  })

  it("takes over when the process that serves is killed", async () => {
    const { server, store, endpoint, on } = await served()
    const port = endpoint.slice(endpoint.lastIndexOf(":") + 1)
    const standby = new Running(["serve", "--bind", "tcp://127.0.0.1:*", "--store", store, "--standby"])
    await standby.said(/waits to take over/)
    expect(on("submit", "--id", "t", "x").status).toBe(0)
    const worker = new Running(["serve", "--bind", endpoint, "--store", store])
    await worker.said(/LOCKED|is in use|in use|error/i)
    await server.end("SIGKILL")
    const [, other = ""] = await standby.said(/"endpoint":"(.+?)"/)
    expect(other).not.toContain(`:${port}"`)
    // Clients that know both find the one that serves.
    expect(run("list", "--queue", `${endpoint},${other}`).stdout).toMatch(/^t {2}ready/)
  })

  it("merges the findings of all tasks into one SARIF log, each once", async () => {
    const { endpoint, on } = await served()
    // Both of its places are found by each task, with one rule and one run.
    const program = `
      const result = (uri) => ({ ruleId: "r", message: { text: "m" }, locations: [{ physicalLocation: { artifactLocation: { uri } } }] })
      const results = [result("both"), result(process.argv[1])]
      console.log(JSON.stringify({ version: "2.1.0", runs: [{ tool: { driver: { name: "t", rules: [{ id: "r" }] } }, results }] }))`
    new Running(["work", "--queue", endpoint, "--", process.execPath, "-e", program, "{}"])
    on("submit", "one", "two", "one")
    expect(on("wait").stdout).toBe("3 finished\n")
    const { runs } = JSON.parse(on("results", "--sarif").stdout)
    expect(runs.length).toBe(1)
    const uris = runs[0].results.map((result: Found) => result.locations[0]?.physicalLocation.artifactLocation.uri)
    expect(uris.toSorted()).toEqual(["both", "one", "two"])
  })

  it("says that a failure is final, if its task has attempts left", async () => {
    const { endpoint, on } = await served()
    on("submit", "--id", "f", "--", "-option")
    const worker = new Running(["work", "--queue", endpoint, "--worker", "w", "--", "echo", "{}"])
    await worker.said(/^failed f, attempt 1 of 3, which is final: /m)
    expect(on("list").stdout).toMatch(/^f {2}failed {2}default {2}1\/3 final {2}w {2}/)
  })

  it("lets in who has a certificate", async () => {
    const folder = temporaryFolder()
    for (const name of ["hub", "ci", "other"]) ohmq(folder, "keys", "certificate", `${name}.key`, `name=${name}`)
    mkdirSync(join(folder, "clients"))
    copyFileSync(join(folder, "ci.key"), join(folder, "clients/ci.key"))
    const security = ["--cert", join(folder, "hub.key_secret"), "--clients", join(folder, "clients")]
    const { on, server, endpoint } = await served(...security)
    const mine = ["--cert", join(folder, "ci.key_secret"), "--server-cert", join(folder, "hub.key")]
    expect(on("submit", ...mine, "--id", "t", "x").status).toBe(0)
    expect(on("show", ...mine, "t").stdout).toContain("user: ci\n")
    // It depends on who is faster.
    const noHandshake = /ended the connection before it was ready\. |^error: The handshake with \S+ failed: /
    const begun = Date.now()
    for (const [args, message] of [
      [mine.slice(2), /does not let this client in/],
      [[...mine.slice(0, 2), "--server-cert", join(folder, "other.key")], noHandshake],
      [[], noHandshake],
    ] as const) {
      const { status, stderr } = on("submit", ...args, "x")
      expect(status).toBe(4)
      expect(stderr).toMatch(message)
      expect(stderr).not.toMatch(/Is the queue running|did not answer|\?\./)
    }
    // At once, and not after the 10 s of a queue that does not answer.
    expect(Date.now() - begun).toBeLessThan(15_000)
    const second = run("serve", "--bind", endpoint, "--store", join(temporaryFolder(), "store"))
    expect(second).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`--bind: Cannot listen at ${endpoint}: `),
    })
    await server.end()
    const closed = on("submit", ...mine, "x")
    expect(closed).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("cannot be reached. Is the queue running"),
    })
  })
})

describe("README.md, scanning with many workers", () => {
  it("has commands that scan an application with three workers, one of which is killed", {
    timeout: 90_000,
  }, async () => {
    const root = join(import.meta.dirname, "../../..")
    const readme = readFileSync(join(root, "toolkit/README.md"), "utf8")
    const section = /^## Scan with many workers\n(.+?)^## /ms.exec(readme)?.[1] ?? ""
    const [first = "", second = ""] = [...section.matchAll(/^```sh\n(.+?)^```/gms)].map(([, text]) => text as string)
    const folder = temporaryFolder()
    // The same on other ports, and in a folder that is removed.
    const { endpoint } = await served("--lease", "3s")
    const shop = spawn(process.execPath, [join(root, "toolkit/examples/shop.mjs"), "0"], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    onTestFinished(() => void shop.kill("SIGKILL"))
    const [url] = await once(shop.stdout, "data")
    const here = (text: string) =>
      text
        .replaceAll("npx ohmq", `"${process.execPath}" "${command}"`)
        .replaceAll("toolkit/examples", join(root, "toolkit/examples"))
        .replaceAll("http://127.0.0.1:8090", String(url).trim())
        .replaceAll("tcp://127.0.0.1:5580", endpoint)
        .replace(/^.*(shop\.mjs|tasks serve).*\n/gm, "")
    const shell = (text: string) => {
      const child = spawn("sh", ["-c", text], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], detached: true })
      let said = ""
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (some) => {
          said += some
        })
      onTestFinished(() => {
        try {
          process.kill(-(child.pid as number), "SIGKILL")
        } catch {
          // It has ended.
        }
      })
      return { said: () => said, ended: new Promise<number | null>((resolve) => child.on("exit", resolve)) }
    }
    const { said, ended } = shell(here(first))
    expect(await ended).toBe(0)
    expect(said()).toContain("9 tasks submitted")
    const pids = [...said().matchAll(/^worker \S+-(\d+): 1 of 1/gm)].map(([, pid]) => pid as string)
    expect(pids.length).toBe(3)
    const after = shell(`QUEUE=${endpoint}\n${here(second).replace("kill -9 PID", `kill -9 ${pids[0]}`)}`)
    expect(await after.ended).toBe(0)
    expect(after.said()).toBe("9 finished\n")
    const { runs } = JSON.parse(readFileSync(join(folder, "scan.sarif"), "utf8"))
    expect(runs.length).toBe(1)
    expect(runs[0].results.length).toBe(12)
    expect(new Set(runs[0].results.map(({ ruleId }: Found) => ruleId)).size).toBe(5)
    const again = ohmq(folder, "tasks", "results", "--queue", endpoint, "--output", "json")
    const attempts = again.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).attempts)
    expect(attempts.filter((one) => one === 2).length).toBe(1)
  })
})
