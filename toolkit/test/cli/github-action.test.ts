// The GitHub Action, run by its own entry point, with the environment and files that GitHub's runner gives it.

import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { parse } from "yaml"
import { type GatePlace, gateConfig, gatePlace, signingKeys } from "../relay/gates.js"
import { startRelay } from "../relay/in-process.js"
import { command, freePort, linesOf, temporaryFolder, until } from "../relay/support.js"
import { Running, run } from "./commands.js"

const action = resolve(import.meta.dirname, "../../../integrations/github-action")
const manifest = parse(readFileSync(join(action, "action.yml"), "utf8")) as {
  inputs: Record<string, { default?: string }>
  outputs: Record<string, unknown>
  runs: { using: string; main: string; post: string }
}

/** What the runner makes of a file of names and values. */
function valuesOf(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  for (const [, name = "", , value = ""] of text.matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2\n/gm)) values[name] = value
  return values
}

/** The workflow commands that the runner sees in the output, as it reads them. */
function commandsOf(text: string) {
  const found: { name: string; properties: Record<string, string>; message: string }[] = []
  let stopped: string | undefined
  const plain = (part: string) =>
    part
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n")
      .replaceAll("%3A", ":")
      .replaceAll("%2C", ",")
      .replaceAll("%25", "%")
  for (const line of text.split(/\r?\n/)) {
    const [, name = "", list = "", message = ""] = /^::([\w-]+)(?: ([^:]*))?::(.*)$/.exec(line) ?? []
    if (stopped !== undefined) {
      if (name === stopped) stopped = undefined
      continue
    }
    if (name === "") continue
    if (name === "stop-commands") stopped = message
    const properties = Object.fromEntries(
      list
        .split(",")
        .filter(Boolean)
        .map((pair) => [pair.split("=", 1)[0], plain(pair.slice(pair.indexOf("=") + 1))]),
    )
    if (name !== "stop-commands") found.push({ name, properties, message: plain(message) })
  }
  return { found, isStopped: stopped !== undefined }
}

/** A job of GitHub Actions. */
class Job {
  readonly folder: string
  readonly workspace: string
  #steps = 0

  constructor(folder = temporaryFolder()) {
    this.folder = folder
    this.workspace = join(folder, "workspace")
    mkdirSync(this.workspace)
    mkdirSync(join(folder, "temp"))
  }

  /** What is left in the temporary folder of the runner. */
  get left(): string[] {
    return readdirSync(join(this.folder, "temp"))
  }

