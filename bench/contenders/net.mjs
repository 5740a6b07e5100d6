// Plain sockets of node:net. A frame is a 4-byte length and the message.

import { once } from "node:events"
import net from "node:net"

import { announce, arguments_, counter, measure, measureLoop, result, roundTrips, waitForWord } from "../lib/child.mjs"

const { role, text, number } = arguments_

const size = number("size", 10)
const warmup = number("warmup", 1000)
const count = number("count", 100_000)
const body = Buffer.alloc(size, "x")

const HEADER = 4
const BLOCK = 1 << 16
/** From this size on, writing a message separately is cheaper than copying it. Bytes. */
const LARGE = 1 << 14

/** Converts "tcp://127.0.0.1:1234" or "ipc:///folder/name" to node:net's options. */
function parse(address) {
  if (address.startsWith("ipc://")) return { path: address.slice(6) }
  const [host, port] = address.slice(6).split(":")
  return { host, port: port === "*" ? 0 : Number(port) }
}

/** Combines small frames in a block, and writes it when it is full or when the running code has finished. */
class FrameWriter {
  #socket
  #block = Buffer.allocUnsafeSlow(BLOCK)
  #used = 0
  #scheduled = false

  constructor(socket) {
    this.#socket = socket
  }

  /** Returns a promise to wait for if the socket's buffer is full. */
  send(message) {
    const total = HEADER + message.length
    if (total > LARGE) {
      this.#flush()
      const header = Buffer.allocUnsafe(HEADER)
      header.writeUInt32BE(message.length)
      this.#socket.cork()
      this.#socket.write(header)
      this.#socket.write(message)
      this.#socket.uncork()
    } else {
      if (this.#used + total > BLOCK) this.#flush()
      this.#block.writeUInt32BE(message.length, this.#used)
      this.#block.set(message, this.#used + HEADER)
      this.#used += total
      this.#schedule()
    }
    return this.#socket.writableNeedDrain ? once(this.#socket, "drain") : undefined
  }

  #schedule() {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush() {
    if (this.#used === 0) return
    const written = this.#block.subarray(0, this.#used)
    // The socket may keep a reference to the written memory. Copies small pieces, so that the block can be reused.
    if (this.#used < BLOCK / 4) {
      this.#socket.write(Buffer.from(written))
    } else {
      this.#socket.write(written)
      this.#block = Buffer.allocUnsafeSlow(BLOCK)
    }
    this.#used = 0
  }
}

/** Splits the received bytes into frames. Messages are views on them, not copies. */
function onFrames(socket, onMessage) {
  const held = []
  let bytes = 0
  let wanted = HEADER
  socket.on("data", (chunk) => {
    held.push(chunk)
    bytes += chunk.length
    if (bytes < wanted) return
    const data = held.length === 1 ? chunk : Buffer.concat(held, bytes)
    held.length = 0
    wanted = HEADER
    let at = 0
    while (data.length - at >= HEADER) {
      const end = at + HEADER + data.readUInt32BE(at)
      if (end > data.length) {
        wanted = end - at
        break
      }
      onMessage(data.subarray(at + HEADER, end))
      at = end
    }
    bytes = data.length - at
    if (bytes > 0) held.push(data.subarray(at))
  })
}

async function listen(address, onSocket) {
  const server = net.createServer({ noDelay: true }, onSocket)
  server.listen({ ...parse(address), backlog: 1024 })
  await once(server, "listening")
  const bound = server.address()
  announce(typeof bound === "string" ? `ipc://${bound}` : `tcp://${bound.address}:${bound.port}`)
}

async function connect() {
  const socket = net.connect({ ...parse(text("endpoint")), noDelay: true })
  await once(socket, "connect")
  return socket
}

async function receive(address) {
  const { take, seconds } = counter({ size, warmup, count })
  await listen(address, (socket) => onFrames(socket, take))
  const used = measureLoop()
  result({ seconds: await seconds, messages: count, ...used() })
}

async function send(connections) {
  const writers = []
  for (let index = 0; index < connections; index += 1) writers.push(new FrameWriter(await connect()))
  const total = warmup + count
  const used = measure()
  for (let sent = 0; sent < total; sent += 1) {
    const ready = writers[sent % writers.length].send(body)
    if (ready !== undefined) await ready
  }
  await waitForWord()
  result({ messages: total, ...used() })
}

const roles = {
  sink: () => receive(text("address")),
  source: () => send(1),
  router: () => receive("tcp://127.0.0.1:*"),
  dealers: () => send(number("connections", 1000)),

  server: () =>
    listen(text("address"), (socket) => {
      const writer = new FrameWriter(socket)
      onFrames(socket, (message) => writer.send(message))
    }),

  async client() {
    const socket = await connect()
    const writer = new FrameWriter(socket)
    let resolveAnswer
    onFrames(socket, (message) => resolveAnswer(message))
    const ask = () =>
      new Promise((resolve) => {
        resolveAnswer = resolve
        writer.send(body)
      })
    result(await roundTrips({ warmup, count }, ask))
  },
}

await roles[role]()
