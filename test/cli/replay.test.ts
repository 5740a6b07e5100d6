import { writeFileSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"

import { encodeHeader } from "../../lib/cli/recording/layout.js"
import { RecordingWriter } from "../../lib/cli/recording/writer.js"
import { replay } from "../../lib/cli/verbs/replay.js"
import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { czmq, python } from "./peers.js"
import { ohmq, start, startInTerminal, startShell } from "./support.js"

const local = "@tcp://127.0.0.1:*"

/** A recording with a message every `gap` milliseconds. */
async function recordingOf(messages: readonly string[][], gap = 0): Promise<string> {
  const file = path.join(temporaryFolder(), "a.ohmq")
  const writer = new RecordingWriter(file, "refuse")
  writer.begin("sub")
  for (const [index, parts] of messages.entries()) {
    if (index > 0 && gap > 0) await new Promise((resolve) => setTimeout(resolve, gap))
    writer.add(parts.map((part) => Buffer.from(part)))
  }
  writer.close()
  return file
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => [String(index)])

/** Prints each message and when it came, in milliseconds. */
const subscriber = `
sub = context.socket(zmq.SUB)
sub.subscribe(b"")
sub.connect(args[0])
for _ in range(int(args[1])):
  parts = sub.recv_multipart()
  print(time.monotonic() * 1000, b",".join(parts).decode(), flush=True)
`

const puller = `
pull = context.socket(zmq.PULL)
pull.connect(args[0])
for _ in range(int(args[1])): print(pull.recv().decode(), flush=True)
`

describe("ohmq replay", () => {
  it("sends messages as far apart as they came, to a subscriber that comes later", async () => {
    const file = await recordingOf([["a", "1"], ["b"], ["c"], ["d"], ["e"]], 100)
    const { stdout: json } = await ohmq(["replay", file, "-o", "json"])
    const recorded = json
      .trim()
      .split("\n")
      .map((line) => Date.parse(JSON.parse(line).time))
    for (const [speed, factor] of [
      [[], 1],
      [["--speed", "2"], 2],
      [["--speed", "0.5x"], 0.5],
    ] as const) {
      const running = start(["replay", file, local, ...speed])
      const { stdout } = await python(subscriber, await running.endpoint(), "5").ended
      const rows = stdout
        .trim()
        .split("\n")
        .map((line) => line.split(" "))
      expect(rows.map(([, text]) => text)).toEqual(["a,1", "b", "c", "d", "e"])
      expect(await running.ended).toMatchObject({ status: 0, stderr: expect.stringContaining("sent 5 messages") })
      const came = rows.map(([time]) => Number(time))
      const late = came.map((time, index) => {
        const due = ((recorded[index] as number) - (recorded[0] as number)) / factor
        return Math.abs(time - (came[0] as number) - due)
      })
      // A few milliseconds on an idle machine; this one may be busy.
      expect(late.sort((a, b) => a - b)[2], `late by ${late}`).toBeLessThan(15)
    }
  })

  it("loses nothing at --speed max, to a subscriber that is slow", async () => {
    const file = await recordingOf(numbers(20_000))
    const running = start(["replay", file, local, "--speed", "max"])
    const peer = python(
      `
sub = context.socket(zmq.SUB)
sub.subscribe(b"")
sub.connect(args[0])
time.sleep(0.5)
for index in range(20000): assert sub.recv() == b"%d" % index
print("all", flush=True)
`,
      await running.endpoint(),
    )
    expect((await peer.ended).stdout).toBe("all\n")
    expect((await running.ended).status).toBe(0)
  })

  it("pushes to CZMQ, over and over, up to --count", async () => {
    const file = await recordingOf([["one"], ["two", "parts"]])
    const running = start(["replay", file, local, "--type", "push", "--loop", "--count", "5"])
    const peer = czmq(
      `
  zsock_t *pull = zsock_new_pull(args[0]);
  for (int n = 0; n < 5; n++) {
    zmsg_t *message = zmsg_recv(pull);
    char *first = zmsg_popstr(message);
    printf("%s %zu\\n", first, zmsg_size(message));
  }
  zsock_destroy(&pull);
`,
      `>${await running.endpoint()}`,
    )
    expect((await peer.ended).stdout).toBe("one 0\ntwo 1\none 0\ntwo 1\none 0\n")
    expect(await running.ended).toMatchObject({ status: 0, stderr: expect.stringContaining("sent 5 messages") })
  })

  it("sends large messages and parts as they were", async () => {
    const large = "x".repeat(3_000_000)
    const file = await recordingOf([["", large, ""], [large]])
    const running = start(["replay", file, local])
    const peer = python(
      `
sub = context.socket(zmq.SUB)
sub.subscribe(b"")
sub.connect(args[0])
print([[len(part) for part in sub.recv_multipart()] for _ in range(2)], flush=True)
`,
      await running.endpoint(),
    )
    expect((await peer.ended).stdout).toBe("[[0, 3000000, 0], [3000000]]\n")
    expect((await running.ended).status).toBe(0)
  })

  it("prints what was recorded, in every output, with its times", async () => {
    const file = await recordingOf([["a", "b"], ["é"]])
    expect((await ohmq(["replay", file])).stdout).toBe("a\tb\né\n")
    expect((await ohmq(["replay", file, "--count", "1"])).stdout).toBe("a\tb\n")
    const [first = ""] = (await ohmq(["replay", file, "--output", "json"])).stdout.split("\n")
    const { time, parts } = JSON.parse(first) as { time: string; parts: string[] }
    expect(parts).toEqual(["a", "b"])
    expect((await ohmq(["replay", file, "--format", "%T %1\n"])).stdout).toMatch(new RegExp(`^${Date.parse(time)} a\n`))
  })

  it("prints at the speed of the recording if it is asked to", async () => {
    const file = await recordingOf(numbers(4), 100)
    const begin = performance.now()
    expect((await ohmq(["replay", file, "--speed", "1"])).stdout).toBe("0\n1\n2\n3\n")
    expect(performance.now() - begin).toBeGreaterThan(290)
  })

  it("ends quietly when its reader has enough", async () => {
    const file = await recordingOf(numbers(100_000))
    expect(await startShell(`ohmq replay ${file} | head -2; echo \${PIPESTATUS[0]}`).ended).toMatchObject({
      stdout: "0\n1\n0\n",
      stderr: "",
    })
  })

  it("shows its progress on a terminal", async () => {
    const file = await recordingOf(numbers(10), 100)
    const running = startInTerminal(["replay", file, local, "--type", "push"])
    const [, endpoint = ""] = await running.until(/bound to (\S+)/, "stdout")
    await python(puller, endpoint.trim(), "10").ended
    expect((await running.ended).stdout).toMatch(/\[K[1-9] messages?\r/)
  })

  it("sends what comes before a damaged place, and then fails", async () => {
    const file = await recordingOf(numbers(3))
    const { readFileSync } = await import("node:fs")
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = 0x41
    writeFileSync(file, bytes)
    expect(await ohmq(["replay", file])).toMatchObject({
      status: 1,
      stdout: "0\n1\n",
      stderr: expect.stringMatching(/a\.ohmq is damaged: record 3, at byte \d+, has a wrong checksum/),
    })
    const running = start(["replay", file, local, "--type", "push"])
    expect((await python(puller, await running.endpoint(), "2").ended).stdout).toBe("0\n1\n")
    expect((await running.ended).status).toBe(1)
  })

  it.each([
    [[], 2, "the name of a file first"],
    [["none.ohmq"], 1, "none.ohmq: no such file"],
    [["text"], 1, "text is not a recording. Make one with"],
    [["empty"], 1, "empty is empty"],
    [["."], 1, ". is not a regular file"],
    [["header", "--loop"], 0, ""],
    [["header", "--speed", "0"], 2, "a factor such as 2"],
    [["header", "tcp://127.0.0.1:1", "--output", "json"], 2, "Leave the endpoints out"],
    [["header", "localhost:5"], 2, "Did you mean"],
    [["header", "@tcp://127.0.0.1:*", "--timeout", "200ms"], 3, "0 of 1 subscribers came within 200 ms"],
  ])("ends %j with %i", async (args, status, message) => {
    const cwd = temporaryFolder()
    writeFileSync(path.join(cwd, "text"), "text")
    writeFileSync(path.join(cwd, "empty"), "")
    writeFileSync(path.join(cwd, "header"), encodeHeader({ start: 0, type: "sub" }))
    expect(await ohmq(["replay", ...args], { cwd })).toMatchObject({ status, stderr: expect.stringContaining(message) })
  })

  it("runs its examples", async () => {
    const [toSubscribers, toWorkers, print] = replay.examples.map(({ command }) => command)
    const file = await recordingOf(numbers(100))
    const cwd = path.dirname(file)
    const named = (command = "") => withFreePorts(command.replace(/\w+\.ohmq/, "a.ohmq"))
    const [first = ""] = await named(toSubscribers)
    const one = startShell(first, { cwd })
    await python(subscriber, /tcp:\S+/.exec(first)?.[0] as string, "100").ended
    expect((await one.ended).status).toBe(0)
    const [second = ""] = await named(toWorkers)
    const two = startShell(second, { cwd })
    await python(puller.replace("connect", "bind"), /tcp:\S+/.exec(second)?.[0] as string, "5000").ended
    expect((await two.ended).stderr).toContain("sent 5,000 messages")
    const [third = ""] = await named(print)
    expect((await startShell(third, { cwd }).ended).stdout.split("\n")).toHaveLength(101)
  })
})