  /** Starts a step of the job. */
  step(inputs: Record<string, string>, more: NodeJS.ProcessEnv = {}, program = manifest.runs.main) {
    const step = `step${this.#steps++}`
    const files = ["output", "state", "summary", "env"].map((name) => join(this.folder, `${step}-${name}`))
    for (const file of files) writeFileSync(file, "")
    const [output = "", state = "", summary = "", env = ""] = files
    const defaults = Object.entries(manifest.inputs).map(([name, one]) => [name, one.default ?? ""] as const)
    expect(Object.keys(manifest.inputs)).toEqual(expect.arrayContaining(Object.keys(inputs)))
    const given = [...defaults, ["command", command] as const, ...Object.entries(inputs)]
    const running = new Running(
      this.workspace,
      [],
      {
        ...Object.fromEntries(given.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
        CI: "true",
        GITHUB_ACTIONS: "true",
        GITHUB_SERVER_URL: "https://github.com",
        GITHUB_REPOSITORY: "octocat/hello",
        GITHUB_RUN_ID: "7",
        GITHUB_RUN_ATTEMPT: "1",
        GITHUB_JOB: "deploy",
        GITHUB_WORKSPACE: this.workspace,
        GITHUB_OUTPUT: output,
        GITHUB_STATE: state,
        GITHUB_STEP_SUMMARY: summary,
        GITHUB_ENV: env,
        RUNNER_TEMP: join(this.folder, "temp"),
        RUNNER_OS: "Linux",
        ...more,
      },
      [join(action, program)],
    )
    const end = async () => {
      const ended = await running.end()
      const values = valuesOf(readFileSync(output, "utf8"))
      expect(Object.keys(manifest.outputs)).toEqual(expect.arrayContaining(Object.keys(values)))
      const { found, isStopped } = commandsOf(ended.stdout)
      // A step that was killed could not say that commands are read again.
      expect(isStopped).toBe(running.child.signalCode !== null)
      return {
        ...ended,
        commands: found,
        outputs: values,
        state: valuesOf(readFileSync(state, "utf8")),
        summary: readFileSync(summary, "utf8"),
      }
    }
    return { running, end }
  }
}

const inputsOf = (place: GatePlace) => ({
  to: place.endpoint,
  cert: readFileSync(join(place.folder, "ci.key_secret"), "utf8"),
  "server-cert": readFileSync(join(place.folder, "relay.key"), "utf8"),
})

async function gateJob(options?: string) {
  const job = new Job()
  const place = await gatePlace(job.folder)
  await startRelay(job.folder, gateConfig(place.source(options)))
  const as = ["--to", place.endpoint, "--cert", "alice.key_secret", "--server-cert", "relay.key"]
  const decide = async (...args: string[]) => {
    const open = async () =>
      JSON.parse((await run(job.folder, ["gate", "list", "--output", "json", ...as])).stdout) as { id: string }[]
    let [first] = await open()
    while (first === undefined) [first] = await open()
    expect(await run(job.folder, ["gate", "decide", first.id, ...args, ...as])).toMatchObject({ code: 0 })
    return first.id
  }
  return { job, place, decide }
}

describe("the GitHub Action", () => {
  it("goes on if the gate allows it, and leaves no key behind", async () => {
    const { job, place, decide } = await gateJob()
    const secret = /secret-key = "([^"]+)"/.exec(inputsOf(place).cert)?.[1] ?? ""
    const step = job.step({ ...inputsOf(place), gate: "deploy.production", subject: "v1", data: '{"commit":"abc"}' })
    let modes: number[] = []
    await until(() => {
      const [folder] = job.left
      if (folder === undefined) return false
      const files = readdirSync(join(job.folder, "temp", folder))
      modes = files.map((file) => statSync(join(job.folder, "temp", folder, file)).mode & 0o777)
      return files.length === 3
    })
    expect(modes).toEqual([0o600, 0o600, 0o600])
    const id = await decide("allow", "--reason", "100% sure,\nreally: <b>yes</b> | ::error::no")
    const { code, commands, outputs, summary, state, stdout } = await step.end()
    expect(code).toBe(0)
    expect(outputs).toEqual({
      id,
      decision: "allow",
      reason: "100% sure,\nreally: <b>yes</b> | ::error::no",
      by: "alice",
    })
    expect(commands).toEqual([
      { name: "add-mask", properties: {}, message: secret },
      {
        name: "notice",
        properties: { title: "Gate allowed" },
        message: "deploy.production: 100% sure,\nreally: <b>yes</b> | ::error::no (by alice)",
      },
    ])
    expect(summary).toContain("### Gate: allowed")
    expect(summary).not.toMatch(/<b>|::error/)
    expect(stdout).toContain("asked for deploy.production")
    expect(job.left).toEqual([])
    expect(state.isPost).toBe("true")
    expect(existsSync(state.folder ?? "")).toBe(false)
  })

  it("fails if the gate denies it, and if nobody answers", async () => {
    const { job, place, decide } = await gateJob()
    const inputs = { ...inputsOf(place), gate: "deploy.production" }
    const denied = job.step(inputs)
    await decide("deny", "--reason", "no")
    expect(await denied.end()).toMatchObject({ code: 1, outputs: { decision: "deny", reason: "no", by: "alice" } })
    // Another attempt of the same run gets the same answer.
    const again = await job.step(inputs, { GITHUB_RUN_ATTEMPT: "2" }).end()
    expect(again).toMatchObject({ code: 1, outputs: { decision: "deny" } })
    expect(again.commands.at(-1)).toEqual({
      name: "error",
      properties: { title: "Gate denied" },
      message: "deploy.production: no (by alice)",
    })
    const late = { ...inputs, subject: "other", timeout: "300ms" }
    const closed = await job.step(late).end()
    expect(closed).toMatchObject({ code: 3, outputs: { decision: "" } })
    expect(closed.commands.at(-1)).toMatchObject({ name: "error", message: "deploy.production: nobody answered" })
    const open = await job.step({ ...late, fail: "open" }).end()
    expect(open.code).toBe(0)
    expect(open.commands.at(-1)).toMatchObject({ name: "warning" })
    expect(job.left).toEqual([])
  })

  it("accepts only answers that the pinned key has signed", async () => {
    const { job, place, decide } = await gateJob()
    signingKeys(job.folder)
    const key = readFileSync(join(job.folder, "sign.pub"), "utf8")
    const inputs = { ...inputsOf(place), gate: "deploy.production", "verify-key": key }
    const signed = job.step(inputs)
    await decide("allow", "--sign-key", "sign.key")
    expect(await signed.end()).toMatchObject({ code: 0, outputs: { decision: "allow" } })
    const unsigned = job.step({ ...inputs, subject: "other" })
    await decide("allow")
    expect(await unsigned.end()).toMatchObject({ code: 4, outputs: {} })
  })

