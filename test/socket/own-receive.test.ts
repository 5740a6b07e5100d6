// Iterators over a receive that is not ours: a subclass overrides it, or a program has replaced it.

import * as zmq from "ohmq"
import { describe, expect, it } from "vitest"

import { failure, join, open, texts } from "../support/sockets.js"

const end = { done: true, value: undefined }

describe("a loop over a socket whose class overrides receive", () => {
  class Numbers extends zmq.Pull {
    override async receive(options?: zmq.OperationOptions): Promise<Buffer[]> {
      const [text] = await super.receive(options)
      if (text?.toString() === "bad") throw new Error("no number")
      return [Buffer.of(Number(text))]
    }
  }

  it("gets what that receive returns, as in zeromq, and ends when the socket is closed", async () => {
    const [push, numbers] = [open(zmq.Push), open(Numbers)]
    await join(numbers, push, "inproc")
    await push.sendMany(["1", "2", "3"])
    const seen: number[][] = []
    for await (const [bytes] of numbers) {
      seen.push([...(bytes as Buffer)])
      if (seen.length === 3) setImmediate(() => numbers.close())
    }
    expect(seen).toEqual([[1], [2], [3]])
    expect(await numbers[Symbol.asyncIterator]().next()).toEqual(end)
  })

  it("fails with what that receive throws", async () => {
    const [push, numbers] = [open(zmq.Push), open(Numbers)]
    await join(numbers, push, "inproc")
    await push.send("bad")
    expect((await failure(() => numbers[Symbol.asyncIterator]().next())).message).toBe("no number")
  })

  it("also uses a receive that a program has replaced", async () => {
    const { receive } = zmq.Socket.prototype as unknown as zmq.Pull
    const calls: unknown[] = []
    Object.assign(zmq.Socket.prototype, {
      receive(this: zmq.Pull, ...args: []) {
        calls.push(this)
        return receive.apply(this, args)
      },
    })
    try {
      const [push, pull] = [open(zmq.Push), open(zmq.Pull)]
      await join(pull, push, "inproc")
      await push.send("x")
      const { value } = await pull[Symbol.asyncIterator]().next()
      expect(texts(value as Buffer[])).toEqual(["x"])
      expect(calls).toEqual([pull])
    } finally {
      Object.assign(zmq.Socket.prototype, { receive })
    }
  })
})

