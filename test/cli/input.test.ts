// What a verb sends: from the command line, from files and from standard input.

import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import path from "node:path"

import { Pull } from "ohmq"
import { describe, expect, it } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { freeAddress, open } from "../support/sockets.js"
import { ohmq, start } from "./support.js"

/** Runs `ohmq push` to a Pull, and gives how it ended and what came, each message as its parts. */
async function push(args: string[], input?: string | Buffer) {
  const pull = open(Pull)
  await pull.bind(freeAddress("tcp"))
  let hasEnded = false
  const running = ohmq(["push", pull.lastEndpoint as string, ...args], input === undefined ? {} : { input }).finally(
    () => {
      hasEnded = true
    },
  )
  const messages: Buffer[][] = []
  for (;;) {
    // What was delivered to this machine comes soon.
    const message = await pull.receive({ timeout: 200 }).catch(() => undefined)
    if (message !== undefined) messages.push(message)
    else if (hasEnded) break
  }
  return { outcome: await running, messages, texts: messages.map((parts) => parts.map(String)) }
}

describe("the input", () => {
  it("is a line a message; the last one need not end", async () => {
    const { outcome, texts } = await push([], "one\n\ntwo\r\nthree")
    expect(outcome).toMatchObject({ status: 0, stdout: "", stderr: "" })
    expect(texts).toEqual([["one"], [""], ["two\r"], ["three"]])
  })

  it("is divided at zero bytes, by size, by netstrings and by lengths", async () => {
    expect((await push(["-0"], "a\nb\0c\0")).texts).toEqual([["a\nb"], ["c"]])
    expect((await push(["--size", "4"], "abcdefghij")).texts).toEqual([["abcd"], ["efgh"], ["ij"]])
    expect((await push(["-i", "netstring"], "5:hello,0:,3:a:b,")).texts).toEqual([["hello"], [""], ["a:b"]])
    const framed = Buffer.from("\0\0\0\u0005hello\0\0\0\0\0\0\0\u0001x")
    expect((await push(["-i", "u32"], framed)).texts).toEqual([["hello"], [""], ["x"]])
  })

  it("is divided the same however it comes in pieces", async () => {
    const pull = open(Pull)
    await pull.bind(freeAddress("tcp"))
    const running = start(["push", pull.lastEndpoint as string, "-i", "netstring"])
    for (const byte of Buffer.from("11:hello world,1:x,")) {
      running.child.stdin.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    running.child.stdin.end()
    expect(String(await pull.receive())).toBe("hello world")
    expect(String(await pull.receive())).toBe("x")
    expect((await running.ended).status).toBe(0)
  })

  it.each([
    ["netstring", "5:hello;", "Invalid netstring at byte 0 of the input: expected a comma after the message"],
    ["netstring", "3:abc,x", "Invalid netstring at byte 6 of the input: expected a length and a colon"],
    ["netstring", "99999999999:", "Invalid netstring at byte 0"],
    ["netstring", "5:hel", "The input ends within a message, at byte 5"],
    ["u32", "\uffff\uffff", "is too large"],
    ["json", '{"parts": ["a"]}\n{"parts": 1}', "Line 2 of the input: it has no parts"],
    ["json", "nonsense", "Line 1 of the input: "],
    ["json", "[1]", 'a part is neither a string nor {"base64": "..."}'],
  ])("refuses invalid %s: %j", async (format, input, problem) => {
    const { outcome } = await push(["-i", format], input)
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain(problem)
  })

  it("is JSON with parts", async () => {
    const lines = ['{"parts": ["topic", {"base64": "AAH/"}], "time": "ignored"}', "", '["a", "b"]', '"text"']
    const { messages } = await push(["-i", "json"], lines.join("\n"))
    expect(messages).toEqual([
      [Buffer.from("topic"), Buffer.from([0, 1, 255])],
      [Buffer.from("a"), Buffer.from("b")],
      [Buffer.from("text")],
    ])
  })

  it("is divided into parts by a delimiter", async () => {
    expect((await push(["-d", ":"], "a:b:\nc\n")).texts).toEqual([["a", "b", ""], ["c"]])
    expect((await push(["-d", "\\t", "a\tb"])).texts).toEqual([["a", "b"]])
    expect((await push(["-d", ":", "--max-parts", "2", 'key:{"a": 1}'])).texts).toEqual([["key", '{"a": 1}']])
  })

  it("is a file as a whole", async () => {
    const file = path.join(temporaryFolder(), "data")
    const bytes = randomBytes(300_000)
    writeFileSync(file, bytes)
    const { messages } = await push(["--file", file, "-f", file])
    expect(messages).toEqual([[bytes], [bytes]])
    const { outcome } = await push(["--file", "/not/there"])
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("Cannot read /not/there") })
  })

  it("is the command line: a message each, or the parts of one", async () => {
    expect((await push(["one", "two"])).texts).toEqual([["one"], ["two"]])
    expect((await push(["--part", "topic", "-p", ""])).texts).toEqual([["topic", ""]])
    expect((await push(["--", "--part"])).texts).toEqual([["--part"]])
  })

  it("fills in templates, each message anew", async () => {
    const { texts } = await push(["{{count}} {{uuid}} {{random 5}} {{time}} {{unix}}", "--count", "3"])
    const pattern = /^(\d) ([0-9a-f-]{36}) (\w{5}) (\d{4}-\d\d-\d\dT[\d:.]+Z) \d{13}$/
    expect(texts).toHaveLength(3)
    expect(texts.map(([text = ""]) => pattern.exec(text)?.[1])).toEqual(["1", "2", "3"])
    expect(new Set(texts.map(([text = ""]) => pattern.exec(text)?.[2])).size).toBe(3)
    expect((await push(["--no-template", "{{count}}"])).texts).toEqual([["{{count}}"]])
    expect((await push(["--part", "{{count}}", "--part", "x", "--count", "2"])).texts).toEqual([
      ["1", "x"],
      ["2", "x"],
    ])
  })

  it("stops at --count", async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`)
    const { texts } = await push(["--count", "700"], lines.join("\n"))
    expect(texts).toEqual(lines.slice(0, 700).map((line) => [line]))
  })

  it("keeps to --rate and --interval", async () => {
    for (const [pace, count, least] of [
      [["--rate", "100/s"], 50, 490],
      [["--rate", "2k/s"], 1000, 490],
      [["--interval", "50ms"], 11, 500],
    ] as const) {
      const start = performance.now()
      const { texts } = await push([...pace, "--count", String(count), "x"])
      expect(texts).toHaveLength(count)
      expect(performance.now() - start).toBeGreaterThan(least)
    }
  })

  it("carries any bytes, in any amount, unchanged", async () => {
    const lines = Array.from({ length: 3000 }, () => randomBytes(1 + Math.floor(Math.random() * 300)))
    const clean = lines.map((line) => Buffer.from(line.map((byte) => (byte === 10 ? 11 : byte))))
    const { messages } = await push([], Buffer.concat(clean.flatMap((line) => [line, Buffer.from("\n")])))
    expect(messages.map(([part]) => part)).toEqual(clean)
  })
})
