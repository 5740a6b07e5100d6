// The relay's source and sink `syslog` with rsyslog and syslog-ng, and the source `zmq` with rsyslog's omczmq.

import { execFileSync } from "node:child_process"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { event, sinkRelay } from "../relay/sink-relay.js"
import { freePort, type Line, linesOf, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { rsyslogd, syslogNg } from "./daemons.js"

type EventLine = Line & Record<string, unknown>

/** A relay that writes what a source brings to a file. */
async function relayOf(source: string, folder = temporaryFolder()) {
  const relay = await RelayProcess.start(
    folder,
    `version: 1
store: { path: ./data }
sources:
  in: { ${source} }
routes:
  - { name: all, from: [in], to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  )
  const lines = async (count: number): Promise<EventLine[]> => {
    await until(() => linesOf(join(folder, "events.ndjson")).length >= count)
    return linesOf(join(folder, "events.ndjson")) as EventLine[]
  }
  return { relay, folder, lines }
}

function certificates(folder: string): void {
  const run = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "ignore" })
  const key = ["-newkey", "rsa:2048", "-nodes"]
  run("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority")
  writeFileSync(join(folder, "ext"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n")
  run("req", ...key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
  const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "ext"]
  run("x509", "-req", "-in", "server.csr", ...signed, "-out", "server.pem")
}

/** Gives a daemon messages of RFC 5424, which it forwards. */
const feed = (port: number, texts: string[]) =>
  new Promise<void>((done) => {
    const socket = connect(port, "127.0.0.1")
    for (const text of texts) {
      const message = `<43>1 2026-03-01T10:00:00.5Z web1 sshd 812 ID7 [meta@32473 user="ada" quote="\\"\\]"] ${text}`
      socket.write(`${Buffer.byteLength(message)} ${message}`)
    }
    socket.end(done)
  })

const texts = Array.from({ length: 100 }, (_, index) => `message ${index} with ü`)

const expected = (text: string) => ({
  source: "/syslog/in/web1",
  subject: "sshd",
  severity: "high",
  data: {
    message: text,
    facility: "syslog",
    level: "err",
    host: "web1",
    app: "sshd",
    process: "812",
    id: "ID7",
    structured: { "meta@32473": { user: "ada", quote: '"]' } },
    format: "rfc5424",
  },
})

const protocol23 = 'template="RSYSLOG_SyslogProtocol23Format"'

