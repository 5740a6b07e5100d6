import { createSocket } from "node:dgram"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { connect as connectTls, createServer as createTlsServer } from "node:tls"
import { describe, expect, it, onTestFinished } from "vitest"
import { certificates } from "./certificates.js"
import { sourceRelay } from "./in-process.js"
import { event, sinkRelay } from "./sink-relay.js"
import { temporaryFolder, until } from "./support.js"

/** A relay with the source syslog, and the ports that it has. */
async function relayOf(options: string, folder = temporaryFolder()) {
  const relay = await sourceRelay(`type: syslog, ${options}`, folder)
  const addresses = relay.log.flatMap(({ address }) => (address === undefined ? [] : [String(address)]))
  return { ...relay, ports: addresses.map((address) => Number(address.split(":").at(-1))) }
}

function send(port: number, ...chunks: (string | Buffer)[]): Promise<void> {
  const socket = connect(port, "127.0.0.1")
  for (const chunk of chunks) socket.write(chunk)
  socket.end()
  return once(socket, "close").then(() => {})
}

const counted = (message: string) => `${Buffer.byteLength(message)} ${message}`

describe("The source syslog", () => {
  // The examples of RFC 5424, section 6.5, and RFC 3164, section 5.4, and what is in use.
  it.each<[title: string, message: string, data: Record<string, unknown>, attributes: Record<string, unknown>]>([
    [
      "RFC 5424 without structured data",
      "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \uFEFF'su root' failed for lonvick on /dev/pts/8",
      {
        message: "'su root' failed for lonvick on /dev/pts/8",
        facility: "auth",
        level: "crit",
        host: "mymachine.example.com",
        app: "su",
        id: "ID47",
        format: "rfc5424",
      },
      {
        source: "/syslog/in/mymachine.example.com",
        subject: "su",
        time: "2003-10-11T22:14:15.003Z",
        severity: "critical",
        type: "log.recorded",
      },
    ],
    [
      "RFC 5424 with two elements and no text",
      '<165>1 2003-10-11T22:14:15.003Z host evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Appli\\"cation\\]"][examplePriority@32473 class="high"]',
      {
        message: "",
        facility: "local4",
        level: "notice",
        host: "host",
        app: "evntslog",
        id: "ID47",
        structured: {
          "exampleSDID@32473": { iut: "3", eventSource: 'Appli"cation]' },
          "examplePriority@32473": { class: "high" },
        },
        format: "rfc5424",
      },
      { severity: "low" },
    ],
    [
      "RFC 3164",
      "<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8",
      {
        message: "'su root' failed for lonvick on /dev/pts/8",
        facility: "auth",
        level: "crit",
        host: "mymachine",
        app: "su",
        format: "rfc3164",
      },
      { subject: "su", time: expect.stringMatching(/^20\d\d-10-1/) },
    ],
    [
      "rsyslog's forward format",
      "<13>2026-03-01T10:00:00.123456+01:00 web1 sshd[812]: Accepted",
      {
        message: "Accepted",
        facility: "user",
        level: "notice",
        host: "web1",
        app: "sshd",
        process: "812",
        format: "rfc3164",
      },
      { time: "2026-03-01T10:00:00.123456+01:00" },
    ],
    [
      "neither",
      "Use the BFG!",
      { message: "Use the BFG!", facility: "user", level: "notice", format: "rfc3164" },
      { source: "/syslog/in" },
    ],
    [
      "a priority out of range",
      "<999>1 - - - - - - x",
      { message: "<999>1 - - - - - - x", facility: "user", level: "notice", format: "rfc3164" },
      {},
    ],
    [
      "structured data that does not end",
      '<13>1 - h a - - [x y="z',
      { message: '1 - h a - - [x y="z', facility: "user", level: "notice", format: "rfc3164" },
      {},
    ],
    [
      "a time that is none",
      "<13>1 2026-13-45T10:00:00Z h a - - - x",
      { message: "1 2026-13-45T10:00:00Z h a - - - x", facility: "user", level: "notice", format: "rfc3164" },
      {},
    ],
  ])("reads %s", async (_title, message, data, attributes) => {
    const { ports, lines } = await relayOf('bind: "tcp://127.0.0.1:0"')
    await send(ports[0] as number, counted(message))
    const [line] = await lines(1)
    expect(line).toMatchObject(attributes)
    expect(line?.data).toEqual(data)
  })

  it("takes octet counting and line feeds on one connection, however they are cut", async () => {
    const { ports, lines } = await relayOf('bind: "tcp://127.0.0.1:0"')
    const seed = Math.floor(Math.random() * 2 ** 31)
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return state % below
    }
    const texts = Array.from({ length: 200 }, (_, index) => `message ${index} ${"ü".repeat(random(200))}`)
    const stream = Buffer.from(
      texts
        .map((text, index) =>
          `<13>1 - - - - - - ${text}`.replace(/.*/s, (one) =>
            index % 3 === 0 ? `${one}\n` : index % 3 === 1 ? counted(one) : `${counted(one)}\n`,
          ),
        )
        .join(""),
    )
    const chunks: Buffer[] = []
    for (let at = 0; at < stream.length; ) {
      const length = 1 + random(50)
      chunks.push(stream.subarray(at, at + length))
      at += length
    }
    const socket = connect(ports[0] as number, "127.0.0.1").setNoDelay(true)
    for (const chunk of chunks) {
      socket.write(chunk)
      if (random(20) === 0) await new Promise(setImmediate)
    }
    socket.end()
    const found = (await lines(texts.length)).map(({ data }) => (data as { message: string }).message)
    expect({ seed, found }).toEqual({ seed, found: texts })
  })

  it("refuses what is too long or has no valid length, and takes what follows", async () => {
    const { ports, lines, refused } = await relayOf('bind: "tcp://127.0.0.1:0", maxMessage: 100B')
    const port = ports[0] as number
    await send(
      port,
      `<13>${"x".repeat(200)}\n`,
      counted(`<13>${"y".repeat(300)}`),
      "<13>after\n",
      "12x4 \n",
      "<13>last",
    )
    const found = (await lines(2)).map(({ data }) => (data as { message: string }).message)
    expect(found).toEqual(["after", "last"])
    expect(await refused("too-long")).toBe(2)
    expect(await refused("length")).toBe(1)
    // A message that was cut off is not a message.
    await send(port, "50 <13>half")
    await until(async () => (await refused("length")) === 2)
  })

  it("takes datagrams", async () => {
    const { ports, lines } = await relayOf('bind: ["udp://127.0.0.1:0", "udp://[::1]:0"]')
    for (const [index, type] of (["udp4", "udp6"] as const).entries()) {
      const socket = createSocket(type)
      socket.send(`<11>1 - - - - - - over ${type}\n`, ports[index], type === "udp4" ? "127.0.0.1" : "::1", () =>
        socket.close(),
      )
    }
    const found = (await lines(2)).map(({ data, severity }) => [(data as { message: string }).message, severity])
    expect(found.toSorted()).toEqual([
      ["over udp4", "high"],
      ["over udp6", "high"],
    ])
  })

  it("lets in clients by certificate, and names them", async () => {
    const folder = temporaryFolder()
    certificates(folder)
    const { ports, lines, refused } = await relayOf(
      'bind: "tls://127.0.0.1:0", cert: server.pem, key: server.key, clientCa: ca.pem',
      folder,
    )
    const read = (name: string) => readFileSync(join(folder, name))
    const client = (more: object) =>
      connectTls({ host: "127.0.0.1", port: ports[0] as number, ca: read("ca.pem"), ...more }).on("error", () => {})
    const anonymous = client({})
    await new Promise((done) => anonymous.once("close", done))
    await until(async () => (await refused("tls")) === 1)
    client({ cert: read("client.pem"), key: read("client.key") }).end(counted("<13>1 - - - - - - hello"))
    const [line] = await lines(1)
    expect(line).toMatchObject({ ohmqsender: "scanner-7", data: { message: "hello" } })
  })

  it("survives random bytes, and stores or counts each message", async () => {
    const { ports, lines } = await relayOf('bind: "tcp://127.0.0.1:0", maxMessage: 1KiB')
    const seed = Math.floor(Math.random() * 2 ** 31)
    let state = seed
    const byte = () => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
      return (state >> 8) & 0xff
    }
    const port = ports[0] as number
    await Promise.all(
      Array.from({ length: 20 }, () => send(port, Buffer.from(Array.from({ length: 5000 }, byte))).catch(() => {})),
    )
    await send(port, counted("<13>1 - - - - - - still here"))
    await until(async () =>
      (await lines(1)).some(({ data }) => (data as { message?: string }).message === "still here"),
    )
  })
})