describe("an iterator over an overridden receive, after return()", () => {
  async function pair<P extends zmq.Pull>(Own: new () => P) {
    const [push, own] = [open(zmq.Push), open(Own)]
    await join(own, push, "inproc")
    return [push, own, own[Symbol.asyncIterator]() as Required<AsyncIterator<Buffer[]>>] as const
  }
  const turn = () => new Promise(setImmediate)

  /** Skips empty messages. */
  class Filtering extends zmq.Pull {
    readonly #failures: unknown[] = []
    #calls = 0
    get failures() {
      return this.#failures
    }
    get calls() {
      return this.#calls
    }
    override async receive(options?: zmq.OperationOptions): Promise<Buffer[]> {
      for (;;) {
        this.#calls += 1
        try {
          const message = await super.receive(options)
          if (message[0]?.length) return message
        } catch (error) {
          this.#failures.push(error)
          throw error
        }
      }
    }
  }

  it("leaves the socket to the next receive", async () => {
    const [push, own, iterator] = await pair(Filtering)
    const step = iterator.next()
    expect(await iterator.return()).toEqual(end)
    expect(await step).toEqual(end)
    expect(own.failures).toMatchObject([
      { code: "ECANCELED", message: "The receive was canceled because its iterator has returned" },
    ])
    const received = own.receive({ timeout: 1000 })
    await push.send("x")
    expect(texts(await received)).toEqual(["x"])
  })

  it("does so even if the call has received before", async () => {
    const [push, own, iterator] = await pair(Filtering)
    const step = iterator.next()
    await push.send("")
    while (own.calls < 2) await turn()
    await iterator.return()
    expect(await step).toEqual(end)
    await push.send("x")
    expect(texts(await own.receive({ timeout: 1000 }))).toEqual(["x"])
  })

  /** Returns a message only after `goOn`. */
  class Slow extends zmq.Pull {
    #goOn = () => {}
    goOn() {
      this.#goOn()
    }
    override async receive(options?: zmq.OperationOptions): Promise<Buffer[]> {
      const message = await super.receive(options)
      await new Promise<void>((resolve) => {
        this.#goOn = resolve
      })
      return message
    }
  }

  it("gives what the call still returns to the next iterator, before anything else", async () => {
    const [push, own, iterator] = await pair(Slow)
    await push.sendMany(["0", "1"])
    const step = iterator.next()
    await turn()
    await iterator.return()
    expect(await step).toEqual(end)
    const next = own[Symbol.asyncIterator]()
    const steps = [next.next(), next.next()]
    own.goOn()
    expect(texts((await steps[0])?.value as Buffer[])).toEqual(["0"])
    await turn()
    own.goOn()
    expect(texts((await steps[1])?.value as Buffer[])).toEqual(["1"])
  })

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])("gives it once, whichever comes first, %i ticks apart", async (ticks) => {
    const [push, own, iterator] = await pair(Slow)
    await push.sendMany(["0", "1"])
    const step = iterator.next()
    await turn()
    own.goOn()
    for (let tick = 0; tick < ticks; tick += 1) await undefined
    await iterator.return()
    const first = await step
    const next = own[Symbol.asyncIterator]()
    const second = next.next()
    if (!first.done) {
      await turn()
      own.goOn()
    }
    const seen = [first, await second].flatMap(({ value }) => (value ? texts(value) : []))
    expect(seen).toEqual(first.done ? ["0"] : ["0", "1"])
  })

  it("forgets a call that fails, and calls again", async () => {
    let fail = (_: Error) => {}
    class Failing extends zmq.Pull {
      override async receive(options?: zmq.OperationOptions): Promise<Buffer[]> {
        const message = await super.receive(options)
        if (String(message) !== "bad") return message
        return new Promise((_, reject) => {
          fail = reject
        })
      }
    }
    for (const isAskedBefore of [true, false]) {
      const [push, own, iterator] = await pair(Failing)
      await push.sendMany(["bad", "good"])
      const step = iterator.next()
      await turn()
      await iterator.return()
      expect(await step).toEqual(end)
      const ask = () => own[Symbol.asyncIterator]().next()
      const asked = isAskedBefore ? ask() : undefined
      fail(new Error("nobody hears of it"))
      await turn()
      expect(texts((await (asked ?? ask())).value as Buffer[])).toEqual(["good"])
    }
  })

  it("cancels no other receive of a queue", async () => {
    const [push, own, iterator] = await pair(Filtering)
    own.receiveQueue = { limit: 3 }
    const step = iterator.next()
    const other = own.receive()
    await iterator.return()
    expect(await step).toEqual(end)
    await push.send("x")
    expect(texts(await other)).toEqual(["x"])
  })

  it("takes no place in a queue, however often this happens", async () => {
    const [push, own] = await pair(Filtering)
    own.receiveQueue = { limit: 3 }
    for (let round = 0; round < 3; round += 1) {
      const iterator = own[Symbol.asyncIterator]()
      const step = iterator.next()
      await iterator.return?.()
      expect(await step).toEqual(end)
      await turn()
    }
    await push.send("x")
    expect(texts(await own.receive({ timeout: 1000 }))).toEqual(["x"])
  })

  it("gives values of any kind", async () => {
    class Nothing extends zmq.Pull {
      override async receive(): Promise<never> {
        return undefined as never
      }
    }
    expect(await open(Nothing)[Symbol.asyncIterator]().next()).toEqual({ done: false, value: undefined })
  })
})
