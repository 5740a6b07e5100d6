import { createSocket, type Socket as UdpSocket } from "node:dgram"
import { once } from "node:events"

import { Datagram } from "ohmq/draft"
import { describe, expect, it, onTestFinished } from "vitest"

import { failure, open, thrown } from "../support/sockets.js"

async function plainUdp(): Promise<UdpSocket> {
  const socket = createSocket("udp4").bind(0, "127.0.0.1")
  onTestFinished(() => void socket.close())
  await once(socket, "listening")
  return socket
}

/** A Datagram on a port that was free just now. */
async function bound(): Promise<{ datagram: Datagram; port: number }> {
  for (;;) {
    const probe = createSocket("udp4").bind(0, "127.0.0.1")
    await once(probe, "listening")
    const { port } = probe.address()
    probe.close()
    await once(probe, "close")
    const datagram = open(Datagram)
    await datagram.bind(`udp://127.0.0.1:${port}`)
    return { datagram, port }
  }
}

describe("Datagram", () => {
  it("talks to those who do not know ZeroMQ, both ways", async () => {
    const [udp, { datagram, port }] = [await plainUdp(), await bound()]
    // libzmq's thread takes the port some time after bind() has succeeded, and what comes before is lost.
    const again = setInterval(() => udp.send("hello", port, "127.0.0.1"), 5)
    const [address, body] = await datagram.receive().finally(() => clearInterval(again))
    expect(String(address)).toMatch(new RegExp(`^127\\.0\\.0\\.1:${udp.address().port}`))
    expect(String(body)).toBe("hello")
    const answered = once(udp, "message")
    await datagram.send([address, "answer"])
    expect(String((await answered)[0])).toBe("answer")
  })

  it("sends to an address as text, and up to 8 KiB", async () => {
    const [udp, { datagram }] = [await plainUdp(), await bound()]
    const answered = once(udp, "message")
    await datagram.send([`127.0.0.1:${udp.address().port}`, Buffer.alloc(8192, "x")])
    expect((await answered)[0]).toHaveLength(8192)
  })

  it("refuses messages that are too large for libzmq's buffer, or not a pair", async () => {
    const { datagram } = await bound()
    for (const body of [Buffer.alloc(8193), "x".repeat(70_000)]) {
      expect(thrown(() => datagram.send(["127.0.0.1:9", body]))).toMatchObject({ code: "EMSGSIZE" })
    }
    for (const message of ["x", ["127.0.0.1:9"], ["127.0.0.1:9", "x", "y"], []]) {
      expect(thrown(() => datagram.send(message as never))).toMatchObject({ code: "EINVAL" })
    }
  })

  it("drops a message to an invalid address, and continues", async () => {
    const [udp, { datagram }] = [await plainUdp(), await bound()]
    for (const address of ["", "nowhere", "127.0.0.1", "127.0.0.1:0", ":::", "300.1.1.1:5"])
      await datagram.send([address, "x"])
    const answered = once(udp, "message")
    await datagram.sendMany([
      ["nowhere", "x"],
      [`127.0.0.1:${udp.address().port}`, "there"],
    ])
    expect(String((await answered)[0])).toBe("there")
  })

  it("waits with a send until it is bound", async () => {
    const udp = await plainUdp()
    const datagram = open(Datagram)
    const message: [string, string] = [`127.0.0.1:${udp.address().port}`, "x"]
    expect(datagram.trySend(message)).toBe(false)
    expect(await failure(() => datagram.send(message, { timeout: 5 }))).toMatchObject({ code: "EAGAIN" })
    expect(await failure(() => datagram.sendMany([message], { timeout: 5 }))).toMatchObject({ code: "EAGAIN", sent: 0 })
    const sending = datagram.send(message)
    const answered = once(udp, "message")
    await datagram.bind("udp://127.0.0.1:*")
    await sending
    expect(String((await answered)[0])).toBe("x")
  })
})