/** A server of syslog that keeps whole messages. */
async function syslogServer(tls?: { key: Buffer; cert: Buffer; ca?: Buffer; requestCert?: boolean }) {
  const messages: string[] = []
  const sockets = new Set<Socket>()
  const accept = (socket: Socket) => {
    sockets.add(socket)
    let buffer = Buffer.alloc(0)
    socket.on("error", () => {})
    socket.on("data", (chunk) => {
      buffer = Buffer.concat([buffer, chunk])
      for (;;) {
        const space = buffer.indexOf(0x20)
        const length = Number(buffer.toString("latin1", 0, space))
        if (space < 0 || buffer.length < space + 1 + length) return
        messages.push(buffer.toString("utf8", space + 1, space + 1 + length))
        buffer = buffer.subarray(space + 1 + length)
      }
    })
  }
  const server = tls ? createTlsServer(tls, accept) : createServer(accept)
  const listen = async (port: number) => {
    server.listen(port, "127.0.0.1")
    await once(server, "listening")
    return (server.address() as AddressInfo).port
  }
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((done) => server.close(done))
  }
  onTestFinished(close)
  return { messages, listen, close, port: await listen(0) }
}

const idsIn = (messages: string[]) => messages.map((message) => / id="([^"]*)"/.exec(message)?.[1])

