import { execFileSync, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"
import { command, ohmq, temporaryFolder } from "../relay/support.js"

const page = readFileSync(resolve(import.meta.dirname, "../../docs/audit.md"), "utf8")
const scripts = [...page.matchAll(/^```sh\n(.+?)^```/gms)].map(([, text]) => text as string)

function run(folder: string, input: string | Buffer, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "audit", ...args], {
    cwd: folder,
    input,
    encoding: "utf8",
  })
  return { status, stdout, stderr }
}

function shell(folder: string, script: string): string {
  const program = script.replaceAll(/\bohmq audit/g, `"${process.execPath}" "${command}" audit`)
  return execFileSync("sh", ["-e", "-c", program], { cwd: folder, encoding: "utf8" })
}

describe("ohmq audit", () => {
  it("has a quick start and a retention that work as docs/audit.md says", () => {
    const folder = temporaryFolder()
    const printed = shell(folder, scripts[0] as string)
    expect(printed).toContain("trail: 2 lines appended, the last one as entry 1. The log has 2 entries")
    expect(printed).toContain("deploy.tlog-proof: entry 0 of audit.example.com/prod, which had 2 entries")
    expect(printed).toContain("goes on from the checkpoint with 2 entries")
    expect(printed).toContain('{"index":2,"text":"deploy 42 approved by bob"}')
    const retention = temporaryFolder()
    const last = scripts.find((script) => script.includes("audit seal")) as string
    expect(shell(retention, last)).toContain(
      '"type":"audit.log.begun","previous":{"origin":"audit.example.com/2026","size":2,',
    )
    expect(existsSync(join(retention, "trail/sealed"))).toBe(true)
  })

  it("says what is wrong, and exits with 1 if a log is not intact, and with 2 for wrong usage", () => {
    const folder = temporaryFolder()
    const key = run(folder, "", "init", "log", "--name", "x.example.com").stdout.trim()
    expect(run(folder, "one\n\ntwo", "append", "log").stdout).toContain("2 lines appended, the last one as entry 1")
    for (const [args, message] of [
      [["init", "log"], "Expected the name of the log"],
      [["init", "log", "--name", "a b"], 'Expected a name without spaces, "+"'],
      [["verify", "log"], "Expected the public key of the log"],
      [["verify", "log", "--key", "nokey"], "--key: Cannot read nokey: ENOENT"],
      [["verify", "log", "--key", key.replace("x.", "y.")], "is damaged: it says that its id is"],
      [["export", "log", "--from", "x"], "--from: Expected a number of an entry"],
      [["export", "log", "--until", "x"], "--until: Expected a time"],
      [["serve", "log", "--listen", "8081"], "--listen: Expected an address such as 127.0.0.1:8081"],
      [["serve", "log", "--listen", "0.0.0.0:0"], "can be reached from other machines"],
      [["append", "log", "--actor", "ada"], "--actor needs --type"],
      [["verfy", "log"], 'Unknown command "verfy". Did you mean "verify"?'],
    ] as const) {
      const { status, stderr } = run(folder, "", ...args)
      expect([status, stderr], args.join(" ")).toEqual([2, expect.stringContaining(message)])
    }
    for (const [input, args, message] of [
      [
        `fine\n${"x".repeat(65_536)}\n`,
        ["append", "log"],
        "1 line appended before this:\nerror: Line 2: The entry has 65536 bytes",
      ],
      ["x", ["append", "nowhere"], "nowhere has no audit log. Run: ohmq audit init nowhere --name NAME"],
      ["", ["prove", "log", "9"], "There is no entry 9: the log has 3 entries, from 0"],
      ["", ["prove", "log", "some-id"], 'No entry of log has the id "some-id"'],
    ] as const)
      expect(run(folder, input, ...args)).toMatchObject({ status: 1, stderr: expect.stringContaining(message) })
    const bundle = join(folder, "log/public/tile/entries/000.p/3")
    writeFileSync(bundle, readFileSync(bundle, "latin1").replace("two", "2wo"), "latin1")
    const text = run(folder, "", "verify", "log", "--key", key)
    expect([text.status, text.stdout]).toEqual([
      1,
      expect.stringMatching(/^Entry 1 was changed: .*\nlog: x\.example\.com, 3 entries, NOT INTACT\n$/),
    ])
    const { status, stdout } = run(folder, "", "verify", "log", "--key", key, "--output", "json")
    expect([status, JSON.parse(stdout)]).toMatchObject([
      1,
      { intact: false, found: 1, problems: [{ kind: "entry", index: 1 }] },
    ])
  })

  it("exports JSON as it is, text and bytes", () => {
    const folder = temporaryFolder()
    run(folder, "", "init", "log", "--name", "x")
    const lines = Buffer.concat([Buffer.from('{"id":"e",  "n":1.50}\ntext "é"\n'), Buffer.from([255, 10])])
    run(folder, lines, "append", "log")
    expect(run(folder, "", "export", "log").stdout).toBe(
      '{"index":0,"entry":{"id":"e",  "n":1.50}}\n{"index":1,"text":"text \\"é\\""}\n{"index":2,"base64":"/w=="}\n',
    )
    expect(run(folder, "", "prove", "log", "e").stdout).toContain("\nindex 0\n")
  })

  it("serves a log and a witness until it gets a signal", async () => {
    const folder = temporaryFolder()
    const key = run(folder, "", "init", "log", "--name", "x").stdout.trim()
    const start = async (...args: string[]) => {
      const child = spawn(process.execPath, [command, "audit", ...args, "--listen", "127.0.0.1:0"], { cwd: folder })
      onTestFinished(() => void child.kill("SIGKILL"))
      const [text] = await once(child.stdout.setEncoding("utf8"), "data")
      return { child, text: text as string, url: /http:\S+?:\d+/.exec(text as string)?.[0] }
    }
    const witness = await start("witness", "w", "--name", "w", "--log", key)
    expect(witness.text).toContain("and knows 1 keys of logs")
    writeFileSync(join(folder, "log/policy"), `witness w ${ohmqKey(folder)} ${witness.url}\nquorum w\n`)
    run(folder, "one", "append", "log")
    expect(run(folder, "", "verify", "log", "--key", key, "--policy", "log/policy")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("cosigned by w at "),
    })
    const server = await start("serve", "log")
    expect(await (await fetch(`${server.url}/checkpoint`)).text()).toBe(
      readFileSync(join(folder, "log/public/checkpoint"), "utf8"),
    )
    for (const { child } of [witness, server]) {
      child.kill("SIGTERM")
      expect(await once(child, "exit")).toEqual([0, null])
    }
  })

  it("has help for each command", () => {
    const { stdout } = ohmq(temporaryFolder(), "audit", "--help")
    const names = [...stdout.matchAll(/^ {2}(\w+) DIR/gm)].map(([, name]) => name as string)
    expect(names).toEqual(["init", "append", "verify", "prove", "export", "serve", "witness", "rotate", "seal"])
  })
})

const ohmqKey = (folder: string) => readFileSync(join(folder, "w/key.pub"), "utf8").trim()