  it("sends events and findings, and shows findings as annotations and in the summary", async () => {
    const job = new Job()
    const to = `tcp://127.0.0.1:${await freePort()}`
    await startRelay(
      job.folder,
      `version: 1
store: { path: ./data }
sources:
  agents: { type: zmq, socket: router, bind: "${to}" }
routes:
  - { name: all, from: [agents], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
    )
    const result = (level: string, text: string, line: number) => ({
      ruleId: "no,eval:1",
      level,
      message: { text },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: `file://${job.workspace}/src/a.js` },
            region: { startLine: line },
          },
        },
      ],
    })
    const results = [
      result("error", "50% of\r\nthis: is `bad` ::error::x", 3),
      result("warning", "hm", 4),
      ...Array.from({ length: 12 }, (_, index) => result("note", `note ${index}`, 10 + index)),
    ]
    const log = { version: "2.1.0", runs: [{ tool: { driver: { name: "lint" } }, results }] }
    writeFileSync(join(job.workspace, "report.sarif"), JSON.stringify(log))
    const { code, commands, outputs, summary } = await job
      .step({ to, sarif: "report.sarif", emit: "scan.finished", data: '{"tool":"lint"}', id: "e1" })
      .end()
    expect(code).toBe(0)
    expect(outputs).toEqual({ findings: "14", id: "e1" })
    expect(commands[0]).toEqual({
      name: "error",
      properties: { file: "src/a.js", line: "3", title: "lint: no,eval:1" },
      message: "50% of\r\nthis: is `bad` ::error::x",
    })
    expect(commands.filter(({ name }) => name === "notice")).toHaveLength(11)
    expect(commands.at(-1)?.message).toBe("2 more findings are in the job summary")
    expect(summary).toContain("### 14 findings")
    expect(summary.split("\n").filter((line) => line.startsWith("| "))).toHaveLength(15)
    const lines = () => linesOf(join(job.folder, "events.ndjson"))
    await until(() => lines().length === 15)
    expect(lines().map(({ type }) => type)).toEqual([...Array(14).fill("finding.reported"), "scan.finished"])
    expect(job.left).toEqual([])
  })

  it("says what is wrong with its inputs", async () => {
    const job = new Job()
    const cases: [Record<string, string>, string][] = [
      [{ to: "tcp://127.0.0.1:9" }, "Expected at least one of the inputs emit, sarif and gate"],
      [{ emit: "a.b" }, "The input to is required: the endpoint of the relay"],
      [{ to: "tcp://127.0.0.1:9", emit: "a.b", gate: "b" }, "emit and gate need a step each"],
      [
        { to: "tcp://127.0.0.1:9", emit: "a.b", insecure: "yes" },
        'insecure: expected true or false, but received "yes"',
      ],
      [{ to: "tcp://127.0.0.1:9", emit: "a.b", command: "no-such-command" }, 'There is no command "no-such-command"'],
      [{ to: "tcp://relay.example.com:9", emit: "a.b" }, "Sending the event failed with exit code 2"],
    ]
    for (const [inputs, message] of cases) {
      const { code, commands } = await job.step(inputs).end()
      expect([inputs, code, commands.at(-1)]).toEqual([
        inputs,
        2,
        { name: "error", properties: { title: "ohmq" }, message: expect.stringContaining(message) },
      ])
    }
    expect(job.left).toEqual([])
  })

  it("removes in its post step what a killed step has left, and nothing else", async () => {
    const { job, place } = await gateJob()
    const step = job.step({ ...inputsOf(place), gate: "deploy.production" })
    await until(() => step.running.stdout.includes("asked for"))
    const { pid } = step.running.child
    const [command] = execFileSync("pgrep", ["-P", `${pid}`], { encoding: "utf8" }).split("\n")
    step.running.child.kill("SIGKILL")
    // The runner ends what a step has started.
    process.kill(Number(command), "SIGKILL")
    const { state } = await step.end()
    expect(job.left).toHaveLength(1)
    const post = (folder: string) =>
      job.step({ to: "x" }, { STATE_isPost: "true", STATE_folder: folder }, manifest.runs.post).end()
    for (const folder of [job.workspace, join(job.folder, "temp"), join(job.folder, "temp", "other")]) {
      mkdirSync(folder, { recursive: true })
      expect(await post(folder)).toMatchObject({ code: 0 })
      expect(existsSync(folder)).toBe(true)
    }
    expect(await post(state.folder ?? "")).toMatchObject({ code: 0 })
    expect(job.left).toEqual(["other"])
  })

  it("ends the wait if the job is cancelled", async () => {
    const { job, place } = await gateJob()
    const step = job.step({ ...inputsOf(place), gate: "deploy.production" })
    await until(() => step.running.stdout.includes("asked for"))
    step.running.child.kill("SIGINT")
    expect(await step.end()).toMatchObject({ code: 130, stdout: expect.stringContaining("the request stays open") })
    expect(job.left).toEqual([])
  })
})