describe("The sink syslog", () => {
  it("sends messages of RFC 5424, with the attributes as structured data and the event as text", async () => {
    const server = await syslogServer()
    const relay = await sinkRelay(
      `type: syslog, connect: "tcp://127.0.0.1:${server.port}", hostname: ci-1, facility: audit, settle: 5ms`,
    )
    const finding = {
      ...event("f1", { severity: "high", message: "line 1\nline 2" }),
      subject: 'a "b"]',
      time: "2026-03-01t10:00:00.123456789z",
    }
    relay.add(finding)
    await relay.drained(1)
    const text = JSON.stringify(finding)
    expect(server.messages).toEqual([
      `<107>1 2026-03-01T10:00:00.123456Z ci-1 ohmq ${process.pid} finding.reported [cloudevents@32473 id="f1" source="/tests" type="finding.reported" subject="a \\"b\\"\\]"] ${text}`,
    ])
  })

  it("keeps events while the server is away, and loses none that the server had not read", async () => {
    const server = await syslogServer()
    const relay = await sinkRelay(`type: syslog, connect: "tcp://127.0.0.1:${server.port}", settle: 50ms`)
    relay.add(event("1"), event("2"))
    await relay.drained(2)
    await server.close()
    relay.add(event("3"), event("4"))
    await until(() => relay.log.some(({ reason }) => /ECONNREFUSED|closed the connection/.test(String(reason))))
    await server.listen(server.port)
    await relay.drained(4)
    expect(new Set(idsIn(server.messages))).toEqual(new Set(["1", "2", "3", "4"]))
  })

  it("reaches a server over TLS that it trusts, with a certificate of its own, and no other", async () => {
    const folder = temporaryFolder()
    certificates(folder)
    const read = (name: string) => readFileSync(join(folder, name))
    const server = await syslogServer({
      key: read("server.key"),
      cert: read("server.pem"),
      ca: read("ca.pem"),
      requestCert: true,
    })
    const address = `connect: "tls://127.0.0.1:${server.port}", settle: 5ms`

    const distrustful = await sinkRelay(`type: syslog, ${address}`)
    distrustful.add(event("1"))
    await until(() => distrustful.log.some(({ reason }) => /certificate/.test(String(reason))))
    expect(server.messages).toEqual([])

    const relay = await sinkRelay(`type: syslog, ${address}, ca: ca.pem, cert: client.pem, key: client.key`, folder)
    relay.add(event("2"))
    await relay.drained(1)
    expect(idsIn(server.messages)).toEqual(["2"])
  })

  it("is read by the source syslog", async () => {
    const { ports, lines } = await relayOf('bind: "tcp://127.0.0.1:0"')
    const relay = await sinkRelay(`type: syslog, connect: "tcp://127.0.0.1:${ports[0]}", settle: 5ms`)
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    const sent = { ...event("t1", { severity: "medium" }), traceparent }
    relay.add(sent)
    await relay.drained(1)
    const [line] = await lines(1)
    expect(line).toMatchObject({ severity: "medium", traceparent, time: sent.time })
    expect(line?.data).toMatchObject({ message: JSON.stringify(sent) })
  })
})
