// What does not work: messages that are not the protocol's, a store that fails, two queues on one store.

import { Dealer } from "ohmq"
import { createEvent, encode } from "ohmq-toolkit/events"
import type { Store } from "ohmq-toolkit/store"
import { SubmitError, TaskClient, waitToTakeOver } from "ohmq-toolkit/tasks"
import { describe, expect, it, onTestFinished } from "vitest"
import { all, clientOf, deferred, failure, opened, queued, serving, temporaryFolder, workerOf } from "./support.js"

/** A socket that sends what it likes. */
function raw(connect: string) {
  const dealer = new Dealer({ linger: 0, receiveTimeout: 5000 })
  onTestFinished(() => dealer.close())
  dealer.connect(connect)
  return {
    async ask(...frames: (string | Uint8Array)[]) {
      await dealer.send(frames)
      const [head, body] = await dealer.receive()
      return { kind: head?.[1], request: head?.readUInt32BE(2), body: JSON.parse(String(body)) }
    },
  }
}

const head = (kind: number, request = 7, version = 1) => Buffer.from([version, kind, 0, 0, 0, request])

/** A store whose appends can be made to fail. */
function failing(store: Store) {
  let fails = 0
  const proxy = new Proxy(store, {
    get(target, name) {
      if (name === "append" && fails > 0) {
        fails--
        return () => Promise.reject(new Error("the disk is on fire"))
      }
      const value = target[name as keyof Store]
      return typeof value === "function" ? value.bind(target) : value
    },
  })
  return {
    store: proxy,
    fail: (times: number) => {
      fails = times
    },
  }
}

describe("the protocol", () => {
  it.each([
    ["no body", [head(2)], "MALFORMED", "The message has 1 frames instead of 2"],
    ["a short head", ["\u0001\u0002", "{}"], "MALFORMED", "The head has 2 bytes instead of 6"],
    ["an unknown kind", [head(0x55), "{}"], "MALFORMED", "There is no message 85"],
    ["an answer", [head(0x81), "{}"], "MALFORMED", "There is no message 129"],
    [
      "another version",
      [head(2, 7, 9), "{}"],
      "VERSION",
      "The message has version 9 of the protocol; this side speaks 1",
    ],
    ["no JSON", [head(2), "{"], "MALFORMED", "The body is not valid JSON"],
    ["no object", [head(2), "[]"], "MALFORMED", "The body is not a JSON object"],
    ["bad UTF-8", [head(2), Buffer.from([0xff])], "MALFORMED", "The body is not valid UTF-8"],
    ["no tasks", [head(2), "{}"], "INVALID", "Expected tasks to be an array of at most 10000 but received undefined"],
    ["a bad worker", [head(1), '{"instance":1}'], "INVALID", "Expected instance to be 1 to 200 printable characters"],
    ["an unknown query", [head(7), '{"what":"all"}'], "INVALID", "Expected what to be one of counts, list"],
    ["an unknown order", [head(8), "{}"], "INVALID", "Expected do to be one of retry, discard"],
    [
      "bad settings",
      [head(8), '{"do":"configure","queue":"q","settings":{"pause":true}}'],
      "INVALID",
      'Did you mean "paused"?',
    ],
  ])("answers %s with an error, and goes on", async (_, frames, code, message) => {
    const { client, connect } = await queued()
    const answer = await raw(connect).ask(...(frames as (string | Uint8Array)[]))
    expect(answer).toMatchObject({ kind: 0x82, body: { code } })
    expect(answer.body.message).toContain(message)
    expect((await client.submit([{ id: "a" }]))[0]?.status).toBe("stored")
  })

  it("takes good items beside bad ones", async () => {
    const { connect } = await queued()
    const socket = raw(connect)
    const tasks = [{ id: "a" }, null, { id: 5 }, { id: "b", after: ["a"] }]
    const { body } = await socket.ask(head(2), JSON.stringify({ tasks }))
    expect(body.tasks.map(({ status }: { status: string }) => status)).toEqual([
      "stored",
      "refused",
      "refused",
      "stored",
    ])
    const reports = [{ do: "finish", id: "a", lease: 1 }, { do: "x" }, 5, { do: "fail", id: "b", lease: 1, reason: "" }]
    const answer = await socket.ask(head(4), JSON.stringify({ instance: "i", reports }))
    expect(answer.body.results.map(({ code }: { code: string }) => code)).toEqual([
      "STALE",
      "INVALID",
      "INVALID",
      "STALE",
    ])
  })

  it("lets nobody report on the lease of another instance", async () => {
    const { client, connect } = await queued()
    const [started, go] = [deferred<number>(), deferred()]
    workerOf(connect, {
      handler: async ({ lease }) => {
        started.resolve(lease)
        await go.promise
        return "mine"
      },
    })
    await client.submit([{ id: "a" }])
    const report = { do: "finish", id: "a", lease: await started.promise, result: "theirs" }
    const { body } = await raw(connect).ask(head(4), JSON.stringify({ instance: "other", reports: [report] }))
    expect(body.results[0].code).toBe("STALE")
    go.resolve()
    await client.wait()
    expect((await client.show("a")).result).toBe("mine")
  })
})

