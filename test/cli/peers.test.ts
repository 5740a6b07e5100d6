// Each verb of a pattern with a peer that has none of our code: pyzmq, plain TCP, HTTP and plain udp.

import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import { createServer as createHttpServer } from "node:http"
import { type AddressInfo, connect, createServer, type Server } from "node:net"
import path from "node:path"
import { describe, expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../support/folders.js"
import { python } from "./peers.js"
import { ohmq, type Running, start } from "./support.js"

const any = "@tcp://127.0.0.1:*"

/** After the last line of a peer: what it has sent is delivered. */
const end = "socket.close()\ncontext.term()"

/** A socket of pyzmq that is bound to a free port; `body` uses it as `socket`. */
async function bound(type: string, body: string, setup = ""): Promise<{ peer: Running; endpoint: string }> {
  const source = `socket = context.socket(zmq.${type})\n${setup}\nsocket.bind("tcp://127.0.0.1:*")`
  const peer = python(`${source}\nprint(socket.get(zmq.LAST_ENDPOINT).decode().strip("\\0"))\n${body}\n${end}`)
  return { peer, endpoint: (await peer.until(/^(tcp:\S+)\n/, "stdout"))[1] as string }
}

/** A socket of pyzmq that is connected to an endpoint; `body` uses it as `socket`. */
const connected = (type: string, endpoint: string, body: string, setup = "") =>
  python(`socket = context.socket(zmq.${type})\n${setup}\nsocket.connect(args[0])\n${body}\n${end}`, endpoint)

/** What a peer printed after its endpoint. */
const printed = async (peer: Running) => {
  const { status, stdout, stderr } = await peer.ended
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  return stdout.replace(/^tcp:\S+\n/, "")
}

const partsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { parts: unknown[] }).parts)

