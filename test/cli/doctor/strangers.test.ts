// doctor in front of what is no ZeroMQ socket, and of nothing at all.

import { execFileSync } from "node:child_process"
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import * as http from "node:http"
import type { AddressInfo, Server } from "node:net"
import path from "node:path"
import * as tls from "node:tls"

import { describe, expect, it, onTestFinished } from "vitest"

import { temporaryFolder } from "../../support/folders.js"
import { freePort } from "../../support/free-ports.js"
import { ohmq, Running, startInTerminal } from "../support.js"
import { examine, examineWithin, sayer, serve } from "./peers.js"

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.close()
  })
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server by Python's standard library, which prints its port. */
async function python(program: string): Promise<string> {
  const running = new Running("/usr/bin/python3", ["-uc", program])
  return `tcp://127.0.0.1:${(await running.until(/^(\d+)\n/, "stdout"))[1]}`
}

describe("doctor names other servers", () => {
  it("HTTP, with its header Server", async () => {
    const endpoint = await listen(
      http.createServer((_, response) => response.writeHead(404, { Server: "Acme/1.0 (x)" }).end()),
    )
    expect(await examine(endpoint)).toMatchObject({
      status: 1,
      cause: "http",
      sentence: "This is not ZeroMQ but an HTTP server (Acme/1.0 (x)).",
    })
    expect(await examine(endpoint.replace("tcp", "ws"))).toMatchObject({ status: 1, cause: "http-without-zeromq" })
  })

  it("HTTP that waits for a whole line, as Python's does", async () => {
    const endpoint = await python(
      "import http.server as h; s = h.HTTPServer(('127.0.0.1', 0), h.SimpleHTTPRequestHandler); print(s.server_port); s.serve_forever()",
    )
    expect(await examine(endpoint)).toMatchObject({
      cause: "http",
      facts: { banner: expect.stringContaining("SimpleHTTP"), process: expect.stringMatching(/^python3.* \(\d+\)$/) },
    })
  })

  it("TLS, with the name in its certificate", async () => {
    const folder = temporaryFolder()
    const [key, cert] = [path.join(folder, "key"), path.join(folder, "cert")]
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    const args = ["req", "-x509", ...made, "-subj", "/CN=broker.example.org", "-keyout", key, "-out", cert]
    execFileSync("openssl", args, { stdio: "ignore" })
    const secure = tls.createServer({ key: readFileSync(key), cert: readFileSync(cert) })
    const endpoint = await listen(secure)
    expect(await examine(endpoint)).toMatchObject({
      status: 1,
      cause: "tls",
      sentence: "This is not ZeroMQ but a TLS server (certificate of broker.example.org).",
    })
    expect(await examine(endpoint.replace("tcp", "wss"))).toMatchObject({ status: 3, cause: "silent" })
    // As nginx does it.
    const port = await serve((socket) => {
      socket.once("data", (bytes) => {
        if (bytes[0] !== 0x16) socket.end("HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n")
        else {
          socket.pause()
          socket.unshift(bytes)
          secure.emit("connection", socket)
        }
      })
    })
    expect(await examine(`tcp://127.0.0.1:${port}`)).toMatchObject({ cause: "tls" })
  })

  it("TLS, by its alert", async () => {
    const endpoint = `tcp://127.0.0.1:${await serve((socket) => socket.end(Buffer.of(0x15, 3, 1, 0, 2, 2, 70)))}`
    expect(await examine(endpoint)).toMatchObject({ cause: "tls", facts: { banner: "alert: protocol version" } })
  })

  it.each([
    ["SSH", "ssh", "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "SSH-2.0-OpenSSH_9.2p1 Debian-2"],
    ["VNC", "other-protocol", "RFB 003.008\n", "RFB 003.008"],
    ["SMTP", "other-protocol", "220 mx.example.org ESMTP Postfix\r\n", "220 mx.example.org ESMTP Postfix"],
    ["NATS", "other-protocol", 'INFO {"server_id":"x"}\r\n', 'INFO {"server_id":"x"}'],
    ["AMQP", "other-protocol", "AMQP\0\0\x09\x01", "AMQP\\x00\\x00\\x09\\x01"],
    ["MySQL", "other-protocol", "\x4a\0\0\0\x0a8.0.36\0rest", "8.0.36"],
  ])("%s, by its greeting", async (protocol, cause, text, banner) => {
    const endpoint = `tcp://127.0.0.1:${await sayer(Buffer.from(text, "latin1"))}`
    expect(await examine(endpoint)).toMatchObject({ status: 1, cause, facts: { protocol, banner } })
  })

  it("Redis, which says nothing until it is asked", async () => {
    const port = await serve((socket) => {
      let line = ""
      socket.on("data", (chunk) => {
        line += chunk.toString("latin1")
        if (line === "PING\r\n") socket.write("-NOAUTH Authentication required.\r\n")
        else if (line.includes("\n")) socket.end()
      })
    })
    expect(await examine(`tcp://127.0.0.1:${port}`)).toMatchObject({ status: 1, cause: "redis" })
  })

  it.each([
    ["in text", "hello there\r\n", '"hello there"'],
    ["in bytes", Buffer.from("0102030405", "hex"), '"0102030405…"'],
    ["with escape sequences", "\x1b]0;owned\x07\u202eabc", '"1b5d303b6f776e656407e280ae616263…"'],
  ])("another protocol %s, by its first bytes", async (_, bytes, shown) => {
    const { cause, sentence } = await examine(`tcp://127.0.0.1:${await sayer(bytes)}`, "--timeout", "300ms")
    expect([cause, sentence]).toEqual(["other-protocol", `This is not ZeroMQ: it begins with ${shown}.`])
  })

  it("writes nothing of a peer to the terminal that is not printable", async () => {
    const port = await sayer("SSH-2.0-\x1b[31mred\x07\x9b1m\r\n")
    const { stdout } = await startInTerminal(["doctor", `tcp://127.0.0.1:${port}`]).ended
    expect(stdout).toContain("SSH-2.0-\\x1b[31mred\\x07")
    expect(stdout).not.toContain("\x1b[31mred")
    expect(stdout).not.toContain("\x07")
  })

  it("survives a peer that floods it", async () => {
    const port = await serve((socket) => {
      const flood = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(1 << 16, 0x41)));
      }
      socket.on("drain", flood)
      flood()
    })
    expect(await examine(`tcp://127.0.0.1:${port}`, "--timeout", "500ms")).toMatchObject({ cause: "other-protocol" })
  })

  it("survives random bytes", async () => {
    let seed = 1
    const random = () => {
      seed = (seed * 48271) % 0x7fffffff
      return seed & 0xff
    }
    for (let round = 0; round < 8; round += 1) {
      const bytes = Buffer.from(Array.from({ length: 300 }, random))
      // Also behind the beginning of ZMTP.
      if (round % 2 === 1) Buffer.from("ff00000000000000017f03", "hex").copy(bytes)
      const port = await sayer(bytes)
      const { status } = await examine(`tcp://127.0.0.1:${port}`, "--timeout", "200ms")
      expect([0, 1]).toContain(status)
    }
  })
})

