// Iterators of everything that can be iterated: their steps, their end, and what a step has taken by then.

import { Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { runProgram } from "../support/process.js"
import { failure, freeAddress, join, open, texts } from "../support/sockets.js"
import { kinds } from "../support/sources.js"

const end = { done: true, value: undefined }

async function pushAndPull<P extends zmq.Pull>(Pull: new (options?: zmq.SocketOptions<zmq.Pull>) => P, options = {}) {
  const [push, pull] = [open(zmq.Push), open(Pull, options)]
  await join(pull, push, "inproc")
  return { push, pull }
}

/** Spends the budget of this turn of the event loop, so that operations settle in the next turn. */
function useUpTurn() {
  const publisher = open(zmq.Publisher)
  const send = () => {
    for (let index = 0; index < 20; index += 1) void publisher.send("to nobody")
  }
  send()
  for (const until = performance.now() + 10; performance.now() < until; );
  send()
}

type Iterator = AsyncIterableIterator<unknown> & Required<AsyncIterator<unknown>> & AsyncDisposable
const iteratorOf = (iterable: AsyncIterable<unknown>) => iterable[Symbol.asyncIterator]() as Iterator

describe.each(kinds)("an iterator of $name", ({ open: openSource }) => {
  it("has what all async iterators have", async () => {
    const iterator = iteratorOf((await openSource()).iterate())
    const inherited = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}.prototype))
    expect(Object.prototype.isPrototypeOf.call(inherited, iterator)).toBe(true)
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator)
    expect(await iterator[Symbol.asyncDispose]()).toBeUndefined()
    expect(await iterator.next()).toEqual(end)
  })

  it("is done after throw, which rejects with the error, and loses nothing", async () => {
    const source = await openSource()
    const [first, second] = await source.send(2)
    const iterator = iteratorOf(source.iterate())
    expect(source.label((await iterator.next()).value as never)).toBe(first)
    const error = new Error("thrown in")
    expect(await failure(() => iterator.throw(error))).toBe(error)
    expect(await iterator.next()).toEqual(end)
    expect(await source.receive()).toBe(second)
  })

  it("serves steps that wait together in turn, and return after them", async () => {
    const source = await openSource()
    const iterator = iteratorOf(source.iterate())
    const order: unknown[] = []
    const note = ({ done, value }: IteratorResult<unknown>) => order.push(done ? "done" : source.label(value as never))
    const steps = [iterator.next(), iterator.next(), iterator.next(), iterator.next()].map((step) => step.then(note))
    const sent = await source.send(2)
    await steps[1]
    await iterator.return().then(() => order.push("returned"))
    await Promise.all(steps)
    expect(order).toEqual([...sent, "done", "done", "returned"])
  })

  it("returns what return was given", async () => {
    const iterator = iteratorOf((await openSource()).iterate())
    expect(await iterator.return(Promise.resolve("given"))).toEqual({ done: true, value: "given" })
  })
})

