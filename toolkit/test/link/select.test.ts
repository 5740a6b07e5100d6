// A sender that sends some of its store only, and a receiver that keeps some of what comes.

import { once } from "node:events"
import type { Admission } from "ohmq-toolkit/link"
import type { Entry, Store } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { entries, event, idOf, ids, opened, receiving, sending, temporaryFolder } from "./support.js"

const range = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => event(`${prefix}${i}`))
const isWanted = (entry: Entry) => idOf(entry).startsWith("a")
const select = (entry: Entry) => (isWanted(entry) ? entry.frames : undefined)
const position = (store: Store) => store.stats().cursors["link s"]?.position

describe("a sender with select", () => {
  it("sends what is selected, and passes the rest", async () => {
    const [source, target] = [await opened(), await opened()]
    for (let i = 0; i < 20; i++) await source.append([event(`a${i}`), ...range(`b${i}-`, 3)])
    const receiver = await receiving(target)
    const sender = await sending(source, receiver.endpoint, { select })
    await sender.drained()
    expect(await ids(target)).toEqual(Array.from({ length: 20 }, (_, i) => `a${i}`))
    expect(sender.stats()).toMatchObject({ delivered: 20, sent: 20, lag: 0, underWay: 0, underWayBytes: 0 })
  })

  it("does not take for lost what it never sent, also after that is gone", async () => {
    const [source, target] = [await opened(undefined, { segmentEntries: 10 }), await opened()]
    await source.addCursor("link s")
    const receiver = await receiving(target)
    await source.append([event("a1")])
    const first = await sending(source, receiver.endpoint, { select })
    await first.drained()
    for (let i = 0; i < 5; i++) await source.append(range(`b${i}-`, 10))
    await first.drained()
    await first.close()
    expect(source.stats().first).toBeGreaterThan(40)

    const reports: unknown[] = []
    const second = await sending(source, receiver.endpoint, { select })
    second.on("behind", (report) => reports.push(report))
    await source.append([event("a2")])
    await second.drained()
    expect(reports).toEqual([])
    expect(await ids(target)).toEqual(["a1", "a2"])
  })

  it("still notices a receiver that has lost its disk", async () => {
    const [source, target, empty] = [await opened(), await opened(), await opened()]
    const receiver = await receiving(target)
    await source.append([event("a1"), event("b1"), event("a2"), ...range("b", 5)])
    const first = await sending(source, receiver.endpoint, { select })
    await first.drained()
    await first.close()
    const second = await sending(source, (await receiving(empty)).endpoint, { select })
    const [report] = await once(second, "behind")
    expect(report).toEqual({ last: 0, acknowledged: 3, resentFrom: 1 })
    await second.drained()
    expect(await ids(empty)).toEqual(["a1", "a2"])
  })

  it("holds nothing in the store that is not for a receiver which is away", async () => {
    const source = await opened()
    const sender = await sending(source, "tcp://127.0.0.1:1", { select })
    await once(sender, "unreachable")
    await source.append([...range("b", 100), event("a1"), event("b")])
    await expect.poll(() => position(source)).toBe(100)
    expect(sender.stats()).toMatchObject({ state: "connecting", lag: 2 })
    expect(sender.stats().oldest).toBeGreaterThan(Date.now() - 60_000)
    expect(sender.stats().error?.message).toBe("tcp://127.0.0.1:1 cannot be reached")
  })

  it("keeps the name of its stream with the cursor, so that a restored store is found out", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    const named = { stream: undefined, cursor: "hub" }
    const sender = await sending(source, receiver.endpoint, named)
    await source.append([event("a1")])
    await sender.drained()
    const { stream } = sender.stats()
    expect(stream).toMatch(/^hub [0-9a-f]{16}$/)
    const backup = `${temporaryFolder()}/backup`
    await source.backup(backup)
    await source.append([event("a2")])
    await sender.drained()
    await sender.close()

    const other = await sending(await opened(), receiver.endpoint, named)
    await once(other, "connected")
    expect(other.stats().stream).not.toBe(stream)

    const restored = await opened(backup)
    await restored.append([event("a3")])
    const stopped = await sending(restored, receiver.endpoint, named)
    expect(stopped.stats().stream).toBe(stream)
    expect((await once(stopped, "stopped"))[0]).toMatchObject({ code: "RESTORED" })
    await stopped.close()

    await (await sending(restored, receiver.endpoint, { ...named, stream: "hub again" })).drained()
    expect(await ids(target)).toEqual(["a1", "a2", "a3"])
  })
})