describe("with pyzmq", () => {
  it("monitor reports the connection of a peer, from its handshake to its end", async () => {
    const monitor = start(["monitor", any, "--type", "pull", "--output", "json"])
    const peer = connected("PUSH", await monitor.endpoint(), "socket.send(b'x')")
    await monitor.until(/"event":"handshake",.*\n(?:.*\n)*.*"event":"disconnect"/, "stdout")
    expect(await printed(peer)).toBe("")
    const events = monitor.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { event: string; remoteAddress?: string })
    expect(events.map(({ event }) => event)).toEqual(["bind", "accept", "handshake", "disconnect"])
    expect(events[2]?.remoteAddress).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/)
  })

  it("push sends text, parts and bytes", async () => {
    const file = path.join(temporaryFolder(), "bytes")
    writeFileSync(file, Buffer.from([0, 255, 10, 13, 0]))
    const { peer, endpoint } = await bound("PULL", "for n in range(5): print(socket.recv_multipart())")
    for (const args of [
      ["één", "{{count}}"],
      ["--part", "a", "--part", ""],
      ["--file", file],
    ]) {
      expect(await ohmq(["push", endpoint, ...args])).toMatchObject({ status: 0, stdout: "", stderr: "" })
    }
    const input = '{"parts": ["x", {"base64": "AP8="}]}\n'
    expect(await ohmq(["push", endpoint, "-i", "json"], { input })).toMatchObject({ status: 0 })
    expect(await printed(peer)).toBe(
      [
        "[b'\\xc3\\xa9\\xc3\\xa9n']",
        "[b'2']",
        "[b'a', b'']",
        "[b'\\x00\\xff\\n\\r\\x00']",
        "[b'x', b'\\x00\\xff']",
        "",
      ].join("\n"),
    )
  })

  it("pull receives text, parts and bytes", async () => {
    const pull = start(["pull", any, "--count", "3", "-o", "json"])
    const body = `for parts in [["\u00e9n".encode()], [b"a", b""], [bytes([0, 255, 10]), b"x" * 300]]: socket.send_multipart(parts)`
    await printed(connected("PUSH", await pull.endpoint(), body))
    const { status, stdout } = await pull.ended
    expect(status).toBe(0)
    expect(partsOf(stdout)).toEqual([["én"], ["a", ""], [{ base64: "AP8K" }, "x".repeat(300)]])
  })

  it("pub sends to a SUB what it subscribed to", async () => {
    const pub = start(["pub", any, "--delimiter", ":", "--wait-peers", "2"])
    const subscribe = 'socket.subscribe("news.")\nsocket.subscribe("alert")'
    const peer = connected("SUB", await pub.endpoint(), "for n in range(2): print(socket.recv_multipart())", subscribe)
    pub.child.stdin.end("news:no\nnews.high:1\nweather:no\nalert:2\n")
    expect(await pub.ended).toMatchObject({ status: 0 })
    expect(await printed(peer)).toBe("[b'news.high', b'1']\n[b'alert', b'2']\n")
  })

  it("sub receives its topics of a PUB, and xsub too", async () => {
    const body =
      'while True:\n  for topic in [b"other", b"news.\\xff"]: socket.send_multipart([topic, b"text"])\n  time.sleep(.01)'
    const { endpoint } = await bound("PUB", body)
    for (const verb of ["sub", "xsub"]) {
      const outcome = await ohmq([verb, endpoint, "--topic", "news", "--count", "2", "-o", "json"])
      expect(outcome.status).toBe(0)
      expect(partsOf(outcome.stdout)).toEqual(Array(2).fill([{ base64: "bmV3cy7/" }, "text"]))
    }
  })

  it("xsub subscribes and unsubscribes at an XPUB by messages", async () => {
    const { peer, endpoint } = await bound("XPUB", "for n in range(3): print(socket.recv())\nsocket.send(b'a!')")
    const xsub = start(["xsub", endpoint, "-i", "json", "--count", "1"])
    xsub.child.stdin.write('["\\u0001a"]\n["\\u0001b"]\n["\\u0000b"]\n')
    expect(await xsub.ended).toMatchObject({ status: 0, stdout: "a!\n" })
    expect(await printed(peer)).toBe("b'\\x01a'\nb'\\x01b'\nb'\\x00b'\n")
  })

  it("xpub prints subscriptions of a SUB, and sends to it", async () => {
    const xpub = start(["xpub", any, "-o", "json", "--count", "2"])
    const body = "print(socket.recv_multipart())"
    const peer = connected("SUB", await xpub.endpoint(), body, 'socket.subscribe("news")')
    await xpub.until(/"parts":\["\\u0001news"\]/, "stdout")
    xpub.child.stdin.write("weather\nnews!\n")
    expect(await printed(peer)).toBe("[b'news!']\n")
    const { status, stdout } = await xpub.ended
    expect(status).toBe(0)
    expect(partsOf(stdout)).toEqual([["\u0001news"], ["\u0000news"]])
  })

  it("req asks a REP, and sends a request again that it did not answer", async () => {
    const answer = "for n in range(2): socket.send_multipart([b're', *socket.recv_multipart()])"
    const { peer, endpoint } = await bound("REP", answer)
    const outcome = await ohmq(["req", endpoint, "--delimiter", ","], { input: "a,b\nc\n" })
    expect(outcome).toMatchObject({ status: 0, stdout: "re\ta\tb\nre\tc\n" })
    await printed(peer)
    const deaf =
      "socket.recv_multipart()\nid, *rest = socket.recv_multipart()\nsocket.send_multipart([id, *rest[:-1], b'late'])"
    const router = await bound("ROUTER", deaf)
    const late = await ohmq(["req", router.endpoint, "x", "--timeout", "500ms", "--retries", "3"])
    expect(late).toMatchObject({ status: 0, stdout: "late\n" })
    await printed(router.peer)
  })

  it("rep replies to REQs", async () => {
    const rep = start(["rep", any, "--exec", "tr a-z A-Z", "--count", "2"])
    const body = "for n in range(2):\n  socket.send_multipart([b'one', b'two'])\n  print(socket.recv_multipart())"
    expect(await printed(connected("REQ", await rep.endpoint(), body))).toBe("[b'ONE\\nTWO']\n".repeat(2))
    expect(await rep.ended).toMatchObject({ status: 0, stdout: "" })
  })

  it("router replies to REQs and DEALERs, and sends to a DEALER by its name", async () => {
    const router = start(["router", any, "--echo"])
    const endpoint = await router.endpoint()
    const ask = (type: string, parts: string) =>
      printed(connected(type, endpoint, `socket.send_multipart(${parts})\nprint(socket.recv_multipart())`))
    expect(await ask("REQ", "[b'a', b'b']")).toBe("[b'a', b'b']\n")
    expect(await ask("DEALER", "[b'id', b'', b'a']")).toBe("[b'id', b'', b'a']\n")
    const manual = start(["router", any, "-i", "json", "--count", "1"])
    const body = "socket.send(b'ready')\nprint(socket.recv_multipart())"
    const peer = connected("DEALER", await manual.endpoint(), body, "socket.routing_id = b'worker-1'")
    await manual.until(/^worker-1\tready\n/, "stdout")
    manual.child.stdin.end('["worker-1", "job"]\n')
    expect(await printed(peer)).toBe("[b'job']\n")
    expect((await manual.ended).status).toBe(0)
  })

  it("dealer talks to a REP and to a ROUTER", async () => {
    const { endpoint } = await bound("REP", "socket.send(socket.recv().upper())")
    const asked = await ohmq(["dealer", endpoint, "--part", "", "--part", "hello", "--count", "1"])
    expect(asked).toMatchObject({ status: 0, stdout: "\tHELLO\n" })
    const body =
      "id, *parts = socket.recv_multipart()\nprint(id, parts)\nfor n in range(3): socket.send_multipart([id, b'%d' % n])"
    const router = await bound("ROUTER", body)
    const named = await ohmq(["dealer", router.endpoint, "hi", "--option", "routingId=me", "--count", "3"])
    expect(named).toMatchObject({ status: 0, stdout: "0\n1\n2\n" })
    expect(await printed(router.peer)).toBe("b'me' [b'hi']\n")
  })

  it("pair talks to a PAIR, both ways", async () => {
    const { peer, endpoint } = await bound("PAIR", "socket.send(b'first')\nprint(socket.recv())\nsocket.send(b'last')")
    const pair = start(["pair", endpoint, "--count", "2"])
    await pair.until(/first/, "stdout")
    pair.child.stdin.write("answer\n")
    expect(await pair.ended).toMatchObject({ status: 0, stdout: "first\nlast\n" })
    expect(await printed(peer)).toBe("b'answer'\n")
  })

  it("ends with what came when a peer is killed in the middle", async () => {
    const { peer, endpoint } = await bound("PUSH", "for n in range(2): socket.send(b'%d' % n)\ntime.sleep(60)")
    const pull = start(["pull", endpoint, "--timeout", "1s"])
    await pull.until(/1\n/, "stdout")
    peer.child.kill("SIGKILL")
    expect(await pull.ended).toMatchObject({
      status: 3,
      stdout: "0\n1\n",
      stderr: expect.stringContaining("No message came for 1 s; 2 came before"),
    })
  })

  it("goes on when a peer is stopped for a while", async () => {
    const { peer, endpoint } = await bound("PULL", "for n in range(20000): last = socket.recv()\nprint(last)")
    const push = start(["push", endpoint, "job {{count}}", "--count", "20000", "--hwm", "10"])
    peer.child.kill("SIGSTOP")
    setTimeout(() => peer.child.kill("SIGCONT"), 700)
    expect(await push.ended).toMatchObject({ status: 0 })
    expect(await printed(peer)).toBe("b'job 20000'\n")
  })
})

