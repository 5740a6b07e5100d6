import { readFileSync, statSync, writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { record } from "../../lib/cli/verbs/record.js"
import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { python } from "./peers.js"
import { ohmq, start, startShell } from "./support.js"

const local = "@tcp://127.0.0.1:*"

/** Waits for a subscriber, then publishes each argument, its parts separated by commas. */
const publisher = `
pub = context.socket(zmq.XPUB)
pub.connect(args[0])
pub.recv()
for message in args[1:]:
  pub.send_multipart([part.encode() for part in message.split(",")])
  time.sleep(0.05)
`

const pusher = `
push = context.socket(zmq.PUSH)
push.connect(args[0])
for index in range(int(args[1])): push.send(b"%d" % index)
# pyzmq sends nothing more once Python ends.
push.close()
context.term()
`

async function messagesOf(file: string): Promise<{ time: string; parts: unknown[] }[]> {
  const { status, stdout, stderr } = await ohmq(["replay", file, "--output", "json"])
  expect([status, stderr]).toEqual([0, ""])
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))
}

describe("ohmq record", () => {
  it("records what pyzmq publishes, with the times, in a file that is only the user's", async () => {
    const file = path.join(temporaryFolder(), "a.ohmq")
    const before = Date.now()
    const running = start(["record", file, local, "--count", "3"])
    await python(publisher, await running.endpoint(), "a,1", "b", "a,2,").ended
    expect(await running.ended).toMatchObject({
      status: 0,
      stdout: "",
      stderr: expect.stringContaining(`recorded 3 messages in ${file}`),
    })
    const messages = await messagesOf(file)
    expect(messages.map(({ parts }) => parts)).toEqual([["a", "1"], ["b"], ["a", "2", ""]])
    const times = messages.map(({ time }) => Date.parse(time))
    expect(times[0]).toBeGreaterThanOrEqual(before)
    expect(times[2]).toBeLessThanOrEqual(Date.now())
    expect((times[2] as number) - (times[0] as number)).toBeGreaterThanOrEqual(95)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it("records only the topics that are asked for", async () => {
    const file = path.join(temporaryFolder(), "a.ohmq")
    const running = start(["record", file, local, "--topic", "b", "--count", "1"])
    await python(publisher, await running.endpoint(), "a", "b").ended
    expect((await running.ended).status).toBe(0)
    expect((await messagesOf(file)).map(({ parts }) => parts)).toEqual([["b"]])
  })

  it("replaces a file only with --force, and continues one with --append", async () => {
    const file = path.join(temporaryFolder(), "a.ohmq")
    const recordOne = async (more: string[]) => {
      const running = start(["record", file, local, "--type", "pull", "--count", "1", ...more])
      await python(pusher, await running.endpoint(), "1").ended
      expect((await running.ended).status).toBe(0)
    }
    await recordOne([])
    const before = readFileSync(file)
    expect(await ohmq(["record", file, local])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`${file} exists already. Add --append to continue it, or --force`),
    })
    expect(readFileSync(file)).toEqual(before)
    await recordOne(["--append"])
    expect(await messagesOf(file)).toHaveLength(2)
    await recordOne(["--force"])
    expect(await messagesOf(file)).toHaveLength(1)
    // If it cannot begin, what was there stays.
    expect((await ohmq(["record", file, "@tcp://1.2.3.4:1", "--force"])).status).toBe(1)
    expect(await messagesOf(file)).toHaveLength(1)
  })

  it("leaves no file if it cannot begin", async () => {
    const folder = temporaryFolder()
    const file = path.join(folder, "a.ohmq")
    expect((await ohmq(["record", file, "@tcp://1.2.3.4:1"])).status).toBe(1)
    expect((await ohmq(["record", file, "localhost:5"])).status).toBe(2)
    expect(await ohmq(["record", path.join(folder, "none/a"), local])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("no such file or folder"),
    })
    expect(() => statSync(file)).toThrow("ENOENT")
  })

  it("leaves a readable file when it is killed, with all that came", async () => {
    const file = path.join(temporaryFolder(), "a.ohmq")
    const running = start(["record", file, local, "--type", "pull"])
    const flood = python(`${pusher}\nprint("sent", flush=True)\ntime.sleep(9)`, await running.endpoint(), "30000")
    await flood.until(/sent/, "stdout")
    while (statSync(file).size < 100_000) await new Promise((done) => setTimeout(done, 5))
    running.child.kill("SIGKILL")
    expect((await running.ended).status).toBe("SIGKILL")
    const { status, stdout, stderr } = await ohmq(["replay", file, "--output", "text"])
    expect(status).toBe(0)
    if (stderr !== "") expect(stderr).toMatch(/the last record is not complete/)
    const lines = stdout.trim().split("\n")
    expect(lines.length).toBeGreaterThan(1000)
    expect(lines).toEqual(lines.map((_, index) => String(index)))
  })

  it("tells a record that was cut off when it is read and when it is continued", async () => {
    const file = path.join(temporaryFolder(), "a.ohmq")
    const running = start(["record", file, local, "--type", "pull", "--count", "2"])
    await python(pusher, await running.endpoint(), "2").ended
    await running.ended
    writeFileSync(file, readFileSync(file).subarray(0, -1))
    expect(await ohmq(["replay", file])).toMatchObject({
      status: 0,
      stdout: "0\n",
      stderr: expect.stringMatching(/the last record is not complete \((\d+) bytes at \d+\), and is left out/),
    })
    const more = start(["record", file, local, "--type", "pull", "--count", "1", "--append"])
    await python(pusher, await more.endpoint(), "1").ended
    expect((await more.ended).stderr).toContain("bytes are removed")
    expect((await messagesOf(file)).map(({ parts }) => parts)).toEqual([["0"], ["0"]])
  })

  it("ends at SIGINT with 130, after --duration with 0, and after --timeout with 3", async () => {
    const folder = temporaryFolder()
    const running = start(["record", path.join(folder, "a"), local])
    await running.endpoint()
    running.child.kill("SIGINT")
    expect(await running.ended).toMatchObject({ status: 130, stderr: expect.stringContaining("recorded 0 messages") })
    expect((await ohmq(["record", path.join(folder, "b"), local, "--duration", "100ms"])).status).toBe(0)
    expect((await ohmq(["record", path.join(folder, "c"), local, "--timeout", "100ms"])).status).toBe(3)
  })

  it("records 500,000 small messages in their order", async () => {
    const folder = temporaryFolder()
    const input = path.join(folder, "lines")
    const lines = Array.from({ length: 500_000 }, (_, index) => String(index).padStart(100, "."))
    writeFileSync(input, `${lines.join("\n")}\n`)
    const file = path.join(folder, "a.ohmq")
    const running = start(["record", file, local, "--type", "pull", "--count", "500000"], { timeout: 60_000 })
    const endpoint = await running.endpoint()
    const begin = performance.now()
    void startShell(`ohmq push ${endpoint} < ${input}`).ended
    expect((await running.ended).status).toBe(0)
    const rate = 500_000 / ((performance.now() - begin) / 1000)
    const { stdout } = await ohmq(["replay", file], { timeout: 60_000 })
    expect(stdout === `${lines.join("\n")}\n`).toBe(true)
    expect(rate).toBeGreaterThan(50_000)
  })

  it.each([
    [[], "the name of a file first"],
    [["tcp://localhost:5555"], "the name of a file first"],
    [["a"], "Expected an endpoint"],
    [["a", "tcp://localhost:1", "b"], 'received "b"'],
    [["a", "tcp://localhost:1", "--type", "pub"], "--type has no value"],
    [["a", "tcp://localhost:1", "--type", "pull", "--topic", "x"], "--topic is for --type sub"],
    [["a", "tcp://localhost:1", "--append", "--force"], "exclude each other"],
  ])("refuses %j", async (args, message) => {
    const cwd = temporaryFolder()
    expect(await ohmq(["record", ...args], { cwd })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(message),
    })
  })

  it("runs its examples", async () => {
    const [first, second] = record.examples.map(({ command }) => command)
    const cwd = temporaryFolder()
    const [command = ""] = await withFreePorts(first as string)
    const port = /tcp:\S+/.exec(command)?.[0] as string
    const publishing = python(
      `
pub = context.socket(zmq.XPUB)
pub.bind(args[0])
print("ready", flush=True)
pub.recv()
pub.send(b"findings.1")
pub.send(b"other")
time.sleep(9)
`,
      port,
    )
    await publishing.until(/ready/, "stdout")
    const one = startShell(command.replace("10s", "2s"), { cwd })
    expect((await one.ended).status).toBe(0)
    expect((await messagesOf(path.join(cwd, "findings.ohmq"))).map(({ parts }) => parts)).toEqual([["findings.1"]])
    const [other = ""] = await withFreePorts(second as string)
    const two = startShell(other, { cwd })
    await python(pusher, /tcp:\S+/.exec(other)?.[0] as string, "1000").ended
    expect((await two.ended).stderr).toContain("recorded 1,000 messages")
  })
})