describe("a receiver with admission", () => {
  it("keeps what is admitted, once, and forgets no sequence of the rest", async () => {
    const [source, target] = [await opened(), await opened()]
    const seen: string[] = []
    let appended = 0
    const admission: Admission = {
      admit({ frames, event: { id }, sender }) {
        seen.push(id)
        if (!id.startsWith("a")) return undefined
        return { event: { frames: [Buffer.from("tag"), ...frames], sender }, whenFull: "wait" }
      },
      appended(count) {
        appended += count
      },
    }
    const receiver = await receiving(target, { admission })
    await source.append([event("a1"), event("b1"), event("a2"), event("b2")])
    const first = await sending(source, receiver.endpoint)
    await first.drained()
    await first.close()
    const second = await sending(source, receiver.endpoint)
    const reports: unknown[] = []
    second.on("behind", (report) => reports.push(report))
    await once(second, "connected")
    await source.append([event("a3")])
    await second.drained()
    expect(reports).toEqual([])
    expect(seen).toEqual(["a1", "b1", "a2", "b2", "a3"])
    const found = await entries(target)
    expect(found.map(({ frames, sender }) => [String(frames[0]), JSON.parse(String(frames[2])).id, sender])).toEqual(
      ["a1", "a2", "a3"].map((id) => ["tag", id, "alice"]),
    )
    expect([appended, receiver.stats().stored]).toEqual([3, 3])
  })

  it("keeps the order of a stream whatever each event does in a full store", async () => {
    const [source, target] = [await opened(), await opened(undefined, { maxCount: 20, segmentEntries: 5 })]
    await target.addCursor("reader")
    let number = 0
    const admission: Admission = {
      admit: ({ frames }) => ({ event: { frames }, whenFull: number++ % 7 < 3 ? "wait" : "drop-oldest" }),
    }
    const receiver = await receiving(target, { admission, window: 3000 })
    const sender = await sending(source, receiver.endpoint)
    for (let i = 0; i < 40; i++) await source.append(range(`${i}-`, 5))
    const found: string[] = []
    let lost = 0
    for await (const batch of target.read("reader")) {
      for (const { gap, ...entry } of batch) {
        if (gap) lost += gap.cursors?.reader ?? 0
        else found.push(idOf(entry))
      }
      await target.commit("reader", batch.at(-1)?.position ?? 0)
      if (found.at(-1) === "39-4") break
    }
    await sender.drained()
    const all = Array.from({ length: 200 }, (_, i) => `${Math.floor(i / 5)}-${i % 5}`)
    expect(found).toEqual(all.filter((id) => found.includes(id)))
    expect(found.length + lost).toBeGreaterThanOrEqual(200)
    expect(receiver.stats()).toMatchObject({ stored: 200, refusedSessions: 0 })
  })

  it("stores in order, though some of it needs something else stored before", async () => {
    const [source, target] = [await opened(), await opened()]
    const waiting: (() => void)[] = []
    const seen: string[] = []
    const admission: Admission = {
      admit: ({ event: { id }, frames }) => {
        seen.push(id)
        const before = () => (id === "a" ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve())
        return { event: { frames }, whenFull: "wait", ...(id !== "b" && { before }) }
      },
    }
    const receiver = await receiving(target, { admission })
    const sender = await sending(source, receiver.endpoint)
    for (const id of ["a", "b", "c", "d"]) {
      await source.append([event(id)])
      while (!seen.includes(id)) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await ids(target)).toEqual([])
    expect(waiting).toHaveLength(1)
    waiting[0]?.()
    await sender.drained()
    expect(await ids(target)).toEqual(["a", "b", "c", "d"])
    expect(receiver.stats()).toMatchObject({ stored: 4, refusedSessions: 0 })
    expect(seen).toEqual(["a", "b", "c", "d"])
  })

  it("records losses for those that miss them", async () => {
    const [source, target] = [await opened(undefined, { maxCount: 20 }), await opened()]
    await target.addCursor("one")
    await target.addCursor("two")
    await source.addCursor("link s")
    for (let i = 0; i < 10; i++) await source.append(range(`${i}-`, 10), { whenFull: "drop-oldest" })
    const admission: Admission = {
      admit: ({ frames }) => ({ event: { frames }, whenFull: "wait" }),
      losers: ({ stream, sender }) => (stream === "s" && sender === "alice" ? ["one"] : []),
    }
    const receiver = await receiving(target, { admission })
    const sender = await sending(source, receiver.endpoint)
    await sender.drained()
    const [first] = await entries(target)
    const { from, to, cursors } = first?.gap ?? { from: 0, to: 0 }
    expect(first?.gap).toMatchObject({ reason: "stream", from: 1 })
    expect(cursors).toEqual({ one: to - from + 1 })

    // A relay that sends for another cursor does not announce them.
    const third = await opened()
    const hub = await receiving(third)
    const other = { stream: "t", cursor: "two" }
    await (await sending(target, hub.endpoint, other)).drained()
    expect((await entries(third)).some(({ gap }) => gap)).toBe(false)
    await (await sending(target, hub.endpoint, { stream: "u", cursor: "one" })).drained()
    expect((await entries(third)).find(({ gap }) => gap)?.gap).toMatchObject({ reason: "stream" })
  })
})
