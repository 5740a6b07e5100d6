import { describe, expect, it } from "vitest"
import { entries, event, failure, numbered, opened, temporaryFolder, texts } from "./support.js"

describe("a full store", () => {
  it("refuses by default, and says who holds it up", async () => {
    const store = await opened(undefined, { maxCount: 8 })
    await store.addCursor("slow")
    for (let i = 1; i <= 8; i++) await store.append([numbered(i)])
    expect(await failure(store.append([event("9")]))).toEqual({
      code: "FULL",
      message: 'The store is full: it has 8 of 8 entries. Cursor "slow" has not passed 8 of them',
    })
    expect(store.stats().refused).toBe(1)
    await store.commit("slow", 1)
    expect(await store.append([event("9")])).toBe(9)
  })

  it("is bounded by bytes, on disk", async () => {
    const store = await opened(undefined, { maxBytes: 100_000 })
    await store.addCursor("c")
    let count = 0
    const error = await failure(
      (async () => {
        for (;;) {
          await store.append([numbered(count, 1000)])
          count++
        }
      })(),
    )
    expect(error.code).toBe("FULL")
    expect(count).toBeGreaterThan(80)
    expect(store.stats().bytes).toBeLessThanOrEqual(100_000)
    await store.commit("c", count)
    await store.append([numbered(count, 1000)])
    expect(store.stats().bytes).toBeLessThan(20_000)
  })

  it("says which bytes cannot be freed, although all are kept", async () => {
    const store = await opened(undefined, { maxBytes: 100_000, retention: 3_600_000 })
    await store.addCursor("c")
    for (let i = 1; i <= 60; i++) await store.append([numbered(i, 1000)])
    const { bytes } = store.stats()
    expect(store.stats().neededBytes).toBe(bytes)
    await store.commit("c", 30)
    expect(store.stats().neededBytes).toBeGreaterThan(bytes / 4)
    expect(store.stats().neededBytes).toBeLessThan(bytes * 0.75)
    await store.commit("c", 60)
    expect(store.stats()).toMatchObject({ bytes, neededBytes: 0 })
  })

  it("makes appends wait that want to, in their order", async () => {
    const store = await opened(undefined, { maxCount: 4, segmentEntries: 1 })
    await store.addCursor("c")
    for (let i = 1; i <= 4; i++) await store.append([numbered(i)])
    const order: number[] = []
    const waiting = [5, 6, 7].map((i) => store.append([numbered(i)], { whenFull: "wait" }).then((at) => order.push(at)))
    await expect.poll(() => store.stats().waitingForRoom).toBe(3)
    for (let i = 1; i <= 3; i++) {
      await store.commit("c", i)
      await waiting[i - 1]
      expect(order).toHaveLength(i)
    }
    expect(order).toEqual([5, 6, 7])
    expect(await texts(store, "c")).toEqual(["4", "5", "6", "7"])
  })

  it("lets no append overtake one of the same stream that waits", async () => {
    const store = await opened(undefined, { maxCount: 4, segmentEntries: 1 })
    await store.addCursor("c")
    for (let i = 1; i <= 3; i++) await store.append([numbered(i)])
    const stream = { stream: "s", skip: true }
    const first = store.append([event("a"), event("b")], { ...stream, sequence: 1, whenFull: "wait" })
    const second = store.append([event("c")], { ...stream, sequence: 3, whenFull: "drop-oldest" })
    const last = store.append([], { ...stream, sequence: 5, whenFull: "wait" })
    await expect.poll(() => store.stats().waitingForRoom).toBe(1)
    await store.commit("c", 3)
    await Promise.all([first, second, last])
    expect(await texts(store, "c")).toEqual(["a", "b", "c"])
    expect(store.sequenceOf("s")).toBe(4)
  })

  it("takes nothing of a stream behind an append that failed", async () => {
    const store = await opened(undefined, { maxCount: 3 })
    await store.addCursor("c")
    await store.append([event("1"), event("2")])
    const stream = { stream: "s", skip: true }
    const first = failure(store.append([event("a"), event("b")], { ...stream, sequence: 1 }))
    const second = failure(store.append([event("c")], { ...stream, sequence: 3, after: 2 }))
    expect(await first).toMatchObject({ code: "FULL" })
    expect(await second).toEqual({
      code: "SEQUENCE_GAP",
      message: 'Sequence 3 of stream "s" must follow 2, but the last one is 0: an append before it has failed',
    })
    expect(store.sequenceOf("s")).toBe(0)
  })

  it("ends the wait by a signal and by close", async () => {
    const store = await opened(undefined, { maxCount: 1 })
    await store.addCursor("c")
    await store.append([event("1")])
    const abort = new AbortController()
    const aborted = store.append([event("2")], { whenFull: "wait", signal: abort.signal })
    const closed = store.append([event("3")], { whenFull: "wait" })
    await expect.poll(() => store.stats().waitingForRoom).toBe(2)
    abort.abort(new Error("enough"))
    await expect(aborted).rejects.toThrow("enough")
    const failed = failure(closed)
    await store.close()
    expect(await failed).toMatchObject({ code: "CLOSED" })
  })

  it("drops the oldest if asked to, and records how many of which cursors", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { maxCount: 10, segmentEntries: 5 })
    await store.addCursor("slow")
    await store.addCursor("fast")
    for (let i = 1; i <= 10; i++) await store.append([numbered(i)])
    await store.commit("fast", 3)
    await store.append([event("new")], { whenFull: "drop-oldest" })
    const read = await entries(store, "slow")
    expect(read.map(({ position }) => position)).toEqual([6, 7, 8, 9, 10, 11, 12])
    expect(read[5]?.gap).toEqual({ reason: "dropped", from: 1, to: 5, cursors: { slow: 5, fast: 2 } })
    expect(String(read[6]?.frames[0])).toBe("new")
    expect(store.stats().cursors).toMatchObject({ slow: { dropped: 5, waiting: 7 }, fast: { dropped: 2, waiting: 7 } })
    await store.close()
    const again = await opened(folder)
    expect((await entries(again, "slow")).length).toBe(7)
  })

  it("counts every event as stored, passed or dropped", async () => {
    const store = await opened(undefined, { maxBytes: 60_000 })
    await store.addCursor("c")
    const total = 500
    await Promise.all(
      Array.from({ length: total }, (_, i) => store.append([numbered(i, 500)], { whenFull: "drop-oldest" })),
    )
    const read = await entries(store, "c")
    const events = read.filter(({ gap }) => gap === undefined).length
    const gaps = read.length - events
    const { first, last, cursors, bytes } = store.stats()
    // Gap records take positions, and may be dropped themselves.
    expect(read.length).toBe(last - first + 1)
    expect(cursors.c?.dropped).toBe(first - 1)
    expect(gaps).toBeGreaterThan(0)
    expect(bytes).toBeLessThan(70_000)
    expect(textsOf(read)).toBe(String(total - 1))
  })

  it("counts what a dropped record had counted", async () => {
    const store = await opened(undefined, { maxCount: 20, segmentEntries: 5 })
    await store.addCursor("away")
    for (let i = 0; i < 200; i++) await store.append([numbered(i)], { whenFull: "drop-oldest" })
    const all = await entries(store, "away")
    const lost = all.reduce((sum, { gap }) => sum + (gap?.cursors?.away ?? 0), 0)
    expect(all.filter(({ gap }) => gap === undefined).length + lost).toBe(200)
  })

  it("drops what is older than maxAge, and records it", async () => {
    const store = await opened(undefined, { segmentEntries: 1, maxAge: 400 })
    await store.addCursor("c")
    for (let i = 1; i <= 3; i++) await store.append([numbered(i)])
    await expect
      .poll(async () => (await texts(store, "c")).some((text) => text.startsWith("expired 1-")), { timeout: 10_000 })
      .toBe(true)
  })

  it("refuses an append that could never fit", async () => {
    const store = await opened(undefined, { maxBytes: 50_000 })
    for (const whenFull of ["refuse", "wait", "drop-oldest"] as const) {
      const error = await failure(store.append([numbered(1, 60_000)], { whenFull }))
      expect(error).toMatchObject({
        code: "FULL",
        message: expect.stringContaining("more than the store may ever hold"),
      })
    }
  })

  it("answers for events that it has already", async () => {
    const store = await opened(undefined, { maxCount: 1 })
    await store.append([event("1")], { stream: "s", sequence: 1 })
    expect(await store.append([event("1")], { stream: "s", sequence: 1 })).toBe(1)
  })
})

const textsOf = (read: Awaited<ReturnType<typeof entries>>) => String(read.at(-1)?.frames[0])
