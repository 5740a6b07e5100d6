// What a user, a peer or the system does to the command that it should survive: no stack, no hang, one clear sentence, the right exit code.

import { createServer } from "node:net"
import { Pull, Push } from "ohmq"
import { describe, expect, it, onTestFinished } from "vitest"

import { open } from "../support/sockets.js"
import { python } from "./peers.js"
import { ohmq, shell, start, startShell } from "./support.js"

const any = "@tcp://127.0.0.1:*"
const nobody = "tcp://127.0.0.1:1"

/** Runs a shell command; expects that it says something in one line, and without a stack. */
async function complaint(line: string): Promise<{ status: number | string; text: string }> {
  const { status, stderr } = await shell(line)
  const text = stderr.replace(/^bound to .*\n/m, "").replace(/\nRun: ohmq help \w+\n$/, "\n")
  expect(text).toMatch(/^error: .*\n$/)
  return { status, text: text.slice("error: ".length).trimEnd() }
}

describe("standard streams", () => {
  it.each(["help", "help push", "--version", "info", "completion bash", "keys certificate k"])(
    "a full disk is reported by ohmq %s",
    async (args) => {
      const { text, status } = await complaint(
        `cd "$(mktemp -d)"; ohmq ${args} > /dev/full; s=$?; rm -r "$PWD"; exit $s`,
      )
      expect({ text, status }).toEqual({ text: "Cannot write to standard output: the disk is full", status: 1 })
    },
  )

  it.each([
    ["pull", "ohmq push $E a b c --quiet"],
    ["sub", "ohmq pub $E a --quiet"],
    ["rep --echo -o text", "ohmq req $E a --quiet > /dev/null"],
  ])("a full disk ends %s", async (verb, other) => {
    const line = startShell(`ohmq ${verb} ${any} > /dev/full`)
    const endpoint = await line.endpoint()
    await shell(other.replace("$E", `${endpoint} --linger 500ms`))
    const { status, stderr } = await line.ended
    expect([status, stderr]).toEqual([1, expect.stringMatching(/\nerror: Cannot write .* the disk is full\n$/)])
  })

  it("may be closed", async () => {
    expect(await shell(`ohmq push ${nobody} --linger 0 <&-`)).toMatchObject({ status: 0, stderr: "" })
    expect((await shell("ohmq help >&-")).status).toBe(0)
    expect((await shell(`ohmq pull ${any} --duration 10ms <&- >&- 2>&-`)).status).toBe(0)
    expect((await shell(`ohmq pull ${any} --duration 300ms 2> /dev/full`)).status).toBe(0)
    expect(await shell("ohmq info 2> /dev/full | head -1")).toMatchObject({ status: 0, stderr: "" })
  })

  it("standard input may not be a folder", async () => {
    const { status, text } = await complaint(`ohmq push ${nobody} --linger 0 < /`)
    expect([status, text]).toEqual([1, "Standard input is a folder. Expected a file or a pipe"])
  })
})

describe("values", () => {
  it.each([
    [`push ${nobody} x --count 0`, 2, 'received "0"'],
    [`push ${nobody} x --count -5`, 2, 'received "-5"'],
    [`pull ${nobody} --timeout -1`, 2, 'received "-1"'],
    [`pull ${nobody} --hwm 99999999999`, 2, "--hwm: "],
    [`push ${nobody} '{{random 2G}}'`, 2, "{{random 2G}} is too large"],
    [`push ${nobody} x --option constructor=1`, 2, 'no socket option "constructor"'],
    [`push ${nobody} x --option __proto__=1`, 2, 'no socket option "__proto__"'],
    [`push ${nobody} x --option lastEndpoint=1`, 2, 'no socket option "lastEndpoint"'],
    [`push ${nobody} --constructor`, 2, "Unknown option --constructor"],
    [
      "info > /dev/null; mkfifo $TMPDIR/pipe; ohmq replay $TMPDIR/pipe; s=$?; rm $TMPDIR/pipe; exit $s",
      1,
      "is not a regular file",
    ],
    ["__proto__", 2, 'Unknown verb "__proto__"'],
    ["push tcp://user:secret@127.0.0.1:1 x", 1, '"@" cannot be in a host'],
    ["push ipc://$(printf a%.0s {1..5000}) x", 1, "the system allows"],
    ["push tcp://127.0.0.1:99999 x", 1, "ports go from 0 to 65535"],
    [
      "dish @udp://127.0.0.1:1 --group $(printf é%.0s {1..200})",
      1,
      "1 to 255 bytes and no zero byte, but this one has 400",
    ],
    [`radio udp://127.0.0.1:1 --group '' x`, 1, "1 to 255 bytes"],
    [`router ${any} --part nobody --part x`, 1, "There is no peer with this routing id"],
    [`server ${any} --part 4294967296 --part x`, 1, "Expected a routing id as the first part"],
  ])("ohmq %s", async (args, status, text) => {
    const found = await complaint(`ohmq ${args}`)
    expect(found).toEqual({ status, text: expect.stringContaining(text) })
  })
})