describe("with pyzmq and CURVE", () => {
  /** Certificates of a server and of two clients; the server knows alice. */
  async function certificates() {
    const folder = temporaryFolder()
    mkdirSync(path.join(folder, "clients"))
    const file = (name: string) => path.join(folder, name)
    for (const name of ["server", "alice", "mallory"]) {
      const args = ["keys", "certificate", file(name === "alice" ? "clients/alice.key" : `${name}.key`), `name=${name}`]
      expect((await ohmq(args)).status).toBe(0)
    }
    const load = (name: string) => `zmq.auth.load_certificate(${JSON.stringify(file(name))})`
    return { file, load, alice: file("clients/alice.key_secret"), imports: "import zmq.auth, zmq.auth.thread" }
  }

  it("push is let in by a server of pyzmq, or refused", async () => {
    const { file, load, alice, imports } = await certificates()
    const setup = [
      imports,
      "auth = zmq.auth.thread.ThreadAuthenticator(context)",
      "auth.start()",
      `auth.configure_curve(domain="*", location=${JSON.stringify(file("clients"))})`,
      `socket.curve_publickey, socket.curve_secretkey = ${load("server.key_secret")}`,
      "socket.curve_server = True",
    ].join("\n")
    const receive = "frame = socket.recv(copy=False)\nprint(frame.bytes)\nauth.stop()"
    const { peer, endpoint } = await bound("PULL", receive, setup)
    const client = (cert: string) => ["--cert", cert, "--server-cert", file("server.key"), "--linger", "5s"]
    const refused = await ohmq(["push", endpoint, "no", ...client(file("mallory.key_secret"))])
    expect(refused).toMatchObject({ status: 4, stderr: expect.stringContaining("refused") })
    expect(await ohmq(["push", endpoint, "yes", ...client(alice)])).toMatchObject({ status: 0, stderr: "" })
    expect(await printed(peer)).toBe("b'yes'\n")
  })

  it("rep and router let clients of pyzmq in, and know who they are", async () => {
    const { file, load, imports } = await certificates()
    for (const verb of ["rep", "router"]) {
      const server = ["--server", "--cert", file("server.key_secret"), "--clients", file("clients")]
      const running = start([verb, any, "--echo", "-o", "json", "--count", "1", ...server])
      const endpoint = await running.endpoint()
      const keys = (name: string) =>
        `${imports}\nsocket.curve_publickey, socket.curve_secretkey = ${load(name)}\nsocket.curve_serverkey, _ = ${load("server.key")}`
      const body = "socket.send(b'hello')\nprint(socket.recv())"
      connected("REQ", endpoint, body, keys("mallory.key_secret"))
      await running.until(/refused a client at 127\.0\.0\.1/)
      expect(await printed(connected("REQ", endpoint, body, keys("clients/alice.key_secret")))).toBe("b'hello'\n")
      const { status, stdout } = await running.ended
      expect([status, partsOf(stdout)[0]?.at(-1)]).toEqual([0, "hello"])
    }
  })
})

