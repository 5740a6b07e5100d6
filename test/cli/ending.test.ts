// How commands end: exit codes, signals, closed pipes, what could not be delivered, refusals.

import { chmodSync, mkdirSync } from "node:fs"
import path from "node:path"
import { Pull, Push } from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { freeAddress, open, texts } from "../support/sockets.js"
import { ohmq, shell, start, startShell } from "./support.js"

const any = "@tcp://127.0.0.1:*"

describe("a command", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("ends by %s with %i, and writes what came", async (signal, status) => {
    const pull = start(["pull", any])
    const push = open(Push)
    push.connect(await pull.endpoint())
    await push.send("before")
    await pull.until(/before/, "stdout")
    pull.child.kill(signal)
    expect(await pull.ended).toMatchObject({ status, stdout: "before\n" })
  })

  it.each([
    ["--interval", "200ms"],
    ["--rate", "5/s"],
  ])("ends by a signal between messages that nobody takes: pub %s %s", async (...pace) => {
    const pub = start(["pub", any, "--no-wait", ...pace, "x"])
    await pub.endpoint()
    await new Promise((resolve) => setTimeout(resolve, 300))
    pub.child.kill("SIGINT")
    expect(await pub.ended).toMatchObject({ status: 130, stderr: expect.stringMatching(/^bound to \S+\n$/) })
  })

  it("delivers what it has read before it ends by a signal", async () => {
    const pull = open(Pull)
    const push = start(["push", any, "--linger", "10s"])
    const endpoint = await push.endpoint()
    pull.connect(endpoint)
    push.child.stdin.write("one\n")
    expect(texts(await pull.receive())).toEqual(["one"])
    push.child.stdin.write("two\n")
    push.child.kill("SIGINT")
    expect((await push.ended).status).toBe(130)
  })

  it("ends req at once by the first one, because nobody is left to read the reply", async () => {
    const req = start(["req", "tcp://127.0.0.1:1", "x"])
    await req.until(/waiting for a reply/)
    req.child.kill("SIGINT")
    expect((await req.ended).status).toBe(130)
  })

  it("ends at once by a second signal", async () => {
    const push = start(["push", "tcp://127.0.0.1:1", "x", "--linger", "1h"])
    await push.until(/^/)
    await new Promise((resolve) => setTimeout(resolve, 500))
    push.child.kill("SIGINT")
    await push.until(/delivering what is queued.*a second signal ends it at once/)
    expect(push.child.exitCode).toBe(null)
    push.child.kill("SIGINT")
    expect((await push.ended).status).toBe(130)
  })

  it("ends quietly when its reader has gone, also without a further message", async () => {
    const line = startShell(`ohmq pull ${any} | head -1; echo "\${PIPESTATUS[0]}"`)
    const push = open(Push)
    push.connect(await line.endpoint())
    await push.send("first")
    const { stdout, stderr } = await line.ended
    expect(stdout).toBe("first\n0\n")
    expect(stderr).toMatch(/^bound to \S+\n$/)
  })

  it("ends quietly when a pipe closes while it writes", async () => {
    const line = startShell(`ohmq pull ${any} | head -c 10 > /dev/null; echo "\${PIPESTATUS[0]}"`)
    const push = open(Push, { linger: 0 })
    push.connect(await line.endpoint())
    for (let sent = 0; sent < 1000; sent += 1) await push.send("x".repeat(10_000))
    const { stdout, stderr } = await line.ended
    expect(stdout).toBe("0\n")
    expect(stderr).toMatch(/^bound to \S+\n$/)
  })

  it("gives up after --timeout with 3, and ends after --duration with 0", async () => {
    const timedOut = await ohmq(["pull", any, "--timeout", "100ms"])
    expect(timedOut).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("No message came for 100 ms; 0 came before"),
    })
    expect(await ohmq(["pull", any, "--duration", "100ms"])).toMatchObject({ status: 0 })
    const blocked = await ohmq(["push", any, "x", "--timeout", "100ms"])
    expect(blocked).toMatchObject({
      status: 3,
      stderr: expect.stringContaining("No peer took a message for 100 ms; 0 were sent"),
    })
  })

  it("fails if something was not delivered within --linger", async () => {
    const outcome = await ohmq(["push", "tcp://127.0.0.1:1", "x", "--linger", "100ms"])
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("Not all messages were delivered") })
  })

  it("says why it cannot bind", async () => {
    const pull = open(Pull)
    await pull.bind(freeAddress("tcp"))
    const outcome = await ohmq(["pull", `@${pull.lastEndpoint}`])
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining("Address already in use") })
  })

  it("warns of plain text beyond loopback", async () => {
    const outcome = await ohmq(["pull", "@tcp://0.0.0.0:*", "--duration", "50ms"])
    expect(outcome.stderr).toMatch(/^warning: .*plain text/m)
    expect((await ohmq(["pull", any, "--duration", "50ms"])).stderr).not.toContain("warning")
  })

  it("is silent with --quiet, except for errors", async () => {
    expect(await ohmq(["pull", any, "-q", "--duration", "50ms"])).toMatchObject({ status: 0, stderr: "" })
    expect((await ohmq(["pull", any, "-q", "--timeout", "50ms"])).stderr).toMatch(/^error: /)
  })

  it("works in a pipeline of both verbs", async () => {
    const endpoint = `ipc://${path.join(temporaryFolder(), "socket")}`
    const outcome = await shell(`ohmq pull "@${endpoint}" --count 3 & seq 3 | ohmq push "${endpoint}"; wait`)
    expect(outcome).toMatchObject({ status: 0, stdout: "1\n2\n3\n" })
  })
})

