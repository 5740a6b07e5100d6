import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import path from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

import { describe, expect, it } from "vitest"

import { Histogram } from "../../lib/cli/bench/histogram.js"
import { bench } from "../../lib/cli/verbs/bench.js"
import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { czmq, python } from "./peers.js"
import { ohmq, start, startInTerminal, startShell } from "./support.js"

const local = "@tcp://127.0.0.1:*"
const quick = ["--duration", "200ms", "--warmup", "50ms", "--size", "100"]

interface Line {
  kind: string
  sockets: string
  transport: string
  security: string
  size: number
  messages: number
  bytes: number
  seconds: number
  messagesPerSecond: number
  bytesPerSecond: number
  count: number
  microseconds: Record<"min" | "mean" | "p50" | "p90" | "p99" | "p99.9" | "max", number>
  histogram: { below: number; count: number }[]
  measured: string
}

const parse = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line)

/** The processes that were started with a temporary folder, a line each. */
const processesWith = (folder: string) =>
  spawnSync("bash", ["-c", `grep -la "TMPDIR=${folder}" /proc/[0-9]*/environ`], { encoding: "utf8" }).stdout

/** Checks what must hold of any measurement of round trips. */
function checkRoundTrips({ count, microseconds, histogram }: Line): void {
  const { min, p50, p90, p99, "p99.9": p999, max } = microseconds
  expect([min, p50, p90, p99, p999, max].toSorted((a, b) => a - b)).toEqual([min, p50, p90, p99, p999, max])
  expect(min).toBeGreaterThan(1)
  expect(histogram.reduce((sum, bar) => sum + bar.count, 0)).toBe(count)
}

const pythonEcho = `
echo = context.socket(getattr(zmq, args[0]))
print("bound to tcp://127.0.0.1:%d" % echo.bind_to_random_port("tcp://127.0.0.1"), file=sys.stderr, flush=True)
while True: echo.send_multipart(echo.recv_multipart())
`

describe("ohmq bench alone", () => {
  it.each([
    ["tcp", []],
    ["ipc", []],
    ["inproc", []],
    ["tcp", ["--curve"]],
    ["ipc", ["--curve"]],
  ])("measures throughput and round trips over %s %j", async (transport, more) => {
    const { status, stdout, stderr } = await ohmq(["bench", "--transport", transport, ...more, ...quick, "-o", "json"])
    expect([status, stderr]).toEqual([0, ""])
    const [throughput, roundTrip, ...others] = parse(stdout) as [Line, Line]
    expect(others).toEqual([])
    const security = more.length > 0 ? "CURVE" : "none"
    expect(throughput).toMatchObject({ kind: "throughput", sockets: "PUSH to PULL", transport, security, size: 100 })
    expect(throughput.bytes).toBe(throughput.messages * 100)
    expect(throughput.seconds).toBeGreaterThan(0.19)
    expect(throughput.messagesPerSecond).toBeCloseTo(throughput.messages / throughput.seconds)
    expect(throughput.messagesPerSecond).toBeGreaterThan(5000)
    expect(roundTrip).toMatchObject({ kind: "round-trip", transport, security, size: 100 })
    expect(roundTrip.measured).toContain(transport === "inproc" ? "two threads of one process" : "two processes")
    checkRoundTrips(roundTrip)
  })

  it("measures each size, and prints tables that say what was measured", async () => {
    const sizes = ["--size", "0,1Ki,1Mi", "--duration", "200ms", "--warmup", "0"]
    const { status, stdout } = await ohmq(["bench", ...sizes])
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^Throughput: PUSH to PULL over tcp, not encrypted; two processes on this machine \(\d+ CPUs?\), counted/,
    )
    for (const name of ["0 B", "1,024 B", "1,048,576 B"]) expect(stdout.split(name)).toHaveLength(4)
    expect(stdout).toMatch(/mean µs +p50 µs +p90 µs +p99 µs +p99\.9 µs +max µs/)
    expect(stdout).toMatch(/below \d+ (µs|ms) +█+ +\d/)
  })

  it("ends after --count, and leaves nothing in the temporary folder", async () => {
    const TMPDIR = temporaryFolder()
    const args = ["--round-trip", "--count", "50", "--size", "10", "--warmup", "0", "--transport", "ipc"]
    const { stdout } = await ohmq(["bench", ...args, "-o", "json"], { env: { TMPDIR } })
    const [line, ...more] = parse(stdout)
    expect([line?.count, more]).toEqual([50, []])
    expect(readdirSync(TMPDIR)).toEqual([])
  })

  it("prints what it has at SIGINT, and ends the other end", async () => {
    const TMPDIR = temporaryFolder()
    const running = startInTerminal(["bench", "--duration", "1h", "--transport", "ipc"], { env: { TMPDIR } })
    await running.until(/throughput, 10 B: [1-9][\d,]* a second/, "stdout")
    running.child.stdin.write("\x03")
    const { status, stdout } = await running.ended
    expect(status).toBe(130)
    expect(stdout).toMatch(/ 10 B +[\d,]+ /)
    expect(readdirSync(TMPDIR)).toEqual([])
    expect(processesWith(TMPDIR)).toBe("")
  })

  it("leaves no process behind when it is killed", async () => {
    const TMPDIR = temporaryFolder()
    const running = start(["bench", "--duration", "1h", "--transport", "ipc"], { env: { TMPDIR } })
    // The other end has bound its socket.
    while (!readdirSync(TMPDIR, { recursive: true }).some((name) => String(name).endsWith("/1"))) await sleep(50)
    running.child.kill("SIGKILL")
    await running.ended
    while (processesWith(TMPDIR) !== "") await sleep(50)
  })

  it.each([
    [["--source"], "--source needs an endpoint"],
    [["--cert", "a"], "--cert needs an endpoint"],
    [["--curve", "--transport", "inproc"], "never encrypted"],
    [["--size", "ten"], "--size: Expected a size"],
    [["tcp://127.0.0.1:1"], "say what this side is"],
    [["tcp://127.0.0.1:1", "--source", "--sink"], "exclude each other"],
    [["tcp://127.0.0.1:1", "--source", "--type", "req"], "--type goes with --round-trip and --echo"],
    [["tcp://127.0.0.1:1", "--echo", "--type", "req"], "--echo is possible with --type rep or router or dealer"],
    [["tcp://127.0.0.1:1", "--round-trip", "--curve"], "--curve goes without an endpoint. Use --cert"],
    [["localhost:1", "--sink"], "Did you mean"],
  ])("refuses %j", async (args, message) => {
    expect(await ohmq(["bench", ...args])).toMatchObject({ status: 2, stderr: expect.stringContaining(message) })
  })
})