describe("doctor says what is wrong with a connection", () => {
  it("a server that closes it at once", async () => {
    const port = await serve((socket) => socket.destroy())
    expect(await examine(`tcp://127.0.0.1:${port}`)).toMatchObject({ status: 1, cause: "closes-at-once" })
  })

  it("a server that says nothing, and which process it is", async () => {
    const port = await serve(() => {})
    expect(await examine(`tcp://127.0.0.1:${port}`, "--timeout", "300ms")).toMatchObject({
      status: 3,
      cause: "silent",
      advice: expect.stringContaining(`(${process.pid})`),
    })
  })

  it("a port where nobody listens", async () => {
    expect(await examine(`tcp://127.0.0.1:${await freePort()}`)).toMatchObject({ status: 1, cause: "nothing-listens" })
  })

  it("a name that does not exist", async () => {
    // Refused by every resolver, with or without a network.
    expect(await examine("tcp://no..name:5555")).toMatchObject({ status: 1, cause: "name-unknown" })
  })

  it("connections that are dropped", async () => {
    // A full queue of connections that nobody accepts behaves like a firewall.
    const endpoint = await python(
      "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(0); more = [socket.socket() for _ in range(4)]; [(c.setblocking(False), c.connect_ex(s.getsockname())) for c in more]; print(s.getsockname()[1]); time.sleep(60)",
    )
    expect(await examine(endpoint, "--timeout", "500ms")).toMatchObject({ status: 3, cause: "no-answer" })
  })

  it("udp, about which nobody can know", async () => {
    expect(await examine("udp://239.0.0.1:5555")).toMatchObject({ status: 1, cause: "cannot-know" })
  })

  it.each([
    ["inproc://x"],
    ["tcp://localhost"],
    ["tcp://localhost:0"],
    ["tcp://localhost:70000"],
    ["pgm://a:1"],
    ["ipc://*"],
  ])("%s is wrong usage", async (endpoint) => {
    expect(await ohmq(["doctor", `>${endpoint}`])).toMatchObject({ status: 2, stdout: "" })
  })

  it("ends at a signal", async () => {
    const port = await serve(() => {})
    const running = new Running("bash", [
      "-c",
      `exec "$0" dist/cli/main.js doctor tcp://127.0.0.1:${port}`,
      process.execPath,
    ])
    await new Promise((resolve) => setTimeout(resolve, 700))
    running.child.kill("SIGINT")
    expect(await running.ended).toMatchObject({ status: 130, stdout: "" })
  })
})

