// What can be sent and what arrives, by types of value, of socket and of transport.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { texts, transports } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const bytes = (...list) => Buffer.from(list)
/** What is sent, and the bytes that arrive. */
const values = {
  "a string": ["hello", Buffer.from("hello")],
  "an empty string": ["", bytes()],
  "text of Latin-1": ["Ångström", Buffer.from("Ångström")],
  "text of other alphabets": ["ünï 日本 👋", Buffer.from("ünï 日本 👋")],
  "a string with a NUL": ["a\0b", bytes(97, 0, 98)],
  "a lone surrogate": ["\ud800", bytes(0xef, 0xbf, 0xbd)],
  "a long string": ["é".repeat(50_000), Buffer.from("é".repeat(50_000))],
  "a Buffer": [bytes(0, 1, 255), bytes(0, 1, 255)],
  "an empty Buffer": [bytes(), bytes()],
  "a Buffer of 1024 bytes": [Buffer.alloc(1024, 7), Buffer.alloc(1024, 7)],
  "a Buffer of 1025 bytes": [Buffer.alloc(1025, 7), Buffer.alloc(1025, 7)],
  "a Buffer of 1 MiB": [Buffer.alloc(2 ** 20, 7), Buffer.alloc(2 ** 20, 7)],
  "a part of a Buffer": [bytes(1, 2, 3, 4).subarray(1, 3), bytes(2, 3)],
  "a large part of a Buffer": [
    Buffer.alloc(9000, 7).fill(1, 0, 4000).subarray(3999),
    Buffer.concat([bytes(1), Buffer.alloc(5000, 7)]),
  ],
  "a Uint8Array": [new Uint8Array([1, 2]), bytes(1, 2)],
  "an empty part of a Buffer": [bytes(1, 2).subarray(1, 1), bytes()],
  "a Buffer on shared memory": [Buffer.from(new SharedArrayBuffer(64)).fill(7), Buffer.alloc(64, 7)],
  "a part of a Uint8Array": [new Uint8Array([1, 2, 3]).subarray(1), bytes(2, 3)],
  "a Uint8ClampedArray": [new Uint8ClampedArray([1, 255]), bytes(1, 255)],
  "an Int8Array": [new Int8Array([-1, 1]), bytes(255, 1)],
  "a Uint16Array": [new Uint16Array([258]), bytes(2, 1)],
  "a part of a Uint16Array": [new Uint16Array([1, 258, 3]).subarray(1, 2), bytes(2, 1)],
  "an Int16Array": [new Int16Array([-2]), bytes(254, 255)],
  "a Uint32Array": [new Uint32Array([1]), bytes(1, 0, 0, 0)],
  "an Int32Array": [new Int32Array([-2]), bytes(254, 255, 255, 255)],
  "a Float32Array": [new Float32Array([1]), bytes(0, 0, 128, 63)],
  "a Float64Array": [new Float64Array([1]), bytes(0, 0, 0, 0, 0, 0, 240, 63)],
  "a BigInt64Array": [new BigInt64Array([1n]), bytes(1, 0, 0, 0, 0, 0, 0, 0)],
  "a BigUint64Array": [new BigUint64Array([2n ** 64n - 1n]), bytes(...Array(8).fill(255))],
  "a DataView": [new DataView(new Uint8Array([1, 2, 3]).buffer, 1, 2), bytes(2, 3)],
  "an ArrayBuffer": [new Uint8Array([1, 2]).buffer, bytes(1, 2)],
  "an ArrayBuffer of 2000 bytes": [new Uint8Array(2000).fill(7).buffer, Buffer.alloc(2000, 7)],
  "an empty ArrayBuffer": [new ArrayBuffer(0), bytes()],
  "a SharedArrayBuffer": [
    (() => {
      const shared = new SharedArrayBuffer(2)
      new Uint8Array(shared).set([1, 2])
      return shared
    })(),
    bytes(1, 2),
  ],
  null: [null, bytes()],
  "an undefined part": [[undefined], Buffer.from("undefined")],
  "a number": [7, Buffer.from("7")],
  "a number with a fraction": [-1.5, Buffer.from("-1.5")],
  NaN: [Number.NaN, Buffer.from("NaN")],
  zero: [0, Buffer.from("0")],
  true: [true, Buffer.from("true")],
  false: [false, Buffer.from("false")],
  "a bigint": [12n, Buffer.from("12")],
  "an object": [{}, Buffer.from("[object Object]")],
  "an object with toString": [{ toString: () => "mine" }, Buffer.from("mine")],
  "a Date": [new Date(0), Buffer.from(String(new Date(0)))],
  "a function": [parseInt, Buffer.from(String(parseInt))],
  "an array in a part": [[[1, 2]], Buffer.from("1,2")],
}
for (const [what, [value, expected]] of Object.entries(values)) {
  for (const transport of transports) {
    add(`${what} arrives over ${transport}`, async (zmq, t) => {
      const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
      const isRight = (part) => {
        assert.ok(Buffer.isBuffer(part))
        assert.ok(part.equals(expected), part.subarray(0, 40).toString("hex"))
      }
      const parts = Array.isArray(value) ? value : [value]
      for (const sent of [value, parts]) {
        await push.send(sent)
        const message = await pull.receive()
        assert.equal(message.length, 1)
        isRight(message[0])
      }
      await push.send(["before", ...parts, "after"])
      const [before, part, after] = await pull.receive()
      assert.deepEqual(texts([before, after]), ["before", "after"])
      isRight(part)
    })
  }
}
for (const [what, value] of [
  ["a symbol", Symbol("x")],
  ["an object without toString", Object.create(null)],
  [
    "an object whose toString throws",
    {
      toString() {
        throw new TypeError("no")
      },
    },
  ],
]) {
  add(`${what} throws and sends nothing`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
    assert.ok((await t.failure(() => push.send(value))) instanceof TypeError)
    assert.ok((await t.failure(() => push.send(["first", value]))) instanceof TypeError)
    await push.send("after")
    assert.deepEqual(texts(await pull.receive()), ["after"])
  })
}
add("a promise is sent as text, also beside other parts", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
  await push.send(Promise.resolve("x"))
  await push.send(["a", Promise.resolve("x")])
  assert.deepEqual(texts(await pull.receive()), ["[object Promise]"])
  assert.deepEqual(texts(await pull.receive()), ["a", "[object Promise]"])
})
for (const [what, args] of [
  ["nothing", []],
  ["undefined", [undefined]],
]) {
  add(`send of ${what} throws at once`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq.Push).send(...args)),
      "Message must be present",
    ),
  )
}
add("send of an empty array resolves and sends nothing", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
  assert.equal(await push.send([]), undefined)
  await push.send("after")
  assert.deepEqual(texts(await pull.receive()), ["after"])
})
for (const transport of transports) {
  for (const count of [2, 3, 10, 1000]) {
    add(`a message of ${count} parts arrives whole over ${transport}`, async (zmq, t) => {
      const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
      const parts = Array.from({ length: count }, (_, index) => `part ${index}`)
      await push.send(parts)
      assert.deepEqual(texts(await pull.receive()), parts)
    })
  }
  add(`parts of all sizes arrive over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const parts = [0, 1, 1024, 1025, 65_536, 200_000].map((size) => Buffer.alloc(size, size % 251))
    await push.send(parts)
    assert.deepEqual(await pull.receive(), parts)
  })
  add(`parts of all types arrive over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    await push.send(["a", null, 7, bytes(1), new Uint16Array([1]), true])
    assert.deepEqual(await pull.receive(), [
      Buffer.from("a"),
      bytes(),
      Buffer.from("7"),
      bytes(1),
      bytes(1, 0),
      Buffer.from("true"),
    ])
  })
  add(`1000 messages arrive in order over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const sending = (async () => {
      for (let index = 0; index < 1000; index += 1) await push.send(index)
    })()
    for (let index = 0; index < 1000; index += 1) assert.equal(String(await pull.receive()), String(index))
    await sending
  })
  add(`a small buffer may be changed once it was sent over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    const buffer = Buffer.from("before")
    const sending = push.send(buffer)
    buffer.fill("x")
    await sending
    assert.deepEqual(texts(await pull.receive()), ["before"])
  })
  add(`a received message is the receiver's own over ${transport}`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport })
    await push.send("one")
    await push.send("two")
    const [one] = await pull.receive()
    one.fill("x")
    assert.deepEqual(texts(await pull.receive()), ["two"])
  })
}
for (const size of [1, 64, 1024, 65_536]) {
  add(`over inproc a buffer of ${size} bytes is copied`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport: "inproc" })
    const buffer = Buffer.alloc(size, 1)
    await push.send(buffer)
    const [received] = await pull.receive()
    buffer[0] = 9
    assert.equal(received[0], 1)
  })
}
add("one large buffer in two parts of a message arrives twice", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push)
  const buffer = Buffer.alloc(5000, 7)
  await push.send([buffer, buffer])
  assert.deepEqual(await pull.receive(), [buffer, buffer])
})
add("a received message can be sent on", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push)
  const [pull2, push2] = await t.pair(zmq.Pull, zmq.Push)
  await push.send(["a", Buffer.alloc(3000, 7)])
  await push2.send(await pull.receive())
  assert.deepEqual(await pull2.receive(), [Buffer.from("a"), Buffer.alloc(3000, 7)])
})
add("a message larger than the receiver's maxMessageSize does not arrive", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { bound: { maxMessageSize: 100, receiveTimeout: 100 } })
  await push.send(Buffer.alloc(101))
  t.isErrno(await t.failure(() => pull.receive()), "EAGAIN", "Operation was not possible or timed out")
})
add("a message of just maxMessageSize arrives", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { bound: { maxMessageSize: 100 } })
  await push.send(Buffer.alloc(100))
  assert.equal((await pull.receive())[0].length, 100)
})
add("send resolves with undefined", async (zmq, t) => {
  const [, push] = await t.pair(zmq.Pull, zmq.Push)
  assert.equal(await push.send("x"), undefined)
})
add("send and receive give promises", async (zmq, t) => {
  const [pull, push] = await t.pair(zmq.Pull, zmq.Push)
  const sending = push.send("x")
  const receiving = pull.receive()
  assert.ok(sending instanceof Promise && receiving instanceof Promise)
  await Promise.all([sending, receiving])
})
for (const [name, peer] of [
  ["Pair", "Pair"],
  ["Dealer", "Dealer"],
  ["Dealer", "Reply"],
  ["Request", "Reply"],
  ["Request", "Router"],
  ["Dealer", "Router"],
  ["Router", "Router"],
  ["Push", "Pull"],
]) {
  for (const transport of transports) {
    add(`${name} to ${peer} over ${transport}`, async (zmq, t) => {
      const [one, two] = await t.pair(zmq[peer], zmq[name], {
        transport,
        bound: "routingId" in zmq[peer].prototype && peer === "Router" ? { routingId: "bound" } : {},
        connected: name === "Router" ? { mandatory: true } : {},
      })
      const envelope = { Dealer: peer === "Reply" ? [""] : [], Router: ["bound"] }[name] ?? []
      const body = ["question", "", "part"]
      await t.eventually(() => two.send([...envelope, ...body]))
      const received = texts(await one.receive())
      const before = { Router: name === "Request" ? 2 : 1 }[peer] ?? 0
      assert.deepEqual(received.slice(before), body)
    })
  }
}
