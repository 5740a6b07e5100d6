import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { endpointError, failure, open, thrown } from "../support/sockets.js"

describe("an address that is none", () => {
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

  it("with a NUL is not given up in place of the one before it", async () => {
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
