import { spawnSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { resolve } from "node:path"
import { Publisher, Pull, Push, Reply, Request, type Socket, Subscriber } from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"
import { instrument } from "ohmq-toolkit/metrics"
import { Registry } from "prom-client"
import { describe, expect, it, onTestFinished } from "vitest"

const opened = <Type extends Socket>(socket: Type): Type => {
  onTestFinished(() => socket.close())
  return socket
}

/** The value of a metric. Undefined if there is none. */
async function figure(registry: Registry, name: string): Promise<number | undefined> {
  const line = (await registry.metrics()).split("\n").find((one) => one.startsWith(`ohmq_socket_${name} `))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(" ")))
}

const reaches = (registry: Registry, name: string, value: number) =>
  expect.poll(() => figure(registry, name), { message: name, timeout: 15_000 }).toBe(value)

/** A PUSH and a PULL, connected. */
async function pair(registry: Registry) {
  const pull = opened(new Pull())
  const push = opened(new Push())
  instrument(pull, { registry, name: "in" })
  const stop = instrument(push, { registry, name: "out" })
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint as string)
  await push.connected()
  return { pull, push, stop }
}

describe("instrument", () => {
  it("counts messages, bytes, connections and peers", async () => {
    const registry = new Registry()
    const { pull, push } = await pair(registry)
    await push.send(["four", "five."])
    await push.send("six")
    await pull.receive()
    await pull.receive()
    expect(await figure(registry, 'sent_messages_total{socket="out"}')).toBe(2)
    expect(await figure(registry, 'sent_bytes_total{socket="out"}')).toBe(12)
    expect(await figure(registry, 'received_messages_total{socket="in"}')).toBe(2)
    expect(await figure(registry, 'received_bytes_total{socket="in"}')).toBe(12)
    expect(await figure(registry, 'sent_messages_total{socket="in"}')).toBe(0)
    expect(await figure(registry, 'bound_endpoints{socket="in"}')).toBe(1)
    expect(await figure(registry, 'connected_endpoints{socket="out"}')).toBe(1)
    await reaches(registry, 'peers{socket="in"}', 1)
    await reaches(registry, 'peers{socket="out"}', 1)
    await reaches(registry, 'connections_total{socket="in",direction="in"}', 1)
    await reaches(registry, 'connections_total{socket="out",direction="out"}', 1)
    await reaches(registry, 'handshakes_total{socket="in"}', 1)
  })

  it("shows what waits in the queues", async () => {
    const registry = new Registry()
    const push = opened(new Push({ sendHighWaterMark: 1 }))
    const pull = opened(new Pull())
    push.sendQueue = true
    instrument(push, { registry, name: "out" })
    instrument(pull, { registry, name: "in" })
    // Nobody is connected: nothing can leave, and nothing comes.
    const sends = [push.send("a"), push.send("b"), push.send("c")].map((one) => one.catch(() => {}))
    const receive = pull.receive().catch(() => {})
    expect(await figure(registry, 'waiting_sends{socket="out"}')).toBe(3)
    expect(await figure(registry, 'waiting_receives{socket="in"}')).toBe(1)
    push.close()
    pull.close()
    await Promise.all([...sends, receive])
    expect(await figure(registry, 'waiting_sends{socket="out"}')).toBeUndefined()
  })

  it("counts reconnects, and attempts that failed", async () => {
    const registry = new Registry()
    const push = opened(new Push({ reconnectInterval: 10 }))
    instrument(push, { registry, name: "out" })
    const first = opened(new Pull())
    await first.bind("tcp://127.0.0.1:*")
    const address = first.lastEndpoint as string
    push.connect(address)
    await reaches(registry, 'handshakes_total{socket="out"}', 1)
    expect(await figure(registry, 'reconnects_total{socket="out"}')).toBe(0)
    await first.close({ wait: true })
    await reaches(registry, 'disconnects_total{socket="out"}', 1)
    await expect.poll(() => figure(registry, 'connect_retries_total{socket="out"}')).toBeGreaterThan(0)
    const second = opened(new Pull())
    await expect
      .poll(() =>
        second.bind(address).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    await reaches(registry, 'reconnects_total{socket="out"}', 1)
    await reaches(registry, 'peers{socket="out"}', 1)
  })

  it("counts handshakes that failed, by their reason", async () => {
    const registry = new Registry()
    const server = generateKeyPair({ name: "server" })
    const stranger = generateKeyPair({ name: "stranger" })
    const authenticator = new Authenticator()
    onTestFinished(() => authenticator.close())
    const pull = opened(new Pull({ security: { server, authenticator } }))
    instrument(pull, { registry, name: "guarded" })
    await pull.bind("tcp://127.0.0.1:*")
    const push = opened(new Push({ security: { client: stranger, serverKey: server.publicKey } }))
    instrument(push, { registry, name: "stranger" })
    push.connect(pull.lastEndpoint as string)
    await expect
      .poll(() => registry.metrics())
      .toMatch(/handshake_failures_total\{socket="stranger",reason="auth-400"\} [1-9]/)
    await expect
      .poll(() => registry.metrics())
      .toMatch(/handshake_failures_total\{socket="guarded",reason="auth-400"\} [1-9]/)
    // And one that has no key.
    const plain = opened(new Push())
    plain.connect(pull.lastEndpoint as string)
    await expect
      .poll(() => registry.metrics())
      .toMatch(/handshake_failures_total\{socket="guarded",reason="ERR_ZMTP_MECHANISM_MISMATCH"\} [1-9]/)
  })

  it("counts failures to bind", async () => {
    const registry = new Registry()
    const taken = createServer().listen(0, "127.0.0.1")
    await once(taken, "listening")
    onTestFinished(() => void taken.close())
    const pull = opened(new Pull())
    instrument(pull, { registry, name: "in" })
    await expect(pull.bind(`tcp://127.0.0.1:${(taken.address() as { port: number }).port}`)).rejects.toThrow()
    await reaches(registry, 'errors_total{socket="in",operation="bind"}', 1)
  })

  it("adds sockets of one name up, and keeps the counts of those that are closed", async () => {
    const registry = new Registry()
    const { push, pull } = await pair(registry)
    const second = opened(new Push())
    instrument(second, { registry, name: "out" })
    second.connect(pull.lastEndpoint as string)
    await push.send("a")
    await second.send("b")
    expect(await figure(registry, 'sent_messages_total{socket="out"}')).toBe(2)
    push.close()
    // Whichever metric is read first.
    const endpoints = await registry.getSingleMetricAsString("ohmq_socket_connected_endpoints")
    expect(endpoints).toContain('{socket="out"} 1')
    expect(await figure(registry, 'sent_messages_total{socket="out"}')).toBe(2)
    expect(await figure(registry, 'connected_endpoints{socket="out"}')).toBe(1)
    await second.send("c")
    expect(await figure(registry, 'sent_messages_total{socket="out"}')).toBe(3)
    second.close()
    expect(await figure(registry, 'sent_messages_total{socket="out"}')).toBe(3)
    expect(await figure(registry, 'connected_endpoints{socket="out"}')).toBeUndefined()
  })

  it("ends when it is told to, and leaves the socket and its events to the program", async () => {
    const registry = new Registry()
    const { push, pull, stop } = await pair(registry)
    await push.send("a")
    const lost = push.events.waitFor("disconnect")
    stop()
    stop()
    await push.send("b")
    pull.close()
    await lost
    expect(await figure(registry, 'sent_messages_total{socket="out"}')).toBe(1)
    expect(await figure(registry, 'disconnects_total{socket="out"}')).toBe(0)
    expect(await figure(registry, 'peers{socket="out"}')).toBeUndefined()
  })

  it.each([
    ["Request and Reply", () => [new Reply(), new Request()]],
    ["Subscriber and Publisher", () => [new Subscriber(), new Publisher()]],
  ] as [string, () => [Socket, Socket]][])("takes %s", async (_, make) => {
    const registry = new Registry()
    const [a, b] = make().map(opened) as [Socket, Socket]
    instrument(a, { registry, name: "a" })
    instrument(b, { registry, name: "b" })
    await a.bind("tcp://127.0.0.1:*")
    b.connect(a.lastEndpoint as string)
    await reaches(registry, 'peers{socket="a"}', 1)
    await reaches(registry, 'peers{socket="b"}', 1)
  })

  it.each([
    [{ registry: new Registry() }, /^name: /],
    [{ registry: new Registry(), name: "" }, "name: Expected a name that is not empty"],
    [{ registry: {}, name: "a" }, "registry: Expected a Registry of prom-client"],
    [{ registry: new Registry(), name: "a", nmae: "b" }, /Unrecognized key/],
  ])("refuses the options %j", (options, message) => {
    expect(() => instrument(opened(new Pull()), options as never)).toThrow(message)
  })

  it("refuses what is not a socket, and a socket that is closed", () => {
    const options = { registry: new Registry(), name: "a" }
    expect(() => instrument({} as never, options)).toThrow("Expected a socket of ohmq")
    const pull = new Pull()
    pull.close()
    expect(() => instrument(pull, options)).toThrow("The socket is closed")
  })
})

describe("docs/metrics.md", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../docs/metrics.md"), "utf8")

  it("lists each metric", async () => {
    const registry = new Registry()
    instrument(opened(new Pull()), { registry, name: "in" })
    const listed = [...page.matchAll(/`(ohmq_socket_\w+)`/g)].map(([, name]) => name)
    expect(listed.toSorted()).toEqual((await registry.getMetricsAsJSON()).map(({ name }) => name).toSorted())
  })

  it("has a program that runs", () => {
    const [, program = ""] = /^```js\n(.+?)^```/ms.exec(page) ?? []
    const args = ["--input-type=module", "--eval", program]
    const { stdout, stderr, status } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      cwd: resolve(import.meta.dirname, "../.."),
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(stdout).toContain('ohmq_socket_sent_messages_total{socket="findings"} 0')
  })
})
