// Stores on JetStream: several copies over one stream, on real servers.

import { setTimeout as wait } from "node:timers/promises"
import { jetstream } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import type { Entry, Store } from "ohmq-toolkit/store"
import { openReplicatedStore, type ReplicatedOptions, type ReplicatedStore } from "ohmq-toolkit/store/jetstream"
import { describe, expect, it, onTestFinished } from "vitest"
import { random } from "../link/ends.js"
import { temporaryFolder, until } from "../relay/support.js"
import { type NatsServer, natsClient, startCluster, startServer } from "./nats.js"

const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)

/** Connects to one server after the other. */
function connector(urls: readonly string[]): ReplicatedOptions["connect"] {
  let next = 0
  return async () => {
    let problem: unknown
    for (const _ of urls) {
      try {
        const servers = urls[next++ % urls.length] as string
        return await connect({ servers, reconnect: false, timeout: 1000, ignoreClusterUpdates: true })
      } catch (error) {
        problem = error
      }
    }
    throw problem
  }
}

async function open(urls: readonly string[], options: Partial<ReplicatedOptions> = {}, folder = temporaryFolder()) {
  const store = await openReplicatedStore(folder, {
    connect: connector(urls),
    stream: "events",
    replicas: urls.length === 1 ? 1 : 3,
    timeout: 2000,
    ...options,
  })
  onTestFinished(() => store.close())
  return store
}

const text = (value: string | number) => ({ frames: [Buffer.from(String(value))] })

/** What a cursor that began at the start can read. */
async function textsOf(store: Store, cursor: string, from = 1): Promise<string[]> {
  const texts: string[] = []
  for await (const entries of store.read(cursor, { from, follow: false }))
    for (const { frames, gap } of entries) texts.push(gap ? JSON.stringify(gap) : String(frames[0]))
  return texts
}

/** Waits until copies have the same last position. */
const equal = (...stores: Store[]) => until(() => new Set(stores.map((store) => store.stats().last)).size === 1)