describe("a step that has taken a message, and settles in a later turn of the event loop,", () => {
  it.each<[string, (pull: zmq.Pull) => AsyncIterator<unknown>, number]>([
    ["a socket's", (pull) => pull[Symbol.asyncIterator](), 1],
    ["one of batches()", (pull) => pull.batches({ max: 2 }), 2],
    ["one of withMetadata()", (pull) => pull.withMetadata(), 1],
  ])("gives it back when its iterator returns: %s", async (_, iterate) => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    await push.sendMany(["0", "1", "2", "3"])
    useUpTurn()
    const iterator = iterate(pull) as Iterator
    const step = iterator.next()
    const returned = iterator.return()
    expect(pull.readable).toBe(true)
    expect([await step, await returned]).toEqual([end, end])
    for (const text of ["0", "1", "2", "3"]) expect(texts(await pull.receive({ timeout: 1000 }))).toEqual([text])
  })

  it.each<[string, (iterators: Iterator[]) => Iterator[]]>([
    ["in their order", (iterators) => iterators],
    ["the other way round", (iterators) => iterators.toReversed()],
  ])("gives it back to its place, where others do so too, %s", async (_, inOrder) => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    const numbers = Array.from({ length: 8 }, (__, index) => String(index))
    await push.sendMany(numbers)
    useUpTurn()
    const iterators = [pull, pull.batches({ max: 3 }), pull.withMetadata(), pull].map(iteratorOf)
    const steps = iterators.map((iterator) => iterator.next())
    for (const iterator of inOrder(iterators)) void iterator.return()
    expect(await Promise.all(steps)).toEqual(steps.map(() => end))
    for (const text of numbers) expect(texts(await pull.receive({ timeout: 1000 }))).toEqual([text])
  })

  it("gives it back with its metadata", async () => {
    const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
    await join(pull, push, "tcp")
    await push.send("from somewhere")
    const seen = await pull.receiveWithMetadata()
    await push.send("again")
    const iterator = pull.withMetadata()
    // It has arrived, so the next step need not wait for it.
    while (!pull.readable) await new Promise(setImmediate)
    useUpTurn()
    const step = iterator.next()
    await iterator.return()
    expect(await step).toEqual(end)
    const { parts, ...rest } = await pull.receiveWithMetadata({ timeout: 1000 })
    const { parts: _, ...known } = seen
    expect(texts(parts)).toEqual(["again"])
    expect(rest).toEqual(known)
    expect(rest.peerAddress).toBe("127.0.0.1")
  })

  it("gives it to a receive that started to wait meanwhile", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    await push.send("only one")
    useUpTurn()
    const iterator = pull[Symbol.asyncIterator]()
    const step = iterator.next()
    const receiving = pull.receive({ timeout: 1000 })
    void iterator.return?.()
    expect(await step).toEqual(end)
    expect(texts(await receiving)).toEqual(["only one"])
  })

  it("gives it back when the socket was served in the middle of another call", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    const iterator = pull[Symbol.asyncIterator]()
    const step = iterator.next()
    push.trySend("x")
    void pull.readable
    void iterator.return?.()
    expect(await step).toEqual(end)
    expect(texts(await pull.receive({ timeout: 1000 }))).toEqual(["x"])
  })

  it("gives it back during a bind", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    await push.send("x")
    useUpTurn()
    const iterator = pull[Symbol.asyncIterator]()
    const step = iterator.next()
    const binding = pull.bind("tcp://127.0.0.1:*")
    void iterator.return?.()
    expect(await step).toEqual(end)
    await binding
    expect(texts(await pull.receive({ timeout: 1000 }))).toEqual(["x"])
  })

  it("delivers it during a bind while a receive waits, which could not go on then", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    await push.send("x")
    useUpTurn()
    const iterator = pull[Symbol.asyncIterator]()
    const step = iterator.next()
    const receiving = pull.receive({ timeout: 5000 })
    const binding = pull.bind("tcp://127.0.0.1:*")
    void iterator.return?.()
    expect(texts((await step).value as Buffer[])).toEqual(["x"])
    await binding
    await push.send("y")
    expect(texts(await receiving)).toEqual(["y"])
  })

  it("gives an event back", async () => {
    const socket = open(zmq.Pull)
    const iterator = socket.events[Symbol.asyncIterator]()
    const step = iterator.next()
    // The step has it when this is called, and has not settled.
    socket.events.watch(() => queueMicrotask(() => iterator.return()))
    await socket.bind("tcp://127.0.0.1:*")
    expect(await step).toEqual(end)
    expect(await socket.events.receive({ timeout: 1000 })).toMatchObject({ type: "bind" })
  })

  it("delivers an event that listeners would no longer get", async () => {
    const socket = open(zmq.Pull)
    const iterator = socket.events[Symbol.asyncIterator]()
    const step = iterator.next()
    socket.events.watch(() =>
      queueMicrotask(() => {
        socket.events.on("bind", () => {})
        void iterator.return()
      }),
    )
    await socket.bind("tcp://127.0.0.1:*")
    expect((await step).value).toMatchObject({ type: "bind" })
  })

  it("delivers it if it cannot give it back, because a proxy has the socket", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    const backEnd = open(zmq.Push)
    await backEnd.bind(freeAddress("inproc"))
    await push.send("taken before")
    useUpTurn()
    const iterator = pull[Symbol.asyncIterator]()
    const step = iterator.next()
    const proxy = new zmq.Proxy(pull, backEnd)
    const running = proxy.run()
    await iterator.return?.()
    expect(texts((await step).value as Buffer[])).toEqual(["taken before"])
    expect(await iterator.next()).toEqual(end)
    proxy.terminate()
    await running
  })
})