describe("security", () => {
  async function certificates() {
    const folder = temporaryFolder()
    const file = (name: string) => path.join(folder, name)
    mkdirSync(file("clients"))
    const [server, alice, mallory] = ["server", "alice", "mallory"].map((name) => generateKeyPair({ name }))
    if (server === undefined || alice === undefined || mallory === undefined) throw new Error("unreachable")
    await server.save(file("server.key"))
    await alice.save(file("alice.key"))
    await mallory.save(file("mallory.key"))
    await alice.savePublic(file("clients/alice.key"))
    return { file, server, alice, mallory }
  }

  it("is CURVE on both sides, and the output names the sender", async () => {
    const { file } = await certificates()
    const server = ["--server", "--cert", file("server.key_secret"), "--clients", file("clients")]
    const pull = start(["pull", any, ...server, "--count", "1", "-o", "json"])
    const client = ["--cert", file("alice.key_secret"), "--server-cert", file("server.key")]
    const sent = await ohmq(["push", await pull.endpoint(), "secret", ...client])
    expect(sent).toMatchObject({ status: 0, stderr: "" })
    expect(JSON.parse((await pull.ended).stdout)).toMatchObject({ parts: ["secret"], sender: "alice" })
  })

  it("ends with 4 if the server refuses this side's key, and the server says whom it refused", async () => {
    const { file } = await certificates()
    const server = ["--server", "--cert", file("server.key_secret"), "--clients", file("clients")]
    const pull = start(["pull", any, ...server])
    const client = ["--cert", file("mallory.key_secret"), "--server-cert", file("server.key")]
    const sent = await ohmq(["push", await pull.endpoint(), "secret", ...client])
    expect(sent).toMatchObject({ status: 4, stderr: expect.stringContaining("refused this side's key or password") })
    await pull.until(/refused a client at 127\.0\.0\.1: unknown key/)
    expect(pull.stdout).toBe("")
  })

  it("takes a server's key as text, and --clients any with a warning", async () => {
    const { file, server } = await certificates()
    const pull = start([
      "pull",
      any,
      "--server",
      "--cert",
      file("server.key_secret"),
      "--clients",
      "any",
      "--count",
      "1",
    ])
    const sent = await ohmq(["push", await pull.endpoint(), "x", "--server-cert", server.publicKey])
    expect(sent.status).toBe(0)
    expect(await pull.ended).toMatchObject({
      status: 0,
      stdout: "x\n",
      stderr: expect.stringContaining("warning: --clients any"),
    })
  })

  it("is PLAIN over ipc, with the password from a variable or a file", async () => {
    const authenticator = new Authenticator({ plain: ({ password }) => password.toString() === "pass word" })
    onTestFinished(() => authenticator.close())
    const pull = open(Pull, { security: { plainServer: true, authenticator } })
    await pull.bind(freeAddress("ipc"))
    const endpoint = pull.lastEndpoint as string
    const env = { SECRET: "pass word" }
    expect(await ohmq(["push", endpoint, "x", "--plain", "me:env:SECRET"], { env })).toMatchObject({ status: 0 })
    expect(texts(await pull.receive())).toEqual(["x"])
    const wrong = await ohmq(["push", endpoint, "x", "--plain", "me:env:SECRET"], { env: { SECRET: "other" } })
    expect(wrong).toMatchObject({ status: 4 })
    expect(await ohmq(["push", endpoint, "x", "--plain", "me:env:NOT_THERE"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("NOT_THERE is not set"),
    })
  })

  it("ends with 4 if others can read a secret key, and says how to mend that", async () => {
    const { file } = await certificates()
    chmodSync(file("alice.key_secret"), 0o644)
    const args = ["--cert", file("alice.key_secret"), "--server-cert", file("server.key")]
    const outcome = await ohmq(["push", "tcp://127.0.0.1:1", "x", ...args])
    expect(outcome).toMatchObject({ status: 4, stderr: expect.stringContaining("chmod 600") })
  })

  it("says which certificate is meant if a file has no secret key, or is not there", async () => {
    const { file } = await certificates()
    const client = ["push", "tcp://127.0.0.1:1", "x", "--server-cert", file("server.key"), "--cert"]
    expect((await ohmq([...client, file("alice.key")])).stderr).toContain(`Did you mean ${file("alice.key")}_secret?`)
    expect((await ohmq([...client, file("none")])).stderr).toContain("no such file")
  })
})