describe("A store on JetStream", () => {
  it("is the same in all copies: events, cursors, notes, streams and dead letters", async () => {
    const { url } = await startServer()
    const [one, two] = [await open([url]), await open([url])]
    await one.addCursor("out")
    const positions = await Promise.all([one, two].flatMap((store) => [store.append([text("a"), text("b")])]))
    expect(positions.toSorted()).toEqual([2, 4])
    await two.commit("out", 2, "two are done")
    await equal(one, two)
    await until(() => one.stats().cursors.out?.position === 2)
    expect(one.stats().cursors.out).toMatchObject({ waiting: 2, note: "two are done" })
    expect(await textsOf(one, "out")).toEqual(await textsOf(two, "out"))

    expect(await one.append([text("s1"), text("s2")], { stream: "edge", sequence: 1, mark: "m" })).toBe(6)
    // The other one may have been told by the same sender: what was stored is not stored again.
    expect(await two.append([text("s2"), text("s3")], { stream: "edge", sequence: 2 })).toBe(7)
    await expect(two.append([text("s9")], { stream: "edge", sequence: 9 })).rejects.toMatchObject({
      code: "SEQUENCE_GAP",
    })
    await until(() => one.sequenceOf("edge") === 3)
    expect((await textsOf(one, "out")).slice(4)).toEqual(["s1", "s2", "s3"])

    const entry: Entry = { position: 3, time: 5, sender: "me", frames: [Buffer.from("bad")] }
    await one.deadLetter("out", entry, "it was refused")
    await until(() => two.stats().cursors.out?.dead === 1)
    for await (const letter of two.deadLetters("out"))
      expect(letter).toMatchObject({ id: 1, reason: "it was refused", position: 3, time: 5, sender: "me" })
    expect(await two.replay("out")).toBe(1)
    await equal(one, two)
    expect(one.stats().cursors.out).toMatchObject({ dead: 0 })
    expect((await textsOf(one, "out")).at(-1)).toBe("bad")
    await expect(one.commit("nobody", 1)).rejects.toMatchObject({ code: "UNKNOWN_CURSOR" })
    await expect(one.commit("out", 99)).rejects.toThrow("the last position is 8")
    await two.rewind("out", 1)
    await until(() => one.stats().cursors.out?.position === 1)
    await one.removeCursor("out")
    await until(() => !Object.hasOwn(two.stats().cursors, "out"))
  })

  it("goes on where it was after it was closed, and catches up with what it missed", async () => {
    const { url } = await startServer()
    const folder = temporaryFolder()
    const one = await open([url])
    let two = await open([url], {}, folder)
    await one.addCursor("out")
    await two.append([text("before")])
    await two.close()
    for (let i = 0; i < 20; i++) await one.append([text(i)])
    await one.commit("out", 7)
    two = await open([url], {}, folder)
    expect(two.stats()).toMatchObject({ last: 21, cursors: { out: { position: 7 } } })
    expect(await textsOf(two, "out")).toEqual(await textsOf(one, "out"))
  })

  it("keeps its bounds: refuses, waits, or drops the oldest, with a gap record that all have", async () => {
    const { url } = await startServer()
    const options = { maxBytes: 40_000, segmentBytes: 4096 }
    const [one, two] = [await open([url], options), await open([url], options)]
    await one.addCursor("out")
    const large = () => ({ frames: [Buffer.alloc(5000)] })
    const fill = async () => {
      for (;;) await one.append([large()])
    }
    await expect(fill()).rejects.toMatchObject({ code: "FULL", message: expect.stringContaining('Cursor "out"') })
    const waiting = two.append([large()], { whenFull: "wait" })
    await until(() => two.stats().waitingForRoom === 1)
    await one.commit("out", 3)
    await waiting
    await expect(fill()).rejects.toMatchObject({ code: "FULL" })
    await one.append([large()], { whenFull: "drop-oldest" })
    await equal(one, two)
    const gaps = async (store: Store) =>
      (await textsOf(store, "out", store.stats().first)).filter((one) => one.includes("dropped"))
    expect(await gaps(one)).toHaveLength(1)
    expect(await gaps(two)).toEqual(await gaps(one))
    expect(two.stats().cursors.out?.dropped).toBe(one.stats().cursors.out?.dropped)
    await expect(one.append([{ frames: [Buffer.alloc(50_000)] }])).rejects.toMatchObject({ code: "FULL" })
  })

  it("takes an event that is larger than a message of the server", async () => {
    const { url } = await startServer("max_payload: 65536")
    const [one, two] = [await open([url]), await open([url])]
    await one.addCursor("out")
    const bytes = Buffer.alloc(300_000, "x")
    const [, position] = await Promise.all([two.append([text("small")]), one.append([{ frames: [bytes] }])])
    expect(position).toBeGreaterThan(0)
    await equal(one, two)
    expect((await textsOf(two, "out")).toSorted()).toEqual(["small", String(bytes)])
  })

  it("opens although a writer has ended within a batch", async () => {
    const server = await startServer()
    const one = await open([server.url])
    await one.addCursor("out")
    await one.append([text("before")])
    // The first of two parts: version, part, parts, the writer, and whatever.
    const part = Buffer.alloc(60)
    part[0] = 1
    part.writeUInt32LE(2, 5)
    part.write("00000000-0000-4000-8000-000000000000", 9, "latin1")
    const { connection } = await natsClient(server.url)
    await jetstream(connection).publish("ohmq.store.events", part)
    const two = await open([server.url])
    await two.append([text("after")])
    await equal(one, two)
    expect(await textsOf(one, "out")).toEqual(["before", "after"])
  })

  it("says what is wrong with a stream, and does not touch it", async () => {
    const { url } = await startServer()
    await open([url])
    await expect(open([url], { replicas: 3 })).rejects.toMatchObject({
      code: "UNKNOWN_FORMAT",
      message:
        "The stream events is not as this store needs it: num_replicas is 1 instead of 3. Change the stream, or the option replicas",
    })
    await expect(open([url], { stream: "a b" })).rejects.toThrow("without blanks")
    await expect(open(["nats://127.0.0.1:9"])).rejects.toMatchObject({ code: "UNREACHABLE" })
  })

  it("rejects appends while no server answers, and takes them again after that", async () => {
    const server = await startServer()
    const store = await open([server.url], { timeout: 500 })
    await store.addCursor("out")
    await store.append([text("before")])
    await server.kill()
    await expect(store.append([text("lost?")])).rejects.toMatchObject({ code: "UNREACHABLE" })
    expect(store.stats().problem).toMatch(/JetStream does not/)
    await expect(store.append([text("never")])).rejects.toMatchObject({ code: "UNREACHABLE" })
    await server.start()
    await until(() =>
      store.append([text("after")]).then(
        () => true,
        () => false,
      ),
    )
    await until(() => store.stats().problem === undefined)
    // What was under way when the server ended may be there. What was refused at once is not.
    const texts = await textsOf(store, "out")
    expect(texts.filter((one) => one !== "lost?")).toEqual(["before", "after"])
  })

  it("lets one process serve a cursor at a time, and another one when that has left or is gone", {
    timeout: 90_000,
  }, async () => {
    const { url } = await startServer()
    const [one, two] = [await open([url], { name: "one" }), await open([url], { name: "two" })]
    await one.addCursor("out")
    await one.append([text(1), text(2), text(3)])
    await equal(one, two)
    const serving = new Set<string>()
    const want = (store: ReplicatedStore, name: string) =>
      store.leases.want("out", { granted: () => void serving.add(name), lost: () => void serving.delete(name) })
    want(one, "one")
    await until(() => serving.has("one"))
    want(two, "two")
    await wait(1500)
    expect([...serving]).toEqual(["one"])
    await one.commit("out", 1)
    serving.delete("one")
    await one.leases.leave("out")
    await until(() => serving.has("two"))
    await until(() => two.leases.isHeld("out"))
    await two.commit("out", 2)
    // A commit of who served it before comes too late: it still has the epoch of then.
    await until(() => one.stats().cursors.out?.position === 2)
    await two.close()
    want(one, "one")
    await until(() => serving.has("one"))
  })

  it("stores nothing for a cursor that the process does not serve any more", async () => {
    const { url } = await startServer()
    const [one, two] = [await open([url], { name: "one" }), await open([url], { name: "two" })]
    await one.addCursor("out")
    const serving = { serving: "out" }
    // As long as nobody has claimed it, everybody may write.
    expect(await two.append([text("before")], serving)).toBe(1)
    one.leases.want("out", { granted: () => {}, lost: () => {} })
    await until(() => one.leases.isHeld("out"))
    expect(await one.append([text("mine")], serving)).toBe(2)
    await until(() => two.leases.ownerOf("out") === "one")
    await expect(two.append([text("theirs")], serving)).rejects.toMatchObject({ code: "NOT_OWNER" })
    // One that is on its way when somebody else may begin already: this process does not know of it yet.
    const left = one.leases.leave("out")
    await expect(one.append([text("late")], serving)).rejects.toMatchObject({ code: "NOT_OWNER" })
    await left
    expect(await two.append([text("free")])).toBe(3)
    await equal(one, two)
    expect(await textsOf(one, "out")).toEqual(["before", "mine", "free"])
    expect(await textsOf(two, "out")).toEqual(["before", "mine", "free"])
  })
})