describe("ohmq bench with a peer", () => {
  it.each([
    ["req", "REP"],
    ["dealer", "REP"],
    ["dealer", "ROUTER"],
    ["req", "ROUTER"],
    ["dealer", "DEALER"],
  ])("measures round trips of a %s to an echo of pyzmq, a %s", async (type, peer) => {
    const endpoint = await python(pythonEcho, peer).endpoint()
    const { status, stdout, stderr } = await ohmq([
      "bench",
      endpoint,
      "--round-trip",
      "--type",
      type,
      ...quick,
      "-o",
      "json",
    ])
    expect([status, stderr]).toEqual([0, ""])
    const [line] = parse(stdout) as [Line]
    expect(line).toMatchObject({ kind: "round-trip", sockets: `${type.toUpperCase()} to the peer and back`, size: 100 })
    expect(line.count).toBeGreaterThan(10)
    checkRoundTrips(line)
  })

  it("measures how fast a CZMQ program takes messages", async () => {
    const peer = czmq(`
  zsock_t *pull = zsock_new(ZMQ_PULL);
  fprintf(stderr, "bound to tcp://127.0.0.1:%d\\n", zsock_bind(pull, "tcp://127.0.0.1:*"));
  for (int n = 0; n < 3000; n++) {
    zframe_t *frame = zframe_recv(pull);
    assert(zframe_size(frame) == (n < 1500 ? 10 : 2000));
    zframe_destroy(&frame);
  }
  zsock_destroy(&pull);
  printf("all\\n");
`)
    const args = ["--source", "--count", "1500", "--warmup", "0", "--size", "10,2000"]
    const { status, stdout, stderr } = await ohmq(["bench", await peer.endpoint(), ...args, "-o", "json"])
    expect([status, stderr]).toEqual([0, ""])
    const lines = parse(stdout)
    expect(lines.map(({ size, messages, bytes }) => [size, messages, bytes])).toEqual([
      [10, 1500, 15_000],
      [2000, 1500, 3_000_000],
    ])
    expect(lines[0]?.measured).toContain("some may still be queued")
    expect((await peer.ended).stdout).toBe("all\n")
  })

  it("measures how fast a CZMQ program sends, until it stops", async () => {
    const running = start(["bench", local, "--sink", "-o", "json"])
    const peer = czmq(
      `
  zsock_t *push = zsock_new_push(args[0]);
  for (int n = 0; n < 100000; n++) zstr_send(push, "0123456789");
  zsock_destroy(&push);
`,
      `>${await running.endpoint()}`,
    )
    expect((await peer.ended).status).toBe(0)
    const { status, stdout } = await running.ended
    expect(status).toBe(0)
    const [line] = parse(stdout) as [Line]
    expect(line).toMatchObject({ sockets: "the peer to PULL", size: 10 })
    // The first group starts the clock.
    expect(line.messages).toBeGreaterThan(99_000)
    expect(line.messages).toBeLessThan(100_000)
    expect(line.seconds).toBeLessThan(10)
  })

  it("measures between two of its own, with CURVE", async () => {
    const keys = temporaryFolder()
    const { Certificate } = await import("ohmq/security")
    for (const name of ["server", "client"]) await Certificate.generate().save(path.join(keys, `${name}.key`))
    const echo = start([
      "bench",
      local,
      "--echo",
      "--server",
      "--cert",
      `${keys}/server.key_secret`,
      "--clients",
      "any",
    ])
    const client = ["--cert", `${keys}/client.key_secret`, "--server-cert", `${keys}/server.key`]
    const { status, stdout, stderr } = await ohmq([
      ...["bench", await echo.endpoint(), "--round-trip", ...client, ...quick, "-o", "json"],
    ])
    expect([status, stderr]).toEqual([0, ""])
    expect(parse(stdout)[0]).toMatchObject({ security: "CURVE" })
    echo.child.kill("SIGINT")
    expect(await echo.ended).toMatchObject({
      status: 130,
      stderr: expect.stringMatching(/echoed [1-9][\d,]* messages/),
    })
  })

  it("says that a peer does not echo", async () => {
    const peer = python(
      `
rep = context.socket(zmq.REP)
print("bound to tcp://127.0.0.1:%d" % rep.bind_to_random_port("tcp://127.0.0.1"), file=sys.stderr, flush=True)
rep.recv()
rep.send(b"hello")
time.sleep(9)
`,
    )
    expect(await ohmq(["bench", await peer.endpoint(), "--round-trip", ...quick])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("The peer does not echo: it received 100 bytes, and replied with 1 part(s)"),
    })
  })

  it("gives up if there is no peer, and prints what it has if there is none any more", async () => {
    const nobody = "tcp://127.0.0.1:9"
    for (const role of ["--round-trip", "--source"]) {
      expect(await ohmq(["bench", nobody, role, "--timeout", "300ms", "--linger", "0"])).toMatchObject({
        status: 3,
        stdout: "",
        stderr: expect.stringMatching(/within 300 ms at tcp:\/\/127\.0\.0\.1:9\. Run: ohmq doctor/),
      })
    }
    expect((await ohmq(["bench", local, "--sink", "--timeout", "300ms"])).status).toBe(3)
    const peer = python(pythonEcho, "REP")
    const running = start(["bench", await peer.endpoint(), "--round-trip", "--duration", "1h", "--timeout", "500ms"])
    setTimeout(() => peer.child.kill("SIGKILL"), 1000)
    const { status, stdout } = await running.ended
    expect(status).toBe(3)
    expect(stdout).toMatch(/ 10 B +[\d,]+ /)
  })
})