describe("Readable.from", () => {
  it("holds one message, and that is all that is lost when it is destroyed", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    await push.sendMany(["0", "1", "2", "3"])
    const readable = Readable.from(pull)
    for await (const message of readable) {
      expect(texts(message)).toEqual(["0"])
      // The consumer has the first, and the stream one more.
      await new Promise(setImmediate)
      expect(readable.readableLength).toBe(1)
      break
    }
    expect(texts(await pull.receive({ timeout: 1000 }))).toEqual(["2"])
  })

  it("loses nothing if it is destroyed while it waits, even in a busy turn", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    const readable = Readable.from(pull)
    readable.on("data", () => {})
    await new Promise(setImmediate)
    useUpTurn()
    push.trySend("x")
    void pull.readable
    readable.destroy()
    expect(texts(await pull.receive({ timeout: 1000 }))).toEqual(["x"])
  })
})

describe("toReadable", () => {
  it("loses only what it holds when it is destroyed, even in a busy turn", async () => {
    const { push, pull } = await pushAndPull(zmq.Pull)
    await push.sendMany(["0", "1", "2", "3"])
    useUpTurn()
    const readable = pull.toReadable()
    readable.read()
    readable.destroy()
    expect(readable.readableLength).toBe(0)
    for (const text of ["0", "1", "2", "3"]) expect(texts(await pull.receive({ timeout: 1000 }))).toEqual([text])
  })
})

describe("pipeline straight from a socket", () => {
  it("ends only with the socket if it is aborted while it waits: Node.js does not call the iterator", async () => {
    const { pull } = await pushAndPull(zmq.Pull)
    const controller = new AbortController()
    const sink = new Writable({ objectMode: true, write: (_, __, done) => done() })
    const going = failure(() => pipeline(pull, sink, { signal: controller.signal }))
    await new Promise(setImmediate)
    controller.abort()
    pull.close()
    expect((await going).name).toBe("AbortError")
  })
})

describe("a process", () => {
  it("ends although its sockets are open, once every loop over them was left while it waited", async () => {
    const program = `
      import { Readable, Writable } from "node:stream"
      import { pipeline } from "node:stream/promises"
      class Own extends zmq.Pull { async receive() { return (await super.receive()).map(String) } }
      const address = "inproc://at-rest"
      const open = (Pull = zmq.Pull) => { const pull = new Pull(); pull.connect("inproc://nobody"); return pull }
      const stepOf = (iterable) => { const iterator = iterable[Symbol.asyncIterator](); void iterator.next(); return iterator }
      const turn = () => new Promise(setImmediate)
      globalThis.sockets = []
      const keep = (socket) => { sockets.push(socket); return socket }
      for (const make of [(p) => p, (p) => p.batches(), (p) => p.withMetadata(), (p) => p.events]) {
        for (const Pull of [zmq.Pull, Own]) {
          await stepOf(make(keep(open(Pull)))).return()
          await stepOf(make(keep(open(Pull)))).throw(new Error("stop")).catch(() => {})
          const readable = Readable.from(make(keep(open(Pull)))).on("data", () => {})
          await turn()
          readable.destroy()
          const controller = new AbortController()
          const sink = new Writable({ objectMode: true, write() {} })
          const going = pipeline(Readable.from(make(keep(open(Pull)))), sink, { signal: controller.signal })
          await turn()
          controller.abort()
          await going.catch(() => {})
          const reader = ReadableStream.from(make(keep(open(Pull)))).getReader()
          void reader.read()
          await turn()
          await reader.cancel()
        }
      }
      console.log(sockets.filter((socket) => !socket.closed).length)
    `
    const { status, stdout, stderr } = await runProgram(program)
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "40\n", stderr: "" })
  })
})
