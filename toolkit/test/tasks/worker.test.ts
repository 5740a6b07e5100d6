import { Authenticator, generateKeyPair } from "ohmq/security"
import { TaskFailure } from "ohmq-toolkit/tasks"
import { describe, expect, it } from "vitest"
import { portOf, proxied } from "../link/support.js"
import { clientOf, deferred, failure, opened, queued, serving, until, workerOf } from "./support.js"

/** Ends when the job is aborted. */
const untilAborted = ({ signal }: { signal: AbortSignal }) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

describe("a worker", () => {
  it("is stopped when its task is cancelled, before the cancel is acknowledged", async () => {
    const { client, connect } = await queued()
    const started = deferred()
    let isRunning = false
    workerOf(connect, {
      handler: async (job) => {
        isRunning = true
        started.resolve()
        await untilAborted(job).catch(() => {})
        await new Promise((resolve) => setTimeout(resolve, 50))
        isRunning = false
        throw job.signal.reason
      },
    })
    await client.submit([{ id: "a" }, { id: "b", queue: "other" }])
    await started.promise
    expect(await client.cancel({ ids: ["a", "b"] }, "not wanted")).toEqual({ cancelled: 2, finished: 0, failed: 0 })
    expect(isRunning).toBe(false)
    expect(await client.show("a")).toMatchObject({ state: "cancelled", reason: "not wanted" })
  })

  it("may have finished when a cancel comes", async () => {
    const { client, connect } = await queued()
    const started = deferred()
    workerOf(connect, {
      handler: async (job) => {
        started.resolve()
        await untilAborted(job).catch(() => {})
        return "done anyway"
      },
    })
    await client.submit([{ id: "a" }])
    await started.promise
    expect(await client.cancel({ ids: ["a"] })).toEqual({ cancelled: 0, finished: 1, failed: 0 })
    expect((await client.show("a")).result).toBe("done anyway")
  })

  it("has its task given to another one when it is silent, and cannot overwrite its result", async () => {
    const store = await opened()
    const server = await serving(store, { lease: 600 })
    const proxy = await proxied(() => portOf(server.endpoint))
    const client = clientOf(server.endpoint)
    const started = deferred()
    const [aborted, verdict] = [deferred<string>(), deferred<string>()]
    const slow = workerOf(proxy.endpoint, {
      name: "slow",
      handler: async ({ signal }) => {
        started.resolve()
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()))
        aborted.resolve(String(signal.reason))
        return "old"
      },
    })
    slow.on("failed", (_, error) => verdict.resolve((error as { code?: string }).code ?? ""))
    await client.submit([{ id: "a" }])
    await started.promise
    proxy.isDown = true
    workerOf(server.endpoint, { name: "quick", handler: () => "new" })
    await client.wait()
    expect(await aborted.promise).toContain("The queue did not answer for 500 ms")
    proxy.isDown = false
    expect(await verdict.promise).toBe("STALE")
    expect(await client.show("a")).toMatchObject({ worker: "quick", result: "new", attempt: 2 })
  })

  it("keeps its lease while the handler blocks the event loop", async () => {
    const { client, connect } = await queued({ lease: 300 })
    workerOf(connect, {
      handler: () => {
        const end = performance.now() + 1500
        while (performance.now() < end);
        return "computed"
      },
    })
    await client.submit([{ id: "a" }])
    await client.wait()
    expect(await client.show("a")).toMatchObject({ attempt: 1, result: "computed", state: "finished" })
  })

  it("keeps its lease when others of its process begin and are closed: their heartbeats share a connection", async () => {
    const { client, connect } = await queued({ lease: 600 })
    const [started, go] = [deferred(), deferred()]
    const first = workerOf(connect, { handler: () => "first" })
    await client.submit([{ id: "a" }])
    await client.wait()
    await client.submit([{ id: "b" }], { queue: "slow" })
    workerOf(connect, {
      queue: "slow",
      handler: async ({ signal }) => {
        started.resolve()
        await go.promise
        signal.throwIfAborted()
        return "kept"
      },
    })
    await started.promise
    await first.close()
    // Several times as long as a lease.
    await new Promise((resolve) => setTimeout(resolve, 2500))
    workerOf(connect, { handler: () => "third" })
    await client.submit([{ id: "c" }])
    await client.wait({ ids: ["c"] })
    go.resolve()
    await client.wait()
    expect(await client.show("b")).toMatchObject({ attempt: 1, result: "kept", state: "finished" })
  })

  it("keeps its tasks when the queue is closed and opened again", async () => {
    const store = await opened()
    const server = await serving(store)
    const [started, go] = [deferred(), deferred()]
    let starts = 0
    const worker = workerOf(server.endpoint, {
      handler: async () => {
        starts++
        started.resolve()
        await go.promise
        return "once"
      },
    })
    await clientOf(server.endpoint).submit([{ id: "a" }])
    await started.promise
    await server.close()
    const again = await serving(store, { bind: server.endpoint })
    await new Promise((resolve) => worker.once("connected", () => resolve(undefined)))
    go.resolve()
    const client = clientOf(again.endpoint)
    await client.wait()
    expect(starts).toBe(1)
    expect(await client.show("a")).toMatchObject({ result: "once", attempt: 1 })
  })

  it("says once for each connection that the queue gives it tasks", async () => {
    const store = await opened()
    const server = await serving(store)
    const said: string[] = []
    const worker = workerOf(server.endpoint, { handler: async ({ id }) => void said.push(id) })
    worker.on("connected", () => said.push("connected"))
    worker.on("disconnected", () => said.push("disconnected"))
    const client = clientOf(server.endpoint)
    await client.submit([{ id: "a" }])
    await client.wait()
    await server.close()
    await serving(store, { bind: server.endpoint })
    await client.submit([{ id: "b" }])
    await client.wait()
    expect(said).toEqual(["connected", "a", "disconnected", "connected", "b"])
  })

  it("says how far it is, and why it has failed", async () => {
    const { client, connect } = await queued()
    const go = deferred()
    workerOf(connect, {
      handler: async (job) => {
        job.progress(3, 10, "third")
        await go.promise
        throw new TaskFailure("no use", { retry: false, result: { code: 7 } })
      },
    })
    await client.submit([{ id: "a" }])
    await until(async () => (await client.show("a")).progress !== undefined)
    expect((await client.show("a")).progress).toEqual({ done: 3, total: 10, text: "third" })
    go.resolve()
    await client.wait()
    expect(await client.show("a")).toMatchObject({
      state: "failed",
      attempt: 1,
      attempts: 3,
      reason: "no use",
      result: { code: 7 },
    })
  })

  it("aborts what takes too long; if that does not help, the queue gives the task away", async () => {
    const { client, connect } = await queued({ lease: 1000 })
    const end = deferred()
    workerOf(connect, { concurrency: 2, handler: (job) => (job.id === "a" ? untilAborted(job) : end.promise) })
    await client.submit([{ id: "a" }, { id: "b" }], { timeout: 100, attempts: 1 })
    await client.wait()
    expect((await client.show("a")).reason).toBe("It took longer than 100 ms")
    expect((await client.show("b")).reason).toBe("It took longer than 100 ms, and its worker did not stop it")
    end.resolve()
  })

  it("gives back what it has not done when it must end, without counting an attempt", async () => {
    const { client, connect } = await queued()
    const started = deferred()
    const worker = workerOf(connect, {
      handler: (job) => {
        started.resolve()
        return untilAborted(job)
      },
    })
    await client.submit([{ id: "a" }])
    await started.promise
    await worker.close(10)
    expect(await client.show("a")).toMatchObject({ state: "ready", attempt: 0 })
  })

  it("finishes what it does when it is closed, and takes nothing more", async () => {
    const { client, connect } = await queued()
    const [started, go] = [deferred(), deferred()]
    const worker = workerOf(connect, {
      handler: async () => {
        started.resolve()
        await go.promise
      },
    })
    await client.submit([{ id: "a" }, { id: "b" }])
    await started.promise
    const closed = worker.close()
    go.resolve()
    await closed
    expect(await client.counts()).toMatchObject({ finished: 1, ready: 1 })
  })

  it("refuses a result that is not JSON, or too large", async () => {
    const { client, connect } = await queued({ maxValue: 100 })
    const circle: { self?: unknown } = {}
    circle.self = circle
    workerOf(connect, { concurrency: 2, handler: ({ id }) => (id === "a" ? circle : "x".repeat(200)) })
    await client.submit([{ id: "a" }, { id: "b" }])
    await client.wait()
    expect((await client.show("a")).reason).toContain("The result is not a JSON value")
    expect((await client.show("b")).reason).toContain("The result has 202 characters of JSON; the limit is 100")
  })
})

