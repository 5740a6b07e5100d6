import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Pull, Router } from "ohmq"
import { run as runVerb } from "ohmq-toolkit/cli"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { type GatePlace, gateConfig, gatePlace, signingKeys } from "../relay/gates.js"
import { startRelay } from "../relay/in-process.js"
import { temporaryFolder, until } from "../relay/support.js"
import { Running, run } from "./commands.js"

/** A relay with a gate, and the commands of its peers. */
async function gateIn(folder: string, options?: string) {
  const place: GatePlace = await gatePlace(folder)
  const relay = await startRelay(folder, gateConfig(place.source(options)))
  const as = (name: string) => ["--to", place.endpoint, "--cert", `${name}.key_secret`, "--server-cert", "relay.key"]
  return {
    relay,
    ask: (args: string[], env?: NodeJS.ProcessEnv, name = "ci") =>
      new Running(folder, ["gate", "--request", "deploy.production", ...args, ...as(name)], env),
    decide: (args: string[], name = "alice") => run(folder, ["gate", "decide", ...args, ...as(name)]),
    list: (args: string[] = [], name = "alice") => run(folder, ["gate", "list", ...args, ...as(name)]),
  }
}

const github = {
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "octocat/hello",
  GITHUB_RUN_ID: "7",
  GITHUB_JOB: "deploy",
}

