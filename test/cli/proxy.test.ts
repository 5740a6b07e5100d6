import { mkdirSync } from "node:fs"
import path from "node:path"

import { describe, expect, it } from "vitest"
import { proxy } from "../../lib/cli/verbs/proxy.js"
import { temporaryFolder } from "../support/folders.js"
import { withFreePorts } from "../support/free-ports.js"
import { python } from "./peers.js"
import { ohmq, type Running, shell, start } from "./support.js"

/** Starts a proxy with two endpoints that end in `*`, and gives the endpoints that they got. */
async function startProxy(args: string[]): Promise<[Running, string, string]> {
  const running = start(["proxy", ...args])
  const [, front = "", back = ""] = await running.until(/forwarding between \w+ @(\S+) and \w+ @([^\s,]+)/)
  return [running, front, back]
}

const local = "@tcp://127.0.0.1:*"

const replier = `
rep = context.socket(zmq.REP)
rep.connect(args[0])
while True: rep.send(b"re: " + rep.recv())
`
const requester = `
req = context.socket(zmq.REQ)
req.connect(args[0])
for index in range(int(args[1])):
  req.send(b"%d" % index)
  assert req.recv() == b"re: %d" % index
print("all", flush=True)
`

describe("ohmq proxy", () => {
  it("forwards requests and replies of pyzmq, and says at the end how many", async () => {
    const [running, front, back] = await startProxy(["queue", local, local])
    python(replier, back)
    expect(await python(requester, front, "200").ended).toMatchObject({ status: 0, stdout: "all\n" })
    running.child.kill("SIGINT")
    const { status, stdout, stderr } = await running.ended
    expect([status, stdout]).toEqual([130, ""])
    expect(stderr).toMatch(/to the back: 200 messages, [\d.]+ k?B; to the front: 200 messages/)
  })

  it("forwards subscriptions and messages of pyzmq, and copies them to the capture socket", async () => {
    const running = start([
      "proxy",
      "--front",
      `xsub:${local}`,
      "--back",
      `xpub:${local}`,
      "--capture",
      `push:${local}`,
    ])
    const [, front = "", back = "", capture = ""] = await running.until(
      /forwarding between xsub @(\S+) and xpub @(\S+), with a copy to push @(\S+)/,
    )
    // What the capture socket has no reader for, it drops.
    const reader = python(
      `
pull = context.socket(zmq.PULL)
monitor = pull.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
pull.connect(args[0])
monitor.recv_multipart()
print("ready", flush=True)
print(pull.recv(), pull.recv(), flush=True)
`,
      capture,
    )
    await reader.until(/ready/, "stdout")
    const subscriber = python(
      `
sub = context.socket(zmq.SUB)
sub.connect(args[0])
sub.subscribe(b"a")
print(sub.recv(), flush=True)
`,
      back,
    )
    const publisher = python(
      `
pub = context.socket(zmq.XPUB)
pub.connect(args[0])
assert pub.recv() == b"\\x01a"
pub.send(b"b1")
pub.send(b"a1")
time.sleep(5)
`,
      front,
    )
    expect(await subscriber.ended).toMatchObject({ stdout: "b'a1'\n" })
    publisher.child.kill()
    expect(await reader.ended).toMatchObject({ stdout: "ready\nb'\\x01a' b'a1'\n" })
  })

  it("pauses at SIGUSR1 and resumes at SIGUSR2, and loses nothing", async () => {
    const [running, front, back] = await startProxy(["streamer", local, local])
    const reader = python(
      `
pull = context.socket(zmq.PULL)
pull.connect(args[0])
for _ in range(100): print(pull.recv().decode(), flush=True)
`,
      back,
    )
    const push = (from: number) =>
      python(
        `
push = context.socket(zmq.PUSH)
push.connect(args[0])
for index in range(50): push.send(b"%d" % (int(args[1]) + index))
push.close()
context.term() # waits until all of them are sent: at its exit, Python does not
`,
        front,
        String(from),
      ).ended
    await push(0)
    await reader.until(/^49$/m, "stdout")
    running.child.kill("SIGUSR1")
    await running.until(/paused/)
    await push(50)
    // Long enough for what would come through; what does not come has no event.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(reader.stdout).not.toMatch(/^50$/m)
    running.child.kill("SIGUSR2")
    await running.until(/resumed/)
    const { stdout } = await reader.ended
    expect(stdout.trim().split("\n")).toEqual(Array.from({ length: 100 }, (_, index) => String(index)))
    expect(running.stderr).not.toMatch(/[Dd]ebugger/)
  })

  it("forwards what waits behind a pause before it ends at SIGTERM", async () => {
    const [running, front, back] = await startProxy(["streamer", local, local])
    running.child.kill("SIGUSR1")
    await running.until(/paused/)
    const reader = python(
      `
pull = context.socket(zmq.PULL)
pull.connect(args[0])
print("ready", flush=True)
for _ in range(500): pull.recv()
print("all", flush=True)
`,
      back,
    )
    await reader.until(/ready/, "stdout")
    const push = `
push = context.socket(zmq.PUSH)
push.connect(args[0])
for index in range(500): push.send(b"x" * 1000)
push.close()
context.term()
`
    await python(push, front).ended
    running.child.kill("SIGTERM")
    expect(await running.ended).toMatchObject({
      status: 143,
      stderr: expect.stringContaining("500 messages, 500.0 kB"),
    })
    expect((await reader.ended).stdout).toContain("all")
  })

  it("waits for an outstanding reply before it ends", async () => {
    const [running, front, back] = await startProxy(["queue", local, local, "--drain", "5s"])
    const worker = python(
      `
rep = context.socket(zmq.REP)
rep.connect(args[0])
rep.recv()
print("working", flush=True)
time.sleep(0.5)
rep.send(b"late")
time.sleep(2)
`,
      back,
    )
    const client = python(
      `
req = context.socket(zmq.REQ)
req.connect(args[0])
req.send(b"x")
print(req.recv(), flush=True)
`,
      front,
    )
    await worker.until(/working/, "stdout")
    running.child.kill("SIGINT")
    expect((await running.ended).status).toBe(130)
    expect(await client.ended).toMatchObject({ stdout: "b'late'\n" })
  })

  it("says once a second how much passes with --stats", async () => {
    const [running, front, back] = await startProxy(["queue", local, local, "--stats"])
    python(replier, back)
    void python(requester, front, "1000000").ended
    const [, first = ""] = await running.until(
      /to the back: ([\d,]+) msg\/s, \S+ k?B\/s; to the front: [1-9][\d,]* msg\/s/,
    )
    expect(Number(first.replaceAll(",", ""))).toBeGreaterThan(10)
    running.child.kill("SIGINT")
    expect((await running.ended).status).toBe(130)
  })

  it("binds a side to several endpoints", async () => {
    const ipc = `ipc://${path.join(temporaryFolder(), "front")}`
    const running = start(["proxy", "queue", local, local, "--front", `@${ipc}`])
    const [, tcp = "", back = ""] = await running.until(/between router @(\S+) @ipc\S+ and dealer @(\S+)/)
    python(replier, back)
    for (const front of [tcp, ipc]) expect((await python(requester, front, "3").ended).stdout).toBe("all\n")
  })

  it("encrypts a side by its own options, and lets only known clients in", async () => {
    const keys = temporaryFolder()
    const { Certificate } = await import("ohmq/security")
    mkdirSync(path.join(keys, "clients"))
    for (const name of ["server", "clients/client", "stranger"])
      await Certificate.generate().save(path.join(keys, `${name}.key`))
    const guarded = ["--front-server", "--front-cert", path.join(keys, "server.key_secret")]
    const [running, front, back] = await startProxy([
      ...["queue", local, local, ...guarded, "--front-clients", path.join(keys, "clients")],
    ])
    python(replier, back)
    const ask = (name: string) =>
      python(
        `
import zmq.auth
req = context.socket(zmq.REQ)
req.linger = 0
req.curve_serverkey = zmq.auth.load_certificate(args[1])[0]
req.curve_publickey, req.curve_secretkey = zmq.auth.load_certificate(args[2])
req.connect(args[0])
req.send(b"x")
print(req.recv() if req.poll(1500) else "nothing", flush=True)
`,
        ...[front, path.join(keys, "server.key"), path.join(keys, name)],
      ).ended
    expect((await ask("clients/client.key_secret")).stdout).toBe("b're: x'\n")
    expect((await ask("stranger.key_secret")).stdout).toBe("nothing\n")
    expect(running.stderr).toContain("refused a client")
  })

  it.each([
    [[], "--front TYPE:ENDPOINT"],
    [["queue", local], "--back TYPE:ENDPOINT"],
    [["que", local, local], "Expected the name of a pair (queue, forwarder, streamer)"],
    [[local, local], "before the endpoints"],
    [["--front", "roter:tcp://a:1", "--back", "dealer:tcp://a:2"], 'Did you mean "router"?'],
    [["--front", "rep:tcp://a:1", "--back", "dealer:tcp://a:2"], "needs router"],
    [["--front", "tcp://a:1", "--back", "dealer:tcp://a:2"], "expected a type before the endpoint"],
    [["--front", "pull:tcp://a:1", "--back", "sub:tcp://a:2"], "both only receive"],
    [["queue", local, local, "--front", "pull:tcp://a:1"], "both router and pull"],
    [["queue", local, local, "--capture", "pull:tcp://a:1"], "cannot send"],
    [["queue", local, local, "--front-server"], "--front-server needs --front-cert"],
    [["queue", "localhost:5555", local], 'Did you mean "tcp://localhost:5555"?'],
  ])("refuses %j", async (args, message) => {
    expect(await ohmq(["proxy", ...args])).toMatchObject({ status: 2, stderr: expect.stringContaining(message) })
  })

  it("ends with 1 if an endpoint is taken, and closes the others", async () => {
    const [, front] = await startProxy(["queue", local, local])
    expect(await ohmq(["proxy", "queue", local, `@${front}`])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`Cannot bind to ${front}`),
    })
  })

  it("ends at once if nothing was sent, though its peers never came", async () => {
    const begin = performance.now()
    const args = ["queue", "tcp://127.0.0.1:9", "tcp://127.0.0.1:9", "--duration", "100ms"]
    expect((await ohmq(["proxy", ...args])).status).toBe(0)
    expect(performance.now() - begin).toBeLessThan(5000)
  })

  it("stops without a trace at SIGKILL: the endpoints are free", async () => {
    const [running, front, back] = await startProxy(["queue", local, local])
    running.child.kill("SIGKILL")
    expect((await running.ended).status).toBe("SIGKILL")
    await startProxy(["queue", `@${front}`, `@${back}`])
  })

  it.each(proxy.examples)("runs the example: $what", async ({ command }) => {
    const [line = ""] = await withFreePorts(command)
    expect(await shell(line)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining("forwarding between"),
    })
  })
})