describe("Several copies over a cluster", () => {
  it(`lose nothing that was acknowledged when servers are killed (seed ${seed})`, { timeout: 150_000 }, async () => {
    console.log(`OHMQ_SEED=${seed}`)
    const next = random(seed)
    const cluster = await startCluster()
    await until(() =>
      open(cluster.urls).then(
        () => true,
        () => false,
      ),
    )
    const stores = await Promise.all([0, 1, 2].map(() => open(cluster.urls)))
    await (stores[0] as Store).addCursor("out")
    const acknowledged = new Set<string>()
    const tried = new Set<string>()
    let isDone = false
    const writers = stores.flatMap((store, number) =>
      [0, 1, 2, 3].map(async (writer) => {
        for (let i = 0; !isDone; i++) {
          const name = `${number}-${writer}-${i}`
          tried.add(name)
          await store.append([text(name)]).then(
            () => acknowledged.add(name),
            () => {},
          )
        }
      }),
    )
    for (let round = 0; round < Number(process.env.OHMQ_CRASH_ROUNDS ?? 3); round++) {
      await wait(500 + next() * 1000)
      const server = cluster.servers[Math.floor(next() * 3)] as NatsServer
      await server.kill()
      const before = acknowledged.size
      await until(() => acknowledged.size > before + 10)
      await server.start()
      await wait(1000)
    }
    isDone = true
    await Promise.all(writers)
    await equal(...stores)
    const [first = [], ...others] = await Promise.all(stores.map((store) => textsOf(store, "out")))
    for (const other of others) expect(other).toEqual(first)
    expect(new Set(first).size).toBe(first.length)
    const stored = new Set(first)
    expect([...acknowledged].filter((one) => !stored.has(one))).toEqual([])
    expect(first.filter((one) => !tried.has(one))).toEqual([])
    console.log(`${acknowledged.size} acknowledged, ${first.length} stored`)
  })
})
