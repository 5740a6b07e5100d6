// What messages are made of.

import assert from "node:assert/strict"

import { failure, texts } from "../../support/basics.mjs"

const pipeline = async (zmq, tools, transport) => {
  const [push, pull] = [tools.open(zmq.Push), tools.open(zmq.Pull)]
  await tools.join(pull, push, transport)
  return { push, pull }
}

const collect = () => globalThis.gc?.() ?? globalThis.Bun?.gc(true)

export const checks = {
  async "text, bytes, views, nothing"(zmq, tools) {
    const { push, pull } = await pipeline(zmq, tools)
    const memory = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer
    await push.send(["grüße 🦊", null, 12, new Uint8Array(memory, 2, 3), new DataView(memory, 4), memory])
    const parts = await pull.receive()
    assert.ok(parts.every((part) => Buffer.isBuffer(part)))
    assert.deepEqual(texts(parts.slice(0, 3)), ["grüße 🦊", "", "12"])
    assert.deepEqual(
      parts.slice(3).map((part) => [...part]),
      [
        [3, 4, 5],
        [5, 6, 7, 8],
        [1, 2, 3, 4, 5, 6, 7, 8],
      ],
    )
    await assert.rejects(async () => push.send(Promise.resolve("x")), TypeError)
  },

  async "large messages, and many parts"(zmq, tools) {
    for (const transport of ["tcp", "ipc", "inproc"]) {
      const { push, pull } = await pipeline(zmq, tools, transport)
      const parts = Array.from({ length: 300 }, (_, index) => Buffer.alloc((index * 37) % 3000, index))
      parts.push(Buffer.alloc(5_000_000, "y"))
      const received = pull.receive()
      await push.send(parts)
      const message = await received
      assert.equal(message.length, parts.length)
      for (const [index, part] of parts.entries()) assert.ok(part.equals(message[index]), `part ${index}`)
      await push.send("z".repeat(100_000))
      assert.equal(String(await pull.receive()), "z".repeat(100_000))
    }
  },

  async "messages that are kept stay as they are, and give their memory back"(zmq, tools) {
    const { push, pull } = await pipeline(zmq, tools)
    const kept = []
    for (let round = 0; round < 300; round += 1) {
      await push.send([Buffer.alloc(20, round), Buffer.alloc(500_000, round)])
      const [small, large] = await pull.receive()
      kept.push(small)
      assert.equal(large[499_999], round % 256)
      if (round % 50 === 0) collect()
    }
    collect()
    for (const [round, part] of kept.entries()) assert.ok(part.equals(Buffer.alloc(20, round)))
    // 300 MB went through.
    assert.ok(process.memoryUsage.rss() < 900_000_000, `${process.memoryUsage.rss()} bytes`)
  },

  async "a buffer may change when it is small, and may not go away when it is large"(zmq, tools) {
    const { push, pull } = await pipeline(zmq, tools)
    const small = Buffer.from("before")
    const sent = push.send(small)
    small.write("after!")
    await sent
    assert.deepEqual(texts(await pull.receive()), ["before"])
    const { bun, deno, node } = process.versions
    const takes = [(memory) => structuredClone(memory, { transfer: [memory] })]
    // Node.js 22 to 25 release memory here that is marked as untransferable: docs/runtimes.md.
    if (bun || deno || !/^2[2-5]\./.test(node)) takes.push((memory) => memory.transfer?.())
    for (const take of takes) {
      const large = new Uint8Array(100_000).fill(7)
      await push.send(large)
      // What the runtime does not refuse must not matter: then it was copied.
      try {
        new Uint8Array(take(large.buffer)).fill(8)
      } catch {
        assert.equal(large.byteLength, 100_000)
      }
      assert.ok((await pull.receive())[0].equals(Buffer.alloc(100_000, 7)))
    }
  },

  async "streams of Node and of the Web"(zmq, tools) {
    const { push, pull } = await pipeline(zmq, tools)
    const writable = push.toWritable()
    for (let index = 0; index < 100; index += 1) writable.write(String(index))
    let next = 0
    for await (const message of pull.toReadable()) {
      assert.deepEqual(texts(message), [String(next)])
      next += 1
      if (next === 100) break
    }
    const writer = push.toWritableStream().getWriter()
    const reader = pull.toReadableStream().getReader()
    await writer.write(["a", "b"])
    assert.deepEqual(texts((await reader.read()).value), ["a", "b"])
    await reader.cancel()
  },

  async metadata(zmq, tools) {
    const router = tools.open(zmq.Router)
    const dealer = tools.open(zmq.Dealer, { routingId: "peer" })
    await tools.join(router, dealer)
    await dealer.send("x")
    const { parts, socketType } = await router.receiveWithMetadata()
    assert.deepEqual(texts(parts), ["peer", "x"])
    assert.equal(socketType, "DEALER")
  },

  async "options, errors and disposal"(zmq, tools) {
    const socket = tools.open(zmq.Dealer, { sendHighWaterMark: 7, routingId: "id" })
    assert.equal(socket.sendHighWaterMark, 7)
    assert.equal(socket.routingId, "id")
    assert.throws(() => new zmq.Dealer({ nonsense: 1 }), TypeError)
    const error = await failure(() => socket.bind("nonsense://x"))
    assert.equal(error.code, "EPROTONOSUPPORT")
    assert.equal(error.address, "nonsense://x")
    assert.ok(error instanceof Error)
    const pull = tools.open(zmq.Pull)
    await pull.bind(tools.address("tcp"))
    assert.equal((await failure(() => socket.bind(pull.lastEndpoint))).code, "EADDRINUSE")
    await pull.unbind(pull.lastEndpoint)
    socket[Symbol.dispose]()
    assert.equal(socket.closed, true)
    await pull[Symbol.asyncDispose]()
    assert.equal(pull.closed, true)
  },
}