describe("over CURVE", () => {
  const server = generateKeyPair({ name: "hub" })
  const [alice, bob, eve] = ["alice", "bob", "eve"].map((name) => generateKeyPair({ name }))
  const authenticator = new Authenticator({ curve: [alice?.public ?? "", bob?.public ?? ""] })
  const securityOf = (client: typeof alice) => ({ client: client ?? server, serverKey: server.publicKey })

  it("knows who submits and who works, and keeps others out", async () => {
    const queue = await serving(await opened(), {
      security: { server, authenticator },
      allow: (user, action) => action !== "control" || user === "alice",
    })
    const client = clientOf(queue.endpoint, { security: securityOf(alice) })
    await client.submit([{ id: "a" }])
    workerOf(queue.endpoint, { name: "w", handler: () => 1, security: securityOf(bob) })
    await client.wait()
    expect(await client.show("a")).toMatchObject({ user: "alice", state: "finished" })
    expect(queue.snapshot().workers).toEqual([{ name: "w", user: "bob", queue: "default", credit: 1, running: 0 }])
    const other = clientOf(queue.endpoint, { security: securityOf(bob) })
    expect(await failure(other.pause("default"))).toEqual({ code: "DENIED", message: "bob may not control" })
    const stranger = clientOf(queue.endpoint, { security: securityOf(eve), timeout: 500 })
    expect(await failure(stranger.counts())).toMatchObject({ code: "DENIED" })
  })

  it("takes everybody who knows its key, without a name, if it is told so", async () => {
    const queue = await serving(await opened(), { security: { server, clients: "any" } })
    const client = clientOf(queue.endpoint, { security: securityOf(eve) })
    await client.submit([{ id: "a" }])
    workerOf(queue.endpoint, { handler: () => 1, security: securityOf(alice) })
    await client.wait()
    const task = await client.show("a")
    expect(task.state).toBe("finished")
    expect(task.user).toBeUndefined()
  })
})