describe("stream, with plain TCP", () => {
  async function listen(server: Server): Promise<string> {
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    onTestFinished(() => void server.close())
    return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  it("talks to a server, byte by byte", async () => {
    const received: Buffer[] = []
    const server = createServer((socket) => {
      socket.write("220 ready\r\n")
      socket.on("data", (data) => {
        received.push(data)
        socket.end(`got ${data.length}\r\n`)
      })
    })
    const running = start(["stream", await listen(server), "--output", "raw", "--size", "8", "--count", "2"])
    await running.until(/220 ready\r\n/, "stdout")
    running.child.stdin.end(Buffer.from([0, 1, 2, 10, 13, 255, 0]))
    expect(await running.ended).toMatchObject({ status: 0, stdout: "220 ready\r\ngot 7\r\n" })
    expect(Buffer.concat(received)).toEqual(Buffer.from([0, 1, 2, 10, 13, 255, 0]))
  })

  it("asks an HTTP server", async () => {
    const server = createHttpServer((request, response) => response.end(`you asked for ${request.url}`))
    const input = "GET /page HTTP/1.0\r\n\r\n"
    const args = ["stream", await listen(server), "--size", "64Ki", "-o", "raw", "--timeout", "1s"]
    const { stdout, status } = await ohmq(args, { input })
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nyou asked for \/page$/)
    expect(status).toBe(3)
  })

  it("is a server to many clients", async () => {
    const running = start(["stream", any, "--output", "text", "--count", "2"])
    const port = Number(new URL(await running.endpoint()).port)
    const clients = [connect(port, "127.0.0.1"), connect(port, "127.0.0.1")]
    for (const client of clients) onTestFinished(() => void client.destroy())
    await Promise.all(clients.map((client) => once(client, "connect")))
    clients[0]?.write("one")
    await running.until(/one/, "stdout")
    const heard = Promise.all(clients.map(async (client) => String((await once(client, "data"))[0])))
    running.child.stdin.write("to all\n")
    expect(await heard).toEqual(["to all", "to all"])
    clients[1]?.write("two")
    expect(await running.ended).toMatchObject({ status: 0, stdout: "one\ntwo\n" })
  })
})

describe("with plain udp (draft)", () => {
  async function udp(): Promise<{ socket: UdpSocket; port: number }> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1")
    await once(socket, "listening")
    onTestFinished(() => void socket.close())
    return { socket, port: socket.address().port }
  }

  /** A port for the command, which was free just now. */
  async function freePort(): Promise<number> {
    const socket = createSocket("udp4").bind(0, "127.0.0.1")
    await once(socket, "listening")
    const { port } = socket.address()
    await new Promise<void>((resolve) => socket.close(resolve))
    return port
  }

  /** Sends a datagram again and again until the command ends, since udp neither waits nor tells. */
  function sendUntilEnd(socket: UdpSocket, datagram: string, port: number, running: Running): void {
    const timer = setInterval(() => socket.send(datagram, port, "127.0.0.1"), 20)
    void running.ended.finally(() => clearInterval(timer))
  }

  it("dgram sends and receives datagrams", async () => {
    const { socket, port } = await udp()
    const own = await freePort()
    const args = ["--part", `127.0.0.1:${port}`, "--part", "hello", "--count", "1"]
    const running = start(["dgram", `@udp://127.0.0.1:${own}`, ...args])
    const [message, from] = (await once(socket, "message")) as [Buffer, { port: number }]
    expect([String(message), from.port]).toEqual(["hello", own])
    socket.send("and hello", own, "127.0.0.1")
    expect(await running.ended).toMatchObject({ status: 0, stdout: `127.0.0.1:${port}\tand hello\n` })
  })

  it("radio sends the group before the text", async () => {
    const { socket, port } = await udp()
    const message = once(socket, "message")
    expect(await ohmq(["radio", `udp://127.0.0.1:${port}`, "--group", "news", "hello"])).toMatchObject({ status: 0 })
    expect(String((await message)[0])).toBe("\u0004newshello")
  })

  it("dish receives its groups, and nothing else", async () => {
    const { socket } = await udp()
    const port = await freePort()
    const running = start(["dish", `@udp://127.0.0.1:${port}`, "--group", "news", "--count", "1", "-o", "json"])
    for (const datagram of ["", "\u0000x", "\u0005otherx", "\u00ff", "\u0004newshello"])
      sendUntilEnd(socket, datagram, port, running)
    const { status, stdout } = await running.ended
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ group: "news", parts: ["hello"] })
  })
})
