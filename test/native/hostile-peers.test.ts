// What nobody on the network, and no odd option, may bring about: the end of the process. Each case is of a patch in
// native/patches/libzmq/, and does no more than the patch says.

import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"

/** A program with raw connections; `link(socket, type)` is one that has shaken hands as a peer of that type. */
async function outcome(body: string) {
  const { status, stdout, stderr } = await runProgram(
    `
    import { createSocket } from "node:dgram"
    import { once } from "node:events"
    import net from "node:net"
    import * as draft from "ohmq/draft"
    const port = (socket) => parseInt(socket.lastEndpoint.split(":").at(-1))
    const frame = (flags, body) => {
      const size = Buffer.alloc(8); size.writeBigUInt64BE(BigInt(body.length))
      return Buffer.concat([Buffer.of(flags | 2), size, body])
    }
    const command = (name, ...body) => frame(4, Buffer.concat([Buffer.of(name.length), Buffer.from(name), ...body]))
    const raw = async (port) => { const s = net.connect(port, "127.0.0.1"); s.on("error", () => {}); await once(s, "connect"); return s }
    const link = async (socket, type) => {
      const s = await raw(port(socket))
      s.write(Buffer.concat([Buffer.of(255, 0, 0, 0, 0, 0, 0, 0, 0, 127, 3, 1), Buffer.from("NULL".padEnd(20, "\\0")), Buffer.alloc(32)]))
      s.write(command("READY", Buffer.of(11), Buffer.from("Socket-Type"), Buffer.of(0, 0, 0, type.length), Buffer.from(type)))
      let seen = Buffer.alloc(0)
      while (!seen.includes("READY")) seen = Buffer.concat([seen, (await once(s, "data"))[0]])
      return s
    }
    const free = async (family, host) => {
      const s = createSocket(family); s.bind(0, host); await once(s, "listening")
      const { port } = s.address(); s.close(); await once(s, "close"); return port
    }
    const code = async (call) => { try { await call(); return "none" } catch (error) { return error.code } }
    ${body}
    process.exit(0)`,
    { args: ["--no-warnings"] },
  )
  return { status, stdout, stderr }
}

const says = (...lines: string[]) => ({ status: 0, stdout: lines.map((line) => `${line}\n`).join(""), stderr: "" })

