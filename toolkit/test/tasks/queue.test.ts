import { decode } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import {
  all,
  clientOf,
  deferred,
  failure,
  opened,
  queued,
  serving,
  temporaryFolder,
  until,
  workerOf,
} from "./support.js"

const inputs = (count: number) => Array.from({ length: count }, (_, i) => ({ input: i }))

describe("a queue", () => {
  it("gives each task to a worker, and keeps the results", async () => {
    const { client, connect } = await queued()
    await client.submit([{ id: "a", input: { n: 1 } }, { id: "b", input: "text" }, { id: "c" }])
    workerOf<unknown>(connect, { concurrency: 2, name: "w", handler: ({ input }) => ({ got: input }) })
    expect((await client.wait()).counts).toMatchObject({ finished: 3, failed: 0 })
    const found = await all(client.results())
    expect(found.map(({ id, input, result, worker, attempt }) => [id, input, result, worker, attempt])).toEqual([
      ["a", { n: 1 }, { got: { n: 1 } }, "w", 1],
      ["b", "text", { got: "text" }, "w", 1],
      ["c", null, { got: null }, "w", 1],
    ])
  })

  it("knows a task by its id, and stores it once", async () => {
    const { client } = await queued()
    const [first] = await client.submit([{ id: "same", input: 1 }])
    const [again] = await client.submit([{ id: "same", input: 2 }])
    expect([first?.status, again?.status]).toEqual(["stored", "duplicate"])
    expect((await client.show("same")).input).toBe(1)
  })

  it("has everything again after it was opened again", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    const server = await serving(store)
    const client = clientOf(server.endpoint)
    await client.submit(inputs(50), { batch: "b" })
    await client.configure("default", { perKey: 3, concurrency: 7 })
    await client.schedule({ id: "daily", every: 86_400_000, first: Date.now() + 86_400_000, task: { input: 1 } })
    const worker = workerOf(server.endpoint, { handler: () => "done" })
    await until(async () => (await client.counts({ batch: "b" })).finished >= 20)
    await worker.close()
    const before = await client.snapshot()
    client.close()
    await server.close()
    await store.close()
    const again = await serving(await opened(folder))
    const { counts, queues, schedules } = again.snapshot()
    expect({ counts, queues, schedules }).toEqual({
      counts: before.counts,
      queues: before.queues,
      schedules: before.schedules,
    })
    const next = clientOf(again.endpoint)
    workerOf(again.endpoint, { concurrency: 4, handler: () => "done" })
    await next.wait({ batch: "b" })
    const results = await all(next.results({ batch: "b" }))
    expect(results.map(({ input, result }) => [input, result])).toEqual(inputs(50).map(({ input }) => [input, "done"]))
  })

  it("starts tasks of a higher priority first, and does not let others starve", async () => {
    const { client, connect } = await queued()
    await client.pause("default")
    // One minute for each step of priority.
    const old = Date.now() - 90_000
    await client.submit([{ id: "low", priority: 0 }])
    await client.submit([{ id: "high", priority: 5 }])
    await client.submit([{ id: "aged", priority: 5, runAt: old }])
    await client.submit([{ id: "higher", priority: 6 }])
    const order: string[] = []
    workerOf(connect, { handler: ({ id }) => order.push(id) })
    await client.resume("default")
    await client.wait()
    expect(order).toEqual(["higher", "high", "aged", "low"])
  })

  it("keeps the order of a key, also when an attempt fails", async () => {
    const { client, connect } = await queued()
    const order: string[] = []
    let running = 0
    workerOf(connect, {
      concurrency: 10,
      handler: async ({ id, attempt }) => {
        order.push(`${id}.${attempt}`)
        running++
        expect(running).toBe(1)
        await new Promise(setImmediate)
        running--
        if (id === "k2" && attempt < 3) throw new Error("again")
      },
    })
    const ids = ["k1", "k2", "k3", "k4"]
    await client.submit(
      ids.map((id) => ({ id })),
      { key: "one", backoff: 20 },
    )
    await client.wait()
    expect(order).toEqual(["k1.1", "k2.1", "k2.2", "k2.3", "k3.1", "k4.1"])
  })

  it("bounds the tasks of a key, of the queue, and the starts in a time", async () => {
    const { client, connect } = await queued()
    const most = { key: 0, all: 0 }
    const running: (string | undefined)[] = []
    const starts: number[] = []
    workerOf(connect, {
      concurrency: 50,
      handler: async ({ key }) => {
        starts.push(performance.now())
        running.push(key)
        most.all = Math.max(most.all, running.length)
        most.key = Math.max(most.key, running.filter((one) => one === key).length)
        await new Promise((resolve) => setTimeout(resolve, 5))
        running.splice(running.indexOf(key), 1)
      },
    })
    await client.configure("default", { perKey: 2, concurrency: 5, rate: { count: 10, per: 200 } })
    await client.submit(Array.from({ length: 30 }, (_, i) => ({ key: `k${i % 10}` })))
    await client.wait()
    expect(most.key).toBeLessThanOrEqual(2)
    expect(most.all).toBeLessThanOrEqual(5)
    // 30 starts of at most 10 in 200 ms take 400 ms. The worker's clock is another one.
    expect((starts.at(-1) ?? 0) - (starts[0] ?? 0)).toBeGreaterThan(380)
  })

  it("waits for other tasks, and cancels what waits for one that does not finish", async () => {
    const { client, connect } = await queued()
    await client.pause("default")
    await client.submit([
      { id: "good" },
      { id: "bad", attempts: 1 },
      { id: "second", after: ["good"] },
      { id: "never", after: ["good", "bad"] },
      { id: "neither", after: ["never"] },
    ])
    expect(await failure(client.submit([{ id: "x", after: ["nobody"] }]))).toMatchObject({
      code: "UNKNOWN",
      message: 'A task was refused, x: after names "nobody", which is not a task. Submit it first',
    })
    const order: string[] = []
    workerOf(connect, {
      concurrency: 5,
      handler: ({ id }) => {
        order.push(id)
        if (id === "bad") throw new Error("no")
      },
    })
    await client.resume("default")
    expect((await client.wait({ ids: ["good", "bad", "second", "never", "neither"] })).states).toEqual([
      "finished",
      "failed",
      "finished",
      "cancelled",
      "cancelled",
    ])
    expect(order.toSorted()).toEqual(["bad", "good", "second"])
    expect(order.indexOf("second")).toBeGreaterThan(order.indexOf("good"))
    expect((await client.show("never")).reason).toBe("It was to follow bad, which has not finished: failed")
  })

  it("starts a task not before its time, and not after it expires", async () => {
    const { client, connect } = await queued()
    const now = Date.now()
    await client.submit([
      { id: "later", runAt: now + 300 },
      { id: "late", expires: now + 50 },
    ])
    await client.wait({ ids: ["late"] })
    expect((await client.show("late")).state).toBe("expired")
    const starts: number[] = []
    workerOf(connect, { handler: () => starts.push(Date.now()) })
    await client.wait()
    expect(starts.length).toBe(1)
    expect(starts[0]).toBeGreaterThanOrEqual(now + 300)
  })

  it("submits the task of a schedule once for the times that were missed, and not while the last one is not done", async () => {
    const { client } = await queued()
    const hour = 3_600_000
    const first = Date.now() - 10.5 * hour
    await client.schedule({ id: "hourly", every: hour, first, task: { input: "go", queue: "q" } })
    await until(async () => (await client.snapshot()).counts.ready === 1)
    const [task] = await all(client.results())
    expect(task).toMatchObject({ id: `hourly@${new Date(first + 10 * hour).toISOString()}`, input: "go", queue: "q" })
    const [{ next } = { next: 0 }] = (await client.snapshot()).schedules
    expect(next).toBe(first + 11 * hour)
    // Due again, but the last one waits.
    await client.schedule({ id: "hourly", every: 1000, first: Date.now(), task: { queue: "q" } })
    await until(async () => ((await client.snapshot()).schedules[0]?.next ?? 0) > Date.now())
    expect((await client.snapshot()).counts.ready).toBe(2)
    await client.unschedule("hourly")
    expect((await client.snapshot()).schedules).toEqual([])
    expect(await failure(client.unschedule("hourly"))).toMatchObject({ code: "UNKNOWN" })
  })

  it("keeps what has failed until it is tried again or discarded", async () => {
    const { client, connect } = await queued({ keepCount: 0 })
    let isBroken = true
    workerOf(connect, {
      handler: () => {
        if (isBroken) throw new Error("broken")
        return "mended"
      },
    })
    await client.submit([
      { id: "a", attempts: 2, backoff: 1 },
      { id: "b", attempts: 1 },
    ])
    expect((await client.wait()).counts).toMatchObject({ failed: 2 })
    expect(await client.show("a")).toMatchObject({ state: "failed", attempt: 2, reason: "broken", input: null })
    expect(await client.discard({ ids: ["b"] })).toBe(1)
    isBroken = false
    expect(await client.retry()).toBe(1)
    await client.wait()
    // Nothing else is kept here.
    await until(async () => (await client.snapshot()).counts.finished === 0)
    expect(await failure(client.show("a"))).toEqual({ code: "UNKNOWN", message: 'There is no task "a"' })
  })

  it("pauses, and drains", async () => {
    const { client, connect } = await queued()
    await client.pause("default")
    await client.submit([{ id: "a" }])
    const started = deferred()
    workerOf(connect, { handler: () => started.resolve() })
    await client.drain("default")
    expect(await failure(client.submit([{ id: "b" }]))).toMatchObject({ code: "DRAINING" })
    expect((await client.counts()).ready).toBe(1)
    await client.configure("default", { paused: false })
    await started.promise
    await client.wait()
    await client.resume("default")
    await client.submit([{ id: "b" }])
    expect((await client.wait({ ids: ["b"] })).states).toEqual(["finished"])
  })

  it("refuses what is over its bounds, and takes the rest", async () => {
    const { client } = await queued({ maxTasks: 2, maxValue: 100 })
    expect(await failure(client.submit([{ id: "long", input: "x".repeat(200) }]))).toEqual({
      code: "INVALID",
      message:
        "A task was refused, long: The input has 202 characters of JSON; the limit is 100. Pass a reference to it instead",
    })
    expect(await failure(client.submit([{ id: "a" }, { id: "b" }, { id: "c" }]))).toEqual({
      code: "FULL",
      message: "A task was refused, c: There are 2 tasks that are not done with; the limit is 2",
    })
    expect((await client.counts()).ready).toBe(2)
  })

  it.each([
    [{ id: "a b" }, 'Expected id to be 1 to 200 printable characters without spaces but received "a b"'],
    [{ priority: 11 }, "Expected priority to be an integer from -10 to 10 but received 11"],
    [{ queue: "/" }, 'Expected queue to be 1 to 64 of the characters A-Z a-z 0-9 . _ - (not first) but received "/"'],
    [{ prioritty: 1 }, 'Unknown option "prioritty" of a task. Did you mean "priority"?'],
    [{ after: "a" }, 'Expected after to be an array of at most 1000 ids but received "a"'],
  ])("refuses the task %j", async (task, message) => {
    const { client } = await queued()
    expect((await failure(client.submit([task as object]))).message).toContain(message)
    expect((await client.counts()).ready).toBe(0)
  })

  it("frees the space of tasks that are done, and keeps those that are not", async () => {
    const store = await opened(undefined, { segmentBytes: 1 << 20 })
    const server = await serving(store, { keepCount: 100 })
    const client = clientOf(server.endpoint)
    await client.submit([{ id: "first", queue: "other", input: "kept" }])
    workerOf(server.endpoint, { concurrency: 500, handler: () => 1 })
    for (let round = 0; round < 6; round++) {
      await client.submit(inputs(2500))
      await client.wait({ queue: "default" })
    }
    const kept = () => store.stats().last - (store.stats().cursors.tasks?.position ?? 0)
    await until(() => store.stats().first > 1 && kept() < 20_000)
    expect(await client.show("first")).toMatchObject({ state: "ready", input: "kept" })
    const [last] = (await client.page({ queue: "default" })).tasks
    expect((await client.show(last?.id ?? "")).result).toBe(1)
    await server.close()
    const again = await serving(store)
    expect(again.counts).toMatchObject({ ready: 1, finished: 100 })
  })

  it("writes valid events, with those of findings among them", async () => {
    const { store, client, connect } = await queued()
    const sarif = {
      version: "2.1.0",
      runs: [{ tool: { driver: { name: "t" } }, results: [{ ruleId: "r", message: { text: "found" } }] }],
    }
    workerOf(connect, { handler: ({ input }) => (input === "scan" ? { sarif } : { sarif: "nonsense" }) })
    await client.submit([
      { id: "a", input: "scan" },
      { id: "b", input: "x" },
    ])
    await client.wait()
    expect((await client.show("b")).reason).toContain("The sarif of the result is not a SARIF log")
    await store.addCursor("reader")
    const types: string[] = []
    for await (const entries of store.read("reader", { from: 1, follow: false }))
      for (const { frames } of entries) types.push(decode(frames).type)
    expect(new Set(types)).toEqual(
      new Set(["task.opened", "task.submitted", "task.leased", "task.finished", "task.failed", "finding.reported"]),
    )
    expect(types.filter((type) => type === "finding.reported").length).toBe(1)
  })

  it("shows pages of tasks", async () => {
    const { client } = await queued()
    await client.submit(inputs(25))
    const first = await client.page({ max: 10 })
    const second = await client.page({ max: 10, after: first.next })
    const third = await client.page({ max: 10, after: second.next })
    expect([...first.tasks, ...second.tasks, ...third.tasks].map(({ seq }) => seq)).toEqual(
      Array.from({ length: 25 }, (_, i) => i + 1),
    )
    expect((await all(client.list({ states: ["ready"] }))).length).toBe(25)
    expect(await failure(client.page({ batch: "none" }))).toEqual({
      code: "UNKNOWN",
      message: 'There is no batch "none"',
    })
  })
})
