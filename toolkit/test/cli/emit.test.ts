import { copyFileSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { gateConfig, gatePlace } from "../relay/gates.js"
import { startRelay } from "../relay/in-process.js"
import { freePort, linesOf, temporaryFolder, until } from "../relay/support.js"
import { Running, run } from "./commands.js"

const report = resolve(import.meta.dirname, "../events/sarif/flawfinder.sarif")

/** A relay with a ROUTER and a PULL socket. */
async function relayIn(folder: string) {
  const [router, pull] = [`tcp://127.0.0.1:${await freePort()}`, `tcp://127.0.0.1:${await freePort()}`]
  const relay = await startRelay(
    folder,
    `version: 1
store: { path: ./data }
sources:
  router: { type: zmq, socket: router, bind: "${router}" }
  pull: { type: zmq, socket: pull, bind: "${pull}" }
routes:
  - { name: all, from: [router, pull], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  )
  const lines = async (count: number) => {
    const all = () => linesOf(join(folder, "events.ndjson"))
    await until(() => all().length >= count)
    return all()
  }
  return { ...relay, router, pull, lines }
}

describe("ohmq emit", () => {
  it("sends an event, and waits until it is on disk", async () => {
    const folder = temporaryFolder()
    const { router, lines } = await relayIn(folder)
    writeFileSync(join(folder, "data.json"), '{ "count": 1.0 }')
    const args = ["emit", "scan.finished", "--data", "data.json", "--id", "e1", "--subject", "main", "--wait-ack"]
    expect(await run(folder, args, { OHMQ_RELAY: router })).toEqual({ code: 0, stdout: "stored e1\n", stderr: "" })
    const [line] = await lines(1)
    expect(line).toMatchObject({
      id: "e1",
      type: "scan.finished",
      source: "/ohmq/cli",
      subject: "main",
      data: { count: 1 },
    })
    const github = {
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: "octocat/hello",
      GITHUB_RUN_ID: "7",
      GITHUB_JOB: "build",
    }
    const json = await run(folder, ["emit", "a.b", "--wait-ack", "--output", "json", "--to", router], github)
    expect(JSON.parse(json.stdout)).toEqual({ stored: 1, refused: 0, id: expect.any(String) })
    expect((await lines(2))[1]).toMatchObject({ source: "https://github.com/octocat/hello/actions/runs/7" })
  })

  it("says that an event is stored only if it is", async () => {
    const { folder, endpoint, source } = await gatePlace(temporaryFolder())
    await startRelay(folder, gateConfig(source()))
    const args = ["emit", "a.b", "--id", "z1", "--wait-ack", "--cert", "ci.key_secret", "--server-cert", "relay.key"]
    const refused = { code: 4, stderr: expect.stringContaining("error: refused: z1: ") }
    expect(await run(folder, [...args, "--to", endpoint])).toMatchObject({ ...refused, stdout: "" })
    expect(await run(folder, [...args, "--to", endpoint, "--output", "json"])).toMatchObject({
      ...refused,
      stdout: '{"stored":0,"refused":1}\n',
    })
  })

  it("sends an event to a ROUTER or a PULL socket, without an answer, from standard input", async () => {
    const folder = temporaryFolder()
    const { router, pull, lines } = await relayIn(folder)
    for (const [index, to] of [router, pull].entries()) {
      const command = new Running(folder, ["emit", "a.b", "--data", "-", "--id", `e${index}`, "--to", to])
      command.child.stdin?.end(`{"index":${index}}`)
      expect(await command.end()).toEqual({ code: 0, stdout: `sent e${index}\n`, stderr: "" })
    }
    expect((await lines(2)).map(({ id, data }) => [id, data])).toEqual([
      ["e0", { index: 0 }],
      ["e1", { index: 1 }],
    ])
    const waits = await run(folder, ["emit", "a.b", "--wait-ack", "--to", pull])
    expect(waits).toMatchObject({ code: 4, stdout: "", stderr: expect.stringContaining("socket: router") })
  })

  it("sends the findings of a SARIF log, with ids that stay the same", async () => {
    const folder = temporaryFolder()
    const { router, lines } = await relayIn(folder)
    copyFileSync(report, join(folder, "report.sarif"))
    const send = () => run(folder, ["emit", "--sarif", "report.sarif", "--wait-ack", "--to", router])
    const { code, stdout } = await send()
    expect(code).toBe(0)
    const count = Number(/^stored (\d+) findings\n$/.exec(stdout)?.[1])
    expect(count).toBeGreaterThan(2)
    await send()
    const all = await lines(2 * count)
    expect(all.every(({ type }) => type === "finding.reported")).toBe(true)
    expect(all.slice(count).map(({ id }) => id)).toEqual(all.slice(0, count).map(({ id }) => id))
    const dry = await run(folder, ["emit", "--sarif", "report.sarif", "--dry-run"])
    expect(
      dry.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).id),
    ).toEqual(all.slice(0, count).map(({ id }) => id))
  })

  it("says what is wrong, and sends nothing", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "bad.json"), '{"password": "hunter2",')
    writeFileSync(join(folder, "open.key_secret"), "", { mode: 0o644 })
    const to = ["--to", "tcp://127.0.0.1:9"]
    const cases: [args: string[], code: number, message: string][] = [
      [[], 2, "Expected either TYPE, such as scan.finished, or --sarif FILE"],
      [["a.b"], 2, "Expected --to ENDPOINT, or the environment variable OHMQ_RELAY"],
      [["a.b", "--to", "relay:5562"], 2, "--to: Expected an endpoint such as"],
      [["a.b", "--to", "tcp://relay.example.com:5562"], 2, "goes beyond this machine, unencrypted"],
      [["a.b", "--data", "bad.json", ...to], 2, "not valid JSON"],
      [
        ["a.b", "--data", "{bad", ...to],
        2,
        "--data: Cannot read {bad: ENOENT. Expected the name of a file, or - for standard input",
      ],
      [["a.b", "--source", "a b", ...to], 2, 'Attribute "source" must be a URI reference'],
      [["a.b", "--cert", "none.key_secret", ...to], 2, "--cert needs --server-cert"],
      [["a.b", "--server-cert", "env:NO_SUCH_VARIABLE", ...to], 2, "NO_SUCH_VARIABLE is not set"],
      [["a.b", "--sarif", "bad.json", ...to], 2, "Expected either TYPE"],
      [["--sarif", "bad.json", ...to], 2, "--sarif: bad.json is not JSON"],
      [["--sarif", "bad.json", "--id", "1", ...to], 2, "--id does not go with --sarif"],
      [["a.b", "--timeout", "5", ...to], 2, "--timeout: Expected a duration with a unit"],
      [["a.b", "--wait-ack", "--timeout", "300ms", ...to], 3, "0 of 1 event stored, then the time was over"],
      [["a.b", "--timeout", "300ms", ...to], 3, "took nothing in time"],
    ]
    for (const [args, code, message] of cases) {
      const ended = await run(folder, ["emit", ...args])
      expect([args, ended.code, ended.stdout]).toEqual([args, code, ""])
      expect(ended.stderr).toContain(message)
      expect(ended.stderr).not.toContain("hunter2")
      expect(ended.stderr).not.toContain("    at ")
    }
  })

  it("proves who sends with a certificate, from a file or a variable", async () => {
    const place = await gatePlace(temporaryFolder())
    const to = `tcp://127.0.0.1:${await freePort()}`
    await startRelay(
      place.folder,
      `version: 1
store: { path: ./data }
sources:
  agents: { type: zmq, socket: router, bind: "${to}", security: { cert: ./relay.key_secret, clients: ./clients } }
routes:
  - { name: all, from: [agents], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
    )
    const send = (...more: string[]) =>
      run(place.folder, ["emit", "a.b", "--wait-ack", "--timeout", "5s", "--to", to, ...more])
    expect(await send("--cert", "ci.key_secret", "--server-cert", "relay.key")).toMatchObject({ code: 0 })
    const text = readFileSync(join(place.folder, "ci.key_secret"), "utf8")
    const named = ["emit", "a.b", "--wait-ack", "--to", to, "--cert", "env:JOB_CERT", "--server-cert", "relay.key"]
    expect(await run(place.folder, named, { JOB_CERT: text })).toMatchObject({ code: 0 })
    await until(() => linesOf(join(place.folder, "events.ndjson")).length === 2)
    expect(linesOf(join(place.folder, "events.ndjson")).map(({ ohmqsender }) => ohmqsender)).toEqual(["ci", "ci"])
    expect(await send()).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("does not encrypt, and the relay does. See --server-cert. Run: ohmq doctor "),
    })
    expect(await send("--server-cert", "relay.key")).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("refused this side's certificate"),
    })
  })
})