describe("a store that fails", () => {
  it("acknowledges nothing that is not stored, and goes on with what is", async () => {
    const { store, fail } = failing(await opened())
    const server = await serving(store)
    const recovered = deferred<Error>()
    server.on("recovered", recovered.resolve)
    const client = clientOf(server.endpoint)
    await client.submit([{ id: "kept" }])
    fail(1)
    const { body } = await raw(server.endpoint).ask(head(2), '{"tasks":[{"id":"lost"}]}')
    expect(body).toEqual({ code: "STORE", message: "The store failed: the disk is on fire" })
    await recovered.promise
    expect((await all(client.list())).map(({ id }) => id)).toEqual(["kept"])
    // A client submits it again by itself, until its time is up.
    fail(2)
    expect(await client.submit([{ id: "lost" }])).toEqual([{ id: "lost", status: "stored", state: "ready" }])
    fail(1000)
    const hasty = clientOf(server.endpoint, { timeout: 1200 })
    expect(await failure(hasty.submit([{ id: "late" }]))).toMatchObject({ code: "STORE" })
    fail(0)
  })

  it("is read again once a second at most, if it fails again and again", async () => {
    const whole = await opened()
    const store = new Proxy(whole, {
      get(target, name) {
        const value = target[name as keyof Store]
        if (typeof value !== "function") return value
        const append: Store["append"] = async (events, options) => {
          // As on a disk that has room for little more than the note that the queue was opened.
          if (String(events[0]?.frames[0]) === "task.submitted") throw new Error("the disk is full")
          return target.append(events, options)
        }
        return name === "append" ? append : value.bind(target)
      },
    })
    const server = await serving(store)
    const times: number[] = []
    server.on("recovered", () => times.push(performance.now()))
    const client = clientOf(server.endpoint, { timeout: 4000 })
    expect(await failure(client.submit([{ id: "a" }]))).toMatchObject({ code: "STORE" })
    expect(times.length).toBeGreaterThanOrEqual(3)
    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeGreaterThan(950)
  })

  it("takes a result again that it could not store", async () => {
    const { store, fail } = failing(await opened())
    const server = await serving(store)
    const client = clientOf(server.endpoint)
    let starts = 0
    workerOf(server.endpoint, {
      handler: () => {
        starts++
        fail(3)
        return "done"
      },
    })
    await client.submit([{ id: "a" }])
    await client.wait()
    expect(await client.show("a")).toMatchObject({ state: "finished", result: "done", attempt: 1 })
    expect(starts).toBe(1)
  })
})

describe("two queues on one store", () => {
  it("have the last one take over, and the first one acknowledge nothing more", async () => {
    const store = await opened(temporaryFolder())
    const first = await serving(store)
    const ended = deferred<Error>()
    first.on("failed", ended.resolve)
    const client = clientOf(first.endpoint, { timeout: 1000 })
    await client.submit([{ id: "a" }])
    const second = await serving(store)
    expect((await failure(client.submit([{ id: "b" }]))).code).toBe("TAKEN_OVER")
    expect(await ended.promise).toMatchObject({ code: "TAKEN_OVER" })
    expect(first.isReady).toBe(false)
    const both = new TaskClient({ connect: [first.endpoint, second.endpoint] })
    onTestFinished(() => both.close())
    // It was not acknowledged, and does not count.
    expect((await all(both.list())).map(({ id }) => id)).toEqual(["a"])
    await second.close()
    expect((await serving(store)).counts.ready).toBe(1)
  })
})

describe("waitToTakeOver", () => {
  it("waits for as long as the queue is there, though it has nothing to do", async () => {
    const store = await opened()
    const first = await serving(store, { beat: 100 })
    await clientOf(first.endpoint).submit([{ id: "a" }])
    let isOver = false
    const waiting = waitToTakeOver(store, { silence: 600 }).then((silent) => {
      isOver = true
      return silent
    })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(isOver).toBe(false)
    await first.close()
    expect(await waiting).toBe(true)
    expect((await serving(store)).counts.ready).toBe(1)
    const stopped = waitToTakeOver(store, { silence: 60_000, signal: AbortSignal.timeout(10) })
    expect(await stopped).toBe(false)
    expect(Object.keys(store.stats().cursors)).toEqual(["tasks"])
  })
})

describe("a journal among other events", () => {
  it("leaves those of others alone, also of another queue", async () => {
    const store = await opened()
    const one = await serving(store, { source: "/one" })
    await clientOf(one.endpoint).submit([{ id: "a" }])
    await one.close()
    const other = createEvent({ source: "/other", type: "task.submitted", data: { nothing: true } })
    await store.append([{ frames: encode(other) }, { frames: [Buffer.from("task.submitted"), Buffer.from("no JSON")] }])
    const again = await serving(store, { source: "/one" })
    expect(again.counts.ready).toBe(1)
    // While it runs, too.
    await store.append([{ frames: encode(other) }])
    await clientOf(again.endpoint).submit([{ id: "b" }])
    expect(again.counts.ready).toBe(2)
  })
})

describe("a client", () => {
  it("says what it cannot reach", async () => {
    const client = clientOf("tcp://127.0.0.1:1", { timeout: 300 })
    expect(await failure(client.counts())).toEqual({
      code: "TIMEOUT",
      message:
        "tcp://127.0.0.1:1 did not answer within 300 ms. tcp://127.0.0.1:1 cannot be reached. Is the queue running there?",
    })
  })

  it("tells what became of each task if some were refused", async () => {
    const { client } = await queued()
    const error = await client.submit([{ id: "a" }, { id: "b", priority: 99 }]).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(SubmitError)
    expect(error.submitted.map(({ status }: { status: string }) => status)).toEqual(["stored", "refused"])
  })

  it.each([
    [{ connect: "tcp://example.com:1" }, "goes beyond this machine, unencrypted"],
    [{ connect: [] }, "Expected connect to be an endpoint"],
    [{ connect: "tcp://127.0.0.1:1", timeut: 1 }, 'Unknown option "timeut" of the client. Did you mean "timeout"?'],
  ])("refuses %j", (options, message) => {
    expect(() => new TaskClient(options as never)).toThrow(message)
  })
})