describe("rsyslog", () => {
  it.each(["octet-counted", "traditional"])("forwards over TCP, %s, to the source syslog", async (framing) => {
    const [port, input] = [await freePort(), await freePort()]
    const { lines } = await relayOf(`type: syslog, bind: "tcp://127.0.0.1:${port}"`)
    await rsyslogd(
      `module(load="imtcp")
input(type="imtcp" port="${input}" address="127.0.0.1")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" TCP_Framing="${framing}" ${protocol23})`,
      input,
    )
    await feed(input, texts)
    expect(await lines(texts.length)).toMatchObject(texts.map(expected))
  })

  it("forwards in its old format over UDP", async () => {
    const [port, input] = [await freePort(), await freePort()]
    const { lines } = await relayOf(`type: syslog, bind: "udp://127.0.0.1:${port}"`)
    await rsyslogd(
      `module(load="imtcp")
input(type="imtcp" port="${input}" address="127.0.0.1")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="udp" template="RSYSLOG_TraditionalForwardFormat")`,
      input,
    )
    await feed(input, ["old"])
    expect(await lines(1)).toMatchObject([
      { subject: "sshd", severity: "high", data: { message: "old", host: "web1", process: "812", format: "rfc3164" } },
    ])
  })

  it("forwards over TLS", async () => {
    const [port, input] = [await freePort(), await freePort()]
    const folder = temporaryFolder()
    certificates(folder)
    const { lines } = await relayOf(
      `type: syslog, bind: "tls://127.0.0.1:${port}", cert: server.pem, key: server.key`,
      folder,
    )
    await rsyslogd(
      `global(defaultNetstreamDriverCAFile="${join(folder, "ca.pem")}")
module(load="imtcp")
input(type="imtcp" port="${input}" address="127.0.0.1")
action(type="omfwd" target="127.0.0.1" port="${port}" protocol="tcp" TCP_Framing="octet-counted" ${protocol23}
  StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="localhost")`,
      input,
    )
    await feed(input, texts)
    expect(await lines(texts.length)).toMatchObject(texts.map(expected))
  })

  it("takes what the sink syslog sends", async () => {
    const port = await freePort()
    const out = join(temporaryFolder(), "out")
    await rsyslogd(
      `module(load="imtcp")
template(name="all" type="string" string="%syslogfacility-text%.%syslogseverity-text% %timestamp:::date-rfc3339% %hostname% %app-name% %msgid% %structured-data% %msg%\\n")
input(type="imtcp" port="${port}" address="127.0.0.1")
action(type="omfile" file="${out}" template="all")`,
      port,
    )
    const relay = await sinkRelay(`type: syslog, connect: "tcp://127.0.0.1:${port}", hostname: ci-1`)
    const sent = event("f1", { severity: "medium", text: "ü" })
    relay.add(sent)
    await relay.drained(1)
    await until(() => existsSync(out) && readFileSync(out, "utf8").endsWith("\n"))
    expect(readFileSync(out, "utf8")).toBe(
      `local0.warning 2026-03-01T10:00:00.500Z ci-1 ohmq finding.reported [cloudevents@32473 id="f1" source="/tests" type="finding.reported"] ${JSON.stringify(sent)}\n`,
    )
  })

  it("publishes over ØMQ to the source zmq", async () => {
    const [port, input] = [await freePort(), await freePort()]
    const { lines } = await relayOf(`type: zmq, socket: pull, bind: "tcp://127.0.0.1:${port}", format: syslog`)
    await rsyslogd(
      `module(load="imtcp")
module(load="omczmq")
input(type="imtcp" port="${input}" address="127.0.0.1")
action(type="omczmq" endpoints=">tcp://127.0.0.1:${port}" socktype="PUSH" ${protocol23})`,
      input,
    )
    await feed(input, texts)
    expect(await lines(texts.length)).toMatchObject(
      texts.map((text) => ({ ...expected(text), source: "/zmq/in/web1" })),
    )
  })
})

describe("syslog-ng", () => {
  const inputOf = (port: number) => `options { keep-hostname(yes); };
source in { syslog(ip("127.0.0.1") port(${port}) transport("tcp")); };`

  it.each(["tcp", "tls", "udp"])("forwards over %s to the source syslog", async (transport) => {
    const [port, input] = [await freePort(), await freePort()]
    const folder = temporaryFolder()
    certificates(folder)
    const tls = transport === "tls" ? ", cert: server.pem, key: server.key" : ""
    const { lines } = await relayOf(`type: syslog, bind: "${transport}://127.0.0.1:${port}"${tls}`, folder)
    const secured = transport === "tls" ? `tls(ca-file("${join(folder, "ca.pem")}"))` : ""
    await syslogNg(
      `${inputOf(input)}
destination out { syslog("127.0.0.1" port(${port}) transport("${transport}") ${secured}); };
log { source(in); destination(out); };`,
      input,
    )
    await feed(input, texts)
    const found = await lines(texts.length)
    for (const text of texts)
      expect(found.find(({ data }) => (data as { message: string }).message === text)).toMatchObject(expected(text))
  })

  it("takes what the sink syslog sends", async () => {
    const port = await freePort()
    const out = join(temporaryFolder(), "out")
    await syslogNg(
      `${inputOf(port)}
destination out { file("${out}" template("$FACILITY.$LEVEL $HOST $PROGRAM $MSGID \${.SDATA.cloudevents@32473.id} $MSG\\n")); };
log { source(in); destination(out); };`,
      port,
    )
    const relay = await sinkRelay(`type: syslog, connect: "tcp://127.0.0.1:${port}", hostname: ci-1, facility: audit`)
    const sent = event("f1", { severity: "critical", text: "ü" })
    relay.add(sent)
    await relay.drained(1)
    await until(() => existsSync(out) && readFileSync(out, "utf8").endsWith("\n"))
    expect(readFileSync(out, "utf8")).toMatch(/^\S+\.crit \S+ ohmq finding\.reported f1 /)
    expect(readFileSync(out, "utf8")).toContain(JSON.stringify(sent))
  })
})
