// How received messages are written.

import { Push } from "ohmq"
import { describe, expect, it } from "vitest"

import { open } from "../support/sockets.js"
import { ohmq, start, startInTerminal } from "./support.js"

type Message = string | Buffer | (string | Buffer)[]

/** Sends messages to `ohmq pull`, which ends after them. */
async function pull(messages: Message[], args: string[], launch = start) {
  const running = launch(["pull", "@tcp://127.0.0.1:*", "--count", String(messages.length), ...args])
  const [, endpoint = ""] = await running.until(/bound to (\S+)/, launch === start ? "stderr" : "stdout")
  const push = open(Push)
  push.connect(endpoint)
  await push.sendMany(messages)
  return running.ended
}

const binary = Buffer.from([0, 1, 0xff])

describe("the output", () => {
  it("is text: a line a message, with a tab between parts", async () => {
    const outcome = await pull(["one", ["a", "b", ""], "", "ü"], [])
    expect(outcome).toMatchObject({ status: 0, stdout: "one\na\tb\t\n\nü\n" })
    expect((await pull([["a", "b"]], ["--output-delimiter", "\\x1f"])).stdout).toBe("a\u001fb\n")
  })

  it("is raw in a pipe, and shows control characters on a terminal", async () => {
    const text = "red \u001b[31m bell \u0007 \u009b tab\t."
    expect((await pull([text], [])).stdout).toBe(`${text}\n`)
    const { stdout } = await pull([text], [], startInTerminal)
    expect(stdout).toContain("red ^[[31m bell ^G \\x9b tab")
    expect(stdout).not.toContain("\u001b[31m")
  })

  it("is JSON with time and sender, which can be sent again", async () => {
    const { stdout } = await pull([["topic", binary], "text"], ["-o", "json"])
    const [first, second] = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      parts: ["topic", { base64: "AAH/" }],
      address: "127.0.0.1",
    })
    expect(second.parts).toEqual(["text"])
    const copy = start(["pull", "@tcp://127.0.0.1:*", "--count", "2", "-o", "json"])
    await ohmq(["push", await copy.endpoint(), "-i", "json"], { input: stdout })
    const copied = (await copy.ended).stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(copied.map(({ parts }) => parts)).toEqual([first.parts, second.parts])
  })

  it("is hex, as xxd has it", async () => {
    const { stdout } = await pull([["0123456789abcdefX", binary]], ["-o", "hex"])
    expect(stdout).toBe(
      "# message 1, part 1: 17 bytes\n" +
        "00000000: 3031 3233 3435 3637 3839 6162 6364 6566  0123456789abcdef\n" +
        "00000010: 58                                       X\n" +
        "# message 1, part 2: 3 bytes\n" +
        "00000000: 0001 ff                                  ...\n",
    )
  })

  it("is raw, netstrings, lengths or nothing", async () => {
    expect((await pull(["ab", ["c", binary]], ["-o", "raw"])).bytes).toEqual(
      Buffer.concat([Buffer.from("abc"), binary]),
    )
    expect((await pull(["ab", ""], ["-o", "netstring"])).stdout).toBe("2:ab,0:,")
    expect((await pull(["ab", ""], ["-o", "u32"])).stdout).toBe("\0\0\0\u0002ab\0\0\0\0")
    expect((await pull(["ab"], ["-o", "none"])).stdout).toBe("")
  })

  it("is a format", async () => {
    const { stdout } = await pull([["key", "value"], "x"], ["--format", "%i/%n/%S %1=%2 %s %a %% \\x41\\n"])
    expect(stdout).toBe("1/2/8 key=value keyvalue 127.0.0.1 % A\n2/1/1 x= x 127.0.0.1 % A\n")
    expect((await pull(["x"], ["--format", "%T %t\\n"])).stdout).toMatch(/^\d{13} \d{4}-.*Z\n$/)
  })

  it("has statistics once a second, on standard error only", async () => {
    const running = start(["pull", "@tcp://127.0.0.1:*", "--stats", "--count", "20"])
    const push = open(Push)
    push.connect(await running.endpoint())
    for (let index = 0; index < 10; index += 1) await push.send("12345")
    await running.until(/10 messages\/s|9 messages\/s|8 messages\/s|, 10 messages, 50 B in all/)
    for (let index = 0; index < 10; index += 1) await push.send("12345")
    const { stdout, stderr } = await running.ended
    expect(stdout).toBe("12345\n".repeat(20))
    expect(stderr).toMatch(/ messages\/s, .*\/s, 20 messages, 100 B in all\n$/)
  })

  it("reports gaps in sequence numbers", async () => {
    const number = (value: number) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(value)
      return bytes
    }
    const little = [1, 2, 5, 6].map((value) => ["hashtx", "body", number(value)])
    const outcome = await pull(little, ["--sequence", "-1", "-o", "none"])
    expect(outcome).toMatchObject({ status: 0, stderr: expect.stringContaining("2 messages were lost") })
    const decimal = await pull(["7", "8", "9"], ["--sequence", "1"])
    expect(decimal.stderr).not.toContain("lost")
  })
})