describe("ohmq gate", () => {
  it("ends by the answer, which a job that is run again gets again", async () => {
    const { ask, decide, list } = await gateIn(temporaryFolder())
    const job = ask(["--every", "100ms"], github)
    await job.says("waiting for an answer to deploy.production (gate-")
    await job.says("9 min 59 s left")
    const [open] = JSON.parse((await list(["--output", "json"])).stdout) as { id: string; requester: string }[]
    expect(open).toMatchObject({ requester: "ci", source: "https://github.com/octocat/hello/actions/runs/7" })
    const id = open?.id ?? ""
    expect((await list()).stdout).toMatch(new RegExp(`^${id}\tdeploy\\.production\t\tci\t\\d{4}-`))
    expect(await decide([id, "deny", "--reason", "tests fail"])).toMatchObject({
      code: 0,
      stdout: `deny deploy.production (${id})\n`,
    })
    expect(await job.end()).toMatchObject({ code: 1, stdout: "deny deploy.production: tests fail (by alice)\n" })
    expect(await list()).toMatchObject({ code: 0, stdout: "", stderr: "Nothing waits for a decision\n" })
    // Another attempt of the same run.
    const again = await ask(["--output", "json"], { ...github, GITHUB_RUN_ATTEMPT: "2" }).end()
    expect(again.code).toBe(1)
    expect(JSON.parse(again.stdout)).toMatchObject({ id, decision: "deny", reason: "tests fail", by: "alice" })
    // Another question is another request.
    const other = ask(["--subject", "other", "--id", "r2"], github)
    await other.says("asked for deploy.production: r2")
    await decide(["r2", "allow"])
    expect(await other.end()).toMatchObject({ code: 0, stdout: "allow deploy.production (by alice)\n" })
  })

  it("says every 30 s that it waits, unless it is told otherwise", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
    const said = vi.spyOn(process.stderr, "write").mockReturnValue(true)
    const printed = vi.spyOn(process.stdout, "write").mockReturnValue(true)
    onTestFinished(() => {
      vi.useRealTimers()
      said.mockRestore()
      printed.mockRestore()
    })
    const waiting = () => said.mock.calls.filter(([text]) => String(text).startsWith("waiting for an answer")).length
    // Only its intervals are fake: it ends after two seconds.
    const to = ["--to", "tcp://127.0.0.1:9", "--timeout", "2s"]
    const ended = runVerb("gate", ["--request", "deploy.production", "--fail", "open", ...to])
    await until(() => vi.getTimerCount() === 1)
    for (const times of [1, 2]) {
      vi.advanceTimersByTime(29_999)
      expect(waiting()).toBe(times - 1)
      vi.advanceTimersByTime(1)
      expect(waiting()).toBe(times)
    }
    expect(await ended).toBe(0)
    expect((await run(temporaryFolder(), ["gate", "--help"])).stdout).toMatch(/^ +--every 30s /m)
  })

  it("fails closed or open as told if nobody answers, or if there is no relay", async () => {
    const folder = temporaryFolder()
    const { ask, relay } = await gateIn(folder)
    const short = ["--timeout", "500ms", "--id", "r1"]
    const closed = { code: 3, stdout: "nobody answered deploy.production within 1 s: it fails closed\n" }
    expect(await ask(short).end()).toMatchObject(closed)
    expect(await ask([...short, "--fail", "open"]).end()).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("warning: nobody answered"),
    })
    await relay.stop()
    expect(await ask(short).end()).toMatchObject(closed)
    const json = await ask([...short, "--fail", "open", "--output", "json"]).end()
    expect(json.code).toBe(0)
    expect(JSON.parse(json.stdout)).toEqual({ id: "r1", request: "deploy.production", decision: null, failed: "open" })
  })

  it("accepts only an answer that is signed with the key, for this request", async () => {
    const folder = temporaryFolder()
    signingKeys(folder)
    const { ask, decide } = await gateIn(folder)
    const verified = ["--verify-key", "sign.pub", "--timeout", "30s"]
    const signed = ask(["--id", "r1", ...verified])
    await signed.says("asked")
    expect(await decide(["r1", "allow", "--sign-key", "sign.key", "--reason", "ok"])).toMatchObject({ code: 0 })
    expect(await signed.end()).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^allow deploy\.production: ok \(by alice, signed with [0-9a-f]{64}\)\n$/),
    })
    const unsigned = ask(["--id", "r2", ...verified])
    await unsigned.says("asked")
    await decide(["r2", "allow"])
    const notAccepted = { code: 4, stdout: "", stderr: expect.stringContaining("The decision is not signed") }
    expect(await unsigned.end()).toMatchObject(notAccepted)
    // Nobody's answer fails open, and a false one never does.
    expect(await ask(["--id", "r2", ...verified, "--fail", "open"]).end()).toMatchObject(notAccepted)
    const expired = ask(["--id", "r3", ...verified])
    await expired.says("asked")
    await decide(["r3", "allow", "--sign-key", "sign.key", "--valid", "1ms"])
    expect(await expired.end()).toMatchObject({ code: 4, stderr: expect.stringContaining("has expired at") })
  })

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends with %s, and leaves the request open", async (signal, code) => {
    const { ask, list } = await gateIn(temporaryFolder())
    const job = ask(["--id", "r1"])
    await job.says("asked")
    job.child.kill(signal)
    expect(await job.end()).toMatchObject({
      code,
      stdout: "",
      stderr: expect.stringContaining("the request stays open"),
    })
    expect((await list()).stdout).toMatch(/^r1\t/)
  })

  it("says what is wrong", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "bad.json"), "{")
    signingKeys(folder)
    const { ask, decide, list } = await gateIn(folder)
    const to = ["--to", "tcp://127.0.0.1:9"]
    const cases: [args: string[], message: string][] = [
      [[...to], "Expected --request TYPE"],
      [["--request", "a b", ...to], "--request: Expected a request such as"],
      [["--request", "a", "--fail", "maybe", ...to], '--fail: Expected closed or open, but received "maybe"'],
      [["--request", "a", "--data", "bad.json", ...to], "not valid JSON"],
      [["--request", "a", "--verify-key", "none.pub", ...to], "--verify-key: "],
      [["--request", "a", "--verify-key", "sign.key", ...to], "Expected a public key, but received a private key"],
      [["--request", "a", "more", ...to], 'Unexpected argument "more"'],
      [["decide", ...to], "Expected ID, and allow or deny"],
      [["decide", "r1", "yes", ...to], "Expected ID, and allow or deny"],
      [["decide", "r1", "allow", "--valid", "1h", ...to], "--valid needs --sign-key"],
    ]
    for (const [args, message] of cases) {
      const ended = await run(folder, ["gate", ...args])
      expect([args, ended.code, ended.stdout]).toEqual([args, 2, ""])
      expect(ended.stderr).toContain(message)
    }
    const job = ask(["--id", "r1"])
    await job.says("asked")
    expect(await decide(["r1", "allow", "--sign-key", "sign.pub"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--sign-key: "),
    })
    expect(await decide(["r2", "allow"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('There is no request "r2"'),
    })
    expect(await decide(["r1", "allow"], "mallory")).toMatchObject({ code: 4 })
    expect(await decide(["r1", "allow"], "ci")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("not-a-decider"),
    })
    expect(await list([], "mallory")).toMatchObject({ code: 0, stdout: "" })
    expect(await ask(["--id", "r1", "--subject", "other"]).end()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("another subject"),
    })
    await decide(["r1", "allow"])
    expect((await job.end()).code).toBe(0)
    const liar = new Router({ linger: 0 })
    onTestFinished(() => liar.close())
    await liar.bind("tcp://127.0.0.1:*")
    const decided = run(folder, [
      "gate",
      "decide",
      "r1",
      "allow",
      "--sign-key",
      "sign.key",
      "--to",
      liar.lastEndpoint ?? "",
    ])
    const [peer = "", ...message] = await liar.receive()
    expect(message.map(String)).toEqual(["show", "r1"])
    const shown = { id: "other", request: "deploy.production", digest: "0".repeat(64) }
    await liar.send([peer, "request", JSON.stringify(shown)])
    expect(await decided).toMatchObject({
      code: 4,
      stdout: "",
      stderr: 'error: The gate showed another request than "r1": "other"\n',
    })
    const pull = new Pull()
    onTestFinished(() => pull.close())
    await pull.bind("tcp://127.0.0.1:*")
    const other = pull.lastEndpoint as string
    expect(await run(folder, ["gate", "list", "--to", other])).toMatchObject({
      code: 4,
      stderr: `error: Cannot talk to ${other}: It has a socket of another type. Run: ohmq doctor ${other}\n`,
    })
  })
})