describe("input", () => {
  it.each(["json", "netstring", "u32"])("that is random bytes is no %s", async (format) => {
    const found = await complaint(
      `(printf '\\377\\033[31m'; head -c 100000 /dev/urandom) | ohmq push ${nobody} -i ${format}`,
    )
    expect(found).toMatchObject({
      status: 1,
      text: expect.stringMatching(/^(?:Line 1|Invalid (?:netstring|length) at byte 0) of the input/),
    })
    expect(found.text).not.toMatch(/(?![\n\t])\p{Cc}/u)
  })

  it("may be a line of 200 MB", async () => {
    const pull = start(["pull", any, "--count", "1", "--format", "%S\n"], { timeout: 60_000 })
    const endpoint = await pull.endpoint()
    const line = `head -c 200000000 /dev/zero | tr '\\0' a | ohmq push ${endpoint}`
    expect(await shell(line, { timeout: 60_000 })).toMatchObject({ status: 0, stderr: "" })
    expect(await pull.ended).toMatchObject({ status: 0, stdout: "200000000\n" })
  })

  it("may not become a message of millions of parts", async () => {
    const { status, text } = await complaint(`head -c 5000000 /dev/zero | tr '\\0' , | ohmq push ${nobody} -d ,`)
    expect([status, text]).toEqual([1, "A message would have more than 1000000 parts. Set --max-parts"])
  })
})

describe("peers", () => {
  it("may send 256 MB, which are shown in hex as they are dumped", async () => {
    const source =
      'socket = context.socket(zmq.PUSH)\nsocket.connect(args[0])\nsocket.send(b"x" * 2**28)\nsocket.close()\ncontext.term()'
    const line = startShell(`ohmq pull ${any} -o hex --count 1 | head -2`)
    python(source, await line.endpoint())
    expect(await line.ended).toMatchObject({
      status: 0,
      stdout: `# message 1, part 1: ${2 ** 28} bytes\n00000000: ${"7878 ".repeat(8)} ${"x".repeat(16)}\n`,
    })
  })

  it("may send more than JSON can hold", async () => {
    // A control character takes six characters of JSON.
    const source =
      "socket = context.socket(zmq.PUSH)\nsocket.connect(args[0])\nsocket.send(bytes(90_000_000))\ntime.sleep(60)"
    const pull = start(["pull", any, "-o", "json"], { timeout: 60_000 })
    python(source, await pull.endpoint())
    expect(await pull.ended).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("error: A message is too large for this output. --output raw has no limit, "),
    })
  })

  it("may be thousands", async () => {
    const pull = start(["pull", any, "--count", "2000", "-o", "json"], { timeout: 60_000 })
    const source = [
      "context.set(zmq.MAX_SOCKETS, 3000)",
      "sockets = [context.socket(zmq.PUSH) for n in range(2000)]",
      "for socket in sockets: socket.connect(args[0])",
      'for n, socket in enumerate(sockets): socket.send(b"%d" % n)',
      "for socket in sockets: socket.close()",
      "context.term()",
    ].join("\n")
    python(
      `import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)\n${source}`,
      await pull.endpoint(),
    )
    const { status, stdout } = await pull.ended
    expect(status).toBe(0)
    expect(
      new Set(
        stdout
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line).parts[0]),
      ).size,
    ).toBe(2000)
  })

  it("may be hundreds of endpoints", async () => {
    const args = ["pull", ...Array<string>(300).fill(any), "--count", "300"]
    const pull = start(args)
    await pull.until(/(?:bound to .*\n){300}/)
    const endpoints = pull.stderr
      .trim()
      .split("\n")
      .map((line) => line.slice("bound to ".length))
    const sent = await ohmq(["push", ...endpoints, "{{count}}", "--count", "300"])
    expect(sent).toMatchObject({ status: 0, stderr: "" })
    expect((await pull.ended).stdout.trim().split("\n")).toHaveLength(300)
  })

  it("may close a stream after its answer: the command ends at once", async () => {
    const server = createServer((socket) => socket.on("data", () => socket.end("bye")).on("error", () => {}))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as { port: number }
    const outcome = await ohmq(["stream", `tcp://127.0.0.1:${port}`, "--count", "1", "hello"], { timeout: 5000 })
    expect(outcome).toMatchObject({ status: 0, stdout: "bye\n", stderr: "" })
  })
})

describe("signals", () => {
  it("SIGSTOP and SIGCONT lose nothing", async () => {
    const pull = start(["pull", any, "--count", "5000", "--hwm", "10"])
    const push = open(Push, { sendHighWaterMark: 10 })
    push.connect(await pull.endpoint())
    setTimeout(() => pull.child.kill("SIGSTOP"), 20)
    setTimeout(() => pull.child.kill("SIGCONT"), 500)
    const lines = Array.from({ length: 5000 }, (_, index) => `${index} ${"x".repeat(500)}`)
    for (const line of lines) await push.send(line)
    expect((await pull.ended).stdout).toBe(`${lines.join("\n")}\n`)
  })

  it("SIGKILL frees the endpoint, and what came is there", async () => {
    const pull = start(["pull", any])
    const endpoint = await pull.endpoint()
    const push = open(Push, { linger: 0 })
    push.connect(endpoint)
    await push.send("before")
    await pull.until(/before\n/, "stdout")
    pull.child.kill("SIGKILL")
    await pull.ended
    const again = open(Pull)
    await again.bind(endpoint)
  })
})