describe("the examples of ohmq bench", () => {
  it.each(bench.examples)("$what", async ({ command }) => {
    const [line = ""] = await withFreePorts(command)
    const endpoint = /tcp:\S+/.exec(line)?.[0]
    if (endpoint !== undefined) {
      const echo = start(["bench", `@${endpoint}`, "--echo"])
      await echo.until(/echoing/)
    }
    expect(await startShell(line).ended).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/Throughput|round-trip/),
    })
  })
})

describe("Histogram", () => {
  it("knows percentiles to 0.1 %, and every count", () => {
    const histogram = new Histogram()
    const values = Array.from({ length: 50_000 }, (_, index) => Math.round(1.0004 ** index * 100) % 5e9).sort(
      (a, b) => a - b,
    )
    for (const value of values) histogram.add(value)
    for (const part of [0.01, 0.5, 0.9, 0.99, 0.999]) {
      const exact = values[Math.ceil(values.length * part) - 1] as number
      expect(Math.abs(histogram.percentile(part) - exact) / exact).toBeLessThan(0.001)
    }
    expect([histogram.min, histogram.max, histogram.count]).toEqual([values[0], values.at(-1), values.length])
    expect(histogram.mean).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length)
    const counts = histogram.below([1000, 1e6])
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length)
    expect(Math.abs((counts[0] as number) - values.filter((value) => value < 1000).length)).toBeLessThan(3)
  })

  it("of nothing is all zeros", () => {
    const histogram = new Histogram()
    expect([histogram.mean, histogram.percentile(0.5), histogram.below([1])]).toEqual([0, 0, [0, 0]])
  })
})
