import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { endpointError, failure, open, thrown } from "../support/sockets.js"

describe("an invalid address", () => {
  const invalid = [
    "",
    "tcp",
    "tcp://",
    "127.0.0.1:5555",
    "tcp://127.0.0.1",
    "tcp://127.0.0.1:",
    "tcp://127.0.0.1:port",
    "tcp://127.0.0.1:65536",
    "tcp://127.0.0.1:65537",
    "tcp://127.0.0.1:4294967297",
    "tcp://*:99999",
    "ws://127.0.0.1:65536",
    "ipc://",
    "inproc://",
    // libzmq reads up to the NUL.
    "tcp://127.0.0.1:5555\0",
    "tcp://0.0.0.0:5555\0;127.0.0.1:5555",
    "inproc://name\0other",
  ]

  it.each(invalid)("fails with EINVAL: %j", async (address) => {
    const socket = open(zmq.Dealer)
    const error = endpointError("EINVAL", address)
    const binding = socket.bind(address)
    expect(await failure(() => binding)).toEqual(error)
    expect(thrown(() => socket.bindSync(address))).toEqual(error)
    expect(thrown(() => socket.connect(address))).toEqual(error)
    expect(socket.lastEndpoint).toBeNull()
    await socket.bind("tcp://127.0.0.1:*")
  })

  it("with a NUL does not unbind the address before the NUL", async () => {
    const socket = open(zmq.Dealer)
    await socket.bind("tcp://127.0.0.1:*")
    socket.connect("inproc://nobody")
    const address = `${socket.lastEndpoint}\0`
    const error = endpointError("EINVAL", address)
    expect(await failure(() => socket.unbind(address))).toEqual(error)
    expect(thrown(() => socket.unbindSync(address))).toEqual(error)
    expect(thrown(() => socket.disconnect("inproc://nobody\0"))).toMatchObject({ code: "EINVAL" })
  })

  it.each([
    ["nothing://nowhere", "EPROTONOSUPPORT"],
    ["http://127.0.0.1:80", "EPROTONOSUPPORT"],
    ["tcp://192.0.2.1:5555", "EADDRNOTAVAIL"],
    ["ipc:///no/such/folder/socket", "ENOENT"],
    [`ipc:///${"x".repeat(200)}`, "ENAMETOOLONG"],
    ["tcp://no-such-interface:5555", "ENODEV"],
  ] as const)("is refused to bind: %s", async (address, code) => {
    const socket = open(zmq.Dealer)
    expect(await failure(() => socket.bind(address))).toEqual(endpointError(code, address))
    expect(thrown(() => socket.bindSync(address))).toEqual(endpointError(code, address))
  })

  it.each([
    ["nothing://nowhere", "EPROTONOSUPPORT"],
    [`ipc:///${"x".repeat(200)}`, "ENAMETOOLONG"],
    ["tcp://127.0.0.1:*", "EINVAL"],
  ] as const)("is refused to connect: %s", (address, code) => {
    expect(thrown(() => open(zmq.Dealer).connect(address))).toEqual(endpointError(code, address))
  })

  const example = 'looks like "tcp://127.0.0.1:5555"'
  const built = ["tcp", "ipc", "inproc", "udp", "ws", "tipc"].join(", ")
  const longest = process.platform === "linux" ? 107 : 103

  it.each<[string, string]>([
    ["", `The address is empty. An address ${example}`],
    ["tasks", `The address has no transport. An address ${example}`],
    ["localhost:6000", 'The address has no transport. An address looks like "tcp://localhost:6000"'],
    ["tcp:localhost:6000", 'The address has no transport. An address looks like "tcp://localhost:6000"'],
    ["://127.0.0.1:5555", `The address has no transport. An address ${example}`],
    ["tcp://", `Nothing follows "tcp://". An address ${example}`],
    ["http://127.0.0.1:80", `Unknown transport "http". This libzmq supports ${built}`],
    ["constructor://x", `Unknown transport "constructor". This libzmq supports ${built}`],
    ["TCP://127.0.0.1:80", 'The transport is spelt "tcp", not "TCP": "tcp://127.0.0.1:5555"'],
    ["norm://127.0.0.1:80", "This libzmq was built without norm"],
    ["tcp://127.0.0.1", 'The port is missing: it follows the host after a colon, as in "tcp://127.0.0.1:5555"'],
    ["ws://:8080/x", 'The host is missing before the port, as in "ws://127.0.0.1:8080/tasks"'],
    ["tcp://127.0.0.1:", 'The port is missing after the colon, as in "tcp://127.0.0.1:5555"'],
    ["ws://127.0.0.1:http/x", 'The port is "http", but must be a number, as in "ws://127.0.0.1:8080/tasks"'],
    ["tcp://127.0.0.1:65536", "The port is 65536, but ports go from 0 to 65535"],
    ["tcp://127.0.0.1:-1", "The port is -1, but ports go from 0 to 65535"],
    ["tcp://127.0.0.1:*", 'The port "*" is only for bind. To connect, give the port of the peer'],
    ["tcp://*:5555", 'The host "*" is only for bind. To connect, give the host of the peer'],
    ["tcp://127.0.0.1:5555/x", 'A tcp address has no path: it ends with the port, as in "tcp://127.0.0.1:5555"'],
    ["tcp://me@localhost:5555", `"@" cannot be in a host or port: an address ${example}`],
    ["ipc://", 'Nothing follows "ipc://". An address looks like "ipc:///run/app/tasks"'],
    ["ipc://@", 'The name after "@" is missing, as in "ipc://@tasks"'],
    [`ipc:///${"ä".repeat(100)}`, `The path is 201 bytes long, and the system allows ${longest}`],
    ["inproc://", 'Nothing follows "inproc://". An address looks like "inproc://tasks"'],
    ["inproc://a\0b", "The address contains a zero byte. libzmq would ignore everything after it"],
    ["udp://127.0.0.1:5555", "udp is for draft types: a Radio connects to it, a Dish or Datagram binds to it"],
  ])("has a reason when it is refused to connect: %j", (address, reason) => {
    expect(thrown(() => open(zmq.Dealer).connect(address))).toMatchObject({ address, reason })
  })

  it.each<[string, string]>([
    ["tcp://[::1]:port", 'The port is "port", but must be a number, as in "tcp://127.0.0.1:5555"'],
    ["tcp://[fe80::1%nowhere]:5555", 'The host names the unknown network interface "nowhere"'],
    ["nothing://nowhere", `Unknown transport "nothing". This libzmq supports ${built}`],
  ])("has a reason when it is refused to bind: %s", async (address, reason) => {
    const socket = open(zmq.Dealer)
    expect(await failure(() => socket.bind(address))).toMatchObject({ address, reason })
    expect(thrown(() => socket.bindSync(address))).toMatchObject({ address, reason })
  })

  it("has a reason when unbind and disconnect refuse it", async () => {
    const socket = open(zmq.Dealer)
    const reason = `Unknown transport "nothing". This libzmq supports ${built}`
    expect(await failure(() => socket.unbind("nothing://nowhere"))).toMatchObject({ reason })
    expect(thrown(() => socket.disconnect("nothing://nowhere"))).toMatchObject({ reason })
  })

  it("has no reason if the address is valid and the failure has another cause", async () => {
    const [socket, other] = [open(zmq.Dealer), open(zmq.Dealer)]
    await other.bind("tcp://127.0.0.1:*")
    const refused = [
      await failure(() => socket.bind(other.lastEndpoint as string)),
      thrown(() => socket.disconnect("tcp://127.0.0.1:1")),
    ]
    expect(refused.map(({ code, reason }) => [code, reason])).toEqual([
      ["EADDRINUSE", undefined],
      ["ENOENT", undefined],
    ])
  })

  it("has no reason if the message explains the error already", () => {
    const server = open(zmq.Dealer, { zapEnforceDomain: true, plainServer: true })
    const error = thrown(() => server.bindSync("tcp://127.0.0.1:*"))
    expect([error.message, error.reason]).toEqual(["zapEnforceDomain also needs a zapDomain", undefined])
  })

  it("of a protocol for other socket types gives ENOCOMPATPROTO", async () => {
    const error = { code: "ENOCOMPATPROTO", message: "The protocol is not compatible with the socket type" }
    const socket = open(zmq.Dealer)
    expect(await failure(() => socket.bind("udp://127.0.0.1:5555"))).toMatchObject(error)
    expect(thrown(() => socket.connect("udp://127.0.0.1:5555"))).toMatchObject(error)
  })

  describe.each(["bind", "unbind", "bindSync", "unbindSync", "connect", "disconnect"] as const)("%s", (method) => {
    it.each([
      ["a boolean", true],
      ["an array", ["tcp://127.0.0.1:*"]],
      ["a symbol", Symbol("address")],
      ["a String object", Object("tcp://127.0.0.1:*")],
    ])("throws a TypeError for %s", (_, address) => {
      const socket = open(zmq.Dealer)
      const error = thrown(() => socket[method](address as string))
      expect(error).toBeInstanceOf(TypeError)
      expect(error.message).toBe("Address must be a string")
    })
  })
})