describe("the process survives", () => {
  it("datagrams of any kind at a Dish", async () => {
    const program = `
      const dish = new draft.Dish(), number = await free("udp4", "127.0.0.1"), peer = createSocket("udp4")
      dish.join("g"); await dish.bind("udp://127.0.0.1:" + number)
      const message = dish.receive()
      for (const bytes of [[255, 1, 2], [128], [], [127], [255, ...Buffer.alloc(255)]]) peer.send(Buffer.from(bytes), number, "127.0.0.1")
      const good = setInterval(() => peer.send(Buffer.from("\\x01ghello"), number, "127.0.0.1"), 20)
      console.log(String((await message)[0]))`
    expect(await outcome(program)).toEqual(says("hello"))
  })

  it("a datagram over IPv6 at a Datagram", async () => {
    const program = `
      const socket = new draft.Datagram({ ipv6: true }), number = await free("udp6", "::"), six = createSocket("udp6"), four = createSocket("udp4")
      await socket.bind("udp://*:" + number)
      six.send("x", number, "::1"); await sleep(100); six.send("x", number, "::1"); await sleep(100)
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })

  it("a peer that joins a group with a very long name", async () => {
    const program = `
      const radio = new draft.Radio(); await radio.bind("tcp://127.0.0.1:*")
      const peer = await link(radio, "DISH")
      peer.write(command("JOIN", Buffer.alloc(300, 65))); await once(peer, "close")
      console.log("closed")`
    expect(await outcome(program)).toEqual(says("closed"))
  })

  it("a ping behind messages that there was no room for, from a peer that is gone", async () => {
    const program = `
      const pull = new zmq.Pull({ receiveHighWaterMark: 1 }); await pull.bind("tcp://127.0.0.1:*")
      const peer = await link(pull, "PUSH"), messages = Array.from({ length: 50 }, () => frame(0, Buffer.from("x")))
      peer.write(Buffer.concat([...messages, command("PING", Buffer.of(0, 0)), ...messages])); await sleep(200)
      peer.resetAndDestroy(); await sleep(200)
      for (let count = 0; count < 50; count++) await pull.receive()
      await sleep(100)
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })

  it("high-water marks that are set while peers come and go", async () => {
    const program = `
      const context = new zmq.Context(), pull = new zmq.Pull(); await pull.bind("tcp://127.0.0.1:*")
      for (let round = 0; round < 50; round++) {
        const pushes = Array.from({ length: 20 }, () => new zmq.Push({ linger: 0, context }))
        for (const push of pushes) { push.connect(pull.lastEndpoint); push.send("x").catch(() => {}) }
        for (let count = 0; count < 5; count++) await pull.receive({ timeout: 100 }).catch(() => {})
        for (const push of pushes) push.close()
        for (let count = 0; count < 300; count++) { pull.tryReceive(); pull.receiveHighWaterMark = 1000 + count % 7 }
      }
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })

  it("batches of a few bytes", async () => {
    const program = `
      const sizes = [1, 2, 7, 8, 9, 64]
      for (const transport of ["tcp", "ws"]) for (const size of sizes) {
        const pull = new zmq.Pull({ inBatchSize: size }), push = new zmq.Push({ outBatchSize: size })
        await pull.bind(transport + "://127.0.0.1:*"); push.connect(pull.lastEndpoint)
        for (const length of [0, 1, 40, 300, 2000]) {
          await push.send(Buffer.alloc(length, "abc"))
          if (!(await pull.receive())[0].equals(Buffer.alloc(length, "abc"))) throw new Error("corrupt")
        }
        pull.close(); push.close()
      }
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })

  it("heartbeats over ws, to a peer that speaks no mechanism", async () => {
    const program = `
      const pull = new zmq.Pull({ heartbeatInterval: 20 }); await pull.bind("ws://127.0.0.1:*")
      const peer = await raw(port(pull))
      peer.write("GET / HTTP/1.1\\r\\nHost: x\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Key: " +
        Buffer.alloc(16).toString("base64") + "\\r\\nSec-WebSocket-Protocol: ZWS2.0\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n")
      peer.write(Buffer.of(0x82, 0x81, 0, 0, 0, 0, 0)); await sleep(200)
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })
})

describe("an error, and not the end of the process, comes of", () => {
  it("a Stream over ws", async () => {
    const program = `
      const stream = new zmq.Stream()
      console.log(await code(() => stream.bind("ws://127.0.0.1:*")), await code(() => stream.connect("ws://127.0.0.1:9")))`
    expect(await outcome(program)).toEqual(says("ENOCOMPATPROTO ENOCOMPATPROTO"))
  })

  it("a Router's name for a peer that another has taken, and has not been heard of", async () => {
    const program = `
      const router = new zmq.Router(); await router.bind("tcp://127.0.0.1:*")
      const dealer = new zmq.Dealer({ routingId: "x", linger: 0 }); dealer.connect(router.lastEndpoint)
      await dealer.send("hello"); await sleep(200)
      console.log(await code(() => router.connect("tcp://127.0.0.1:9", { routingId: "x" })))`
    expect(await outcome(program)).toEqual(says("EEXIST"))
  })

  it("a descriptor that is not a listening socket", async () => {
    const program = `
      import { openSync } from "node:fs"
      for (const [descriptor, address] of [[9999, "tcp://127.0.0.1:*"], [openSync("/dev/null"), "ws://127.0.0.1:*"], [9999, "ipc:///tmp/ohmq-" + process.pid]]) {
        console.log(await code(() => new zmq.Pull({ useFileDescriptor: descriptor }).bind(address)))
      }`
    expect(await outcome(program)).toEqual(says("EINVAL", "EINVAL", "EINVAL"))
  })
})

describe("nothing comes of", () => {
  it("a host with a very long name, behind a SOCKS proxy", async () => {
    const program = `
      const proxy = net.createServer((s) => { s.on("error", () => {}); s.once("data", () => s.write(Buffer.of(5, 0))) })
      proxy.listen(0, "127.0.0.1"); await once(proxy, "listening")
      const push = new zmq.Push({ socksProxy: "127.0.0.1:" + proxy.address().port, linger: 0 })
      push.connect("tcp://" + "h".repeat(300) + ":11"); await once(proxy, "connection"); await sleep(100)
      console.log("done")`
    expect(await outcome(program)).toEqual(says("done"))
  })

  it("a priority, policy or CPU that threads cannot have", async () => {
    const program = `
      // Only root may have a better priority.
      if (process.getuid?.() === 0) { process.setgroups([]); process.setgid(65534); process.setuid(65534) }
      const all = [{ threadSchedulingPolicy: 1, threadPriority: 1000 }, { threadSchedulingPolicy: 77 }, { threadPriority: 5 }, { threadAffinityAdd: 1000 }]
      for (const options of all) {
        const context = new zmq.Context(options), a = new zmq.Push({ context }), b = new zmq.Pull({ context })
        await a.bind("tcp://127.0.0.1:*"); b.connect(a.lastEndpoint); await a.send("hello"); console.log(String(await b.receive()))
      }`
    expect(await outcome(program)).toEqual(says("hello", "hello", "hello", "hello"))
  })
})
