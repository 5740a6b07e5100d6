import { describe, expect, it } from "vitest"
import { event, failure, numbered, opened, temporaryFolder, textOf, texts } from "./support.js"

describe("cursors", () => {
  it("read the same log, each from its own place", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    await store.addCursor("a")
    await store.append([event("1"), event("2"), event("3")])
    await store.addCursor("b", "end")
    await store.append([event("4")])
    await store.commit("a", 2)
    expect(await texts(store, "a")).toEqual(["3", "4"])
    expect(await texts(store, "b")).toEqual(["4"])
    await store.close()
    const again = await opened(folder)
    expect(await texts(again, "a")).toEqual(["3", "4"])
    expect(again.stats().cursors).toMatchObject({ a: { position: 2, waiting: 2 }, b: { position: 3, waiting: 1 } })
  })

  it("read much of a log in the memory of a little of it", async () => {
    const store = await opened()
    await store.addCursor("c")
    const sizes = Array.from({ length: 300 }, (_, index) => (index === 150 ? 400_000 : 3000 + index))
    await store.append(sizes.map((size, index) => numbered(index, size)))
    const [found, memories] = [[] as [string, number, boolean][], new Set<ArrayBufferLike>()]
    for await (const batch of store.read("c", { follow: false, reuse: true }))
      for (const { frames } of batch) {
        const [number, bytes = Buffer.alloc(0)] = frames
        found.push([String(number), bytes.length, bytes.every((byte) => byte === Number(number) % 256)])
        memories.add(bytes.buffer)
      }
    expect(found).toEqual(sizes.map((size, index) => [String(index), size, true]))
    // Only what is longer than all of it has memory of its own.
    expect(memories.size).toBe(2)
  })

  it("find their place in a long log in little memory", async () => {
    const store = await opened()
    for (let i = 0; i < 40; i++) await store.append([numbered(i, 1 << 19)])
    await store.append([event("last")])
    await store.addCursor("c", "start")
    await store.commit("c", 40)
    const before = process.memoryUsage().arrayBuffers
    expect(await texts(store, "c")).toEqual(["last"])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20)
  })

  it("wait for what comes", async () => {
    const store = await opened()
    await store.addCursor("c")
    const reader = store.read("c")[Symbol.asyncIterator]()
    for (let i = 1; i <= 3; i++) {
      const next = reader.next()
      await store.append([numbered(i)])
      expect((await next).value?.map(textOf)).toEqual([String(i)])
    }
    const last = reader.next()
    await store.close()
    expect((await last).done).toBe(true)
  })

  it("end by a signal, and by break", async () => {
    const store = await opened()
    await store.addCursor("c")
    await store.append([event("1")])
    for await (const batch of store.read("c")) {
      expect(batch.length).toBe(1)
      break
    }
    const abort = new AbortController()
    const reader = store.read("c", { from: 2, signal: abort.signal })[Symbol.asyncIterator]()
    const next = reader.next()
    abort.abort()
    expect((await next).done).toBe(true)
  })

  it("get batches of at most max", async () => {
    const store = await opened(undefined, { segmentEntries: 7 })
    await store.addCursor("c")
    for (let i = 0; i < 5; i++) await store.append(Array.from({ length: 10 }, (_, n) => numbered(10 * i + n)))
    const sizes: number[] = []
    for await (const batch of store.read("c", { max: 4, follow: false })) sizes.push(batch.length)
    expect(Math.max(...sizes)).toBe(4)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(50)
    for (const from of [1, 7, 8, 33, 50]) expect(await texts(store, "c", { from })).toHaveLength(51 - from)
  })

  it("commit upwards only, and not beyond the end", async () => {
    const store = await opened()
    await store.addCursor("c")
    await store.append([event("1"), event("2")])
    await store.commit("c", 2)
    await store.commit("c", 1)
    expect(store.stats().cursors.c?.position).toBe(2)
    await expect(store.commit("c", 3)).rejects.toThrow('Cursor "c" cannot be at 3: the last position is 2')
    expect(await failure(store.commit("d", 1))).toEqual({
      code: "UNKNOWN_CURSOR",
      message: 'The store has no cursor "d" (it has: c). Add it with addCursor()',
    })
  })

  it("keep a note with their place, until they are removed", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { segmentBytes: 1 << 17 })
    await store.addCursor("c")
    await store.append([event("1"), event("2")])
    expect(store.stats().cursors.c?.note).toBeUndefined()
    await store.commit("c", 0, "begun")
    expect(store.stats().cursors.c).toMatchObject({ position: 0, note: "begun" })
    await store.commit("c", 1, "one")
    await store.commit("c", 2)
    // More than one file of the state, so that the note is carried over.
    for (let i = 0; i < 3000; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, j) => store.addCursor(`${"x".repeat(100)}${i + j}`)))
    await store.close()
    const again = await opened(folder)
    expect(again.stats().cursors.c).toMatchObject({ position: 2, note: "one" })
    await again.removeCursor("c")
    await again.addCursor("c")
    expect(again.stats().cursors.c?.note).toBeUndefined()
  })

  it("do not go back when commits overtake each other", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    await store.addCursor("c")
    await store.append([1, 2, 3, 4].map((i) => numbered(i)))
    await Promise.all([3, 1, 4, 2].map((i) => store.commit("c", i)))
    expect(store.stats().cursors.c?.position).toBe(4)
    await store.close()
    expect((await opened(folder)).stats().cursors.c?.position).toBe(4)
  })

  it("go back with rewind as far as there are entries", async () => {
    const store = await opened(undefined, { retention: 60_000 })
    await store.addCursor("c")
    await store.append([event("1"), event("2")])
    await store.commit("c", 2)
    await store.rewind("c", 0)
    expect(await texts(store, "c")).toEqual(["1", "2"])
  })

  it("keep what they need: files go when the slowest has passed them", async () => {
    const store = await opened(undefined, { segmentEntries: 10 })
    await store.addCursor("fast")
    await store.addCursor("slow")
    for (let i = 1; i <= 100; i++) await store.append([numbered(i)])
    await store.commit("fast", 100)
    expect(store.stats().first).toBe(1)
    await store.commit("slow", 55)
    expect(store.stats().first).toBe(51)
    await store.removeCursor("slow")
    expect(store.stats().first).toBe(91)
    expect(await store.compact()).toBeGreaterThan(0)
    expect(store.stats()).toMatchObject({ first: 101, last: 100 })
    expect(await store.append([event("next")])).toBe(101)
    expect(await texts(store, "fast")).toEqual(["next"])
  })

  it("leave entries for the time of retention", async () => {
    const store = await opened(undefined, { segmentEntries: 1, retention: 500 })
    await store.addCursor("c")
    for (let i = 1; i <= 5; i++) await store.append([numbered(i)])
    await store.commit("c", 5)
    expect(store.stats().first).toBe(1)
    await expect.poll(() => store.stats().first, { timeout: 10_000 }).toBe(5)
  })
})