describe("doctor says what is wrong with an ipc path", () => {
  it("it is missing, no socket, a folder, or too long", async () => {
    const folder = temporaryFolder()
    const file = path.join(folder, "file")
    writeFileSync(file, "")
    expect(await examine(`ipc://${folder}/none`)).toMatchObject({ status: 1, cause: "ipc-missing" })
    expect(await examine(`ipc://${file}`)).toMatchObject({ status: 1, cause: "ipc-not-a-socket" })
    expect(await examine(`ipc://${folder}`)).toMatchObject({ status: 1, cause: "ipc-not-a-socket" })
    expect(await examine(`ipc://${file}${"x".repeat(100)}`)).toMatchObject({ status: 1, cause: "ipc-path-too-long" })
  })

  it("its process has ended", async () => {
    const file = path.join(temporaryFolder(), "s")
    const program = `import socket; s = socket.socket(socket.AF_UNIX); s.bind('${file}'); s.listen()`
    execFileSync("/usr/bin/python3", ["-c", program])
    expect(await examine(`ipc://${file}`)).toMatchObject({ status: 1, cause: "ipc-abandoned" })
    expect(await examine(`@ipc://${file}`, "--timeout", "200ms")).toMatchObject({ status: 3, cause: "nobody-connects" })
  })

  it("this user may not enter its folder", async () => {
    const folder = path.join(temporaryFolder(), "private")
    mkdirSync(folder)
    chmodSync(path.dirname(folder), 0o755)
    chmodSync(folder, 0)
    // Nothing is forbidden to root.
    const prefix = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : ["env"]
    expect(await examineWithin(prefix, `ipc://${folder}/s`)).toMatchObject({ status: 4, cause: "ipc-not-permitted" })
  })
})

describe("doctor, in a network of its own", () => {
  const within = (script: string) => ["unshare", "-rnm", "sh", "-c", `ip link set lo up; ${script}; exec "$@"`, "sh"]

  it("there is no way", async () => {
    expect(await examineWithin(within("true"), "tcp://10.1.2.3:5555")).toMatchObject({
      status: 1,
      cause: "unreachable",
    })
  })

  it("the name service does not answer", async () => {
    const script =
      "echo nameserver 10.9.9.9 > /tmp/ohmq-resolv.$$; mount --bind /tmp/ohmq-resolv.$$ /etc/resolv.conf; rm /tmp/ohmq-resolv.$$"
    const report = await examineWithin(within(script), "tcp://broker.example.org:5555", "--timeout", "2s")
    expect(report).toMatchObject({ status: 3, cause: "name-server-silent" })
  })

  it("it has met itself", async () => {
    const script = 'echo "40000 40000" > /proc/sys/net/ipv4/ip_local_port_range'
    const report = await examineWithin(within(script), "tcp://127.0.0.1:40000")
    expect(report).toMatchObject({ status: 1, cause: "nothing-listens" })
    expect(report.steps[0]?.result).toContain("it has met itself")
  })

  it("only the IPv6 address of a name has a listener", async () => {
    const hosts = path.join(temporaryFolder(), "hosts")
    writeFileSync(hosts, "127.0.0.1 both.test\n::1 both.test\n::1 six.test\n")
    const server = `/usr/bin/python3 -c "import socket, time; s = socket.create_server(('::1', 5555), family=socket.AF_INET6); time.sleep(5)" & sleep 1`
    const prefix = within(`mount --bind ${hosts} /etc/hosts; ${server}`)
    expect(await examineWithin(prefix, "tcp://both.test:5555")).toMatchObject({
      status: 1,
      cause: "only-ipv6-listens",
      advice: expect.stringContaining("tcp://[::1]:5555"),
    })
    expect(await examineWithin(prefix, "tcp://six.test:5555")).toMatchObject({ status: 1, cause: "only-ipv6-name" })
  })
})
