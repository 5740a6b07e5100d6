import { cpSync, rmSync } from "node:fs"
import { join } from "node:path"
import type { DeadLetter, Store } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { entries, event, failure, numbered, opened, temporaryFolder, texts } from "./support.js"

async function letters(store: Store, cursor?: string): Promise<DeadLetter[]> {
  const all: DeadLetter[] = []
  for await (const letter of store.deadLetters(cursor)) all.push(letter)
  return all
}

async function withLetters(folder = temporaryFolder()) {
  const store = await opened(folder)
  await store.addCursor("a")
  await store.addCursor("b")
  await store.append([event("1", "me"), event("2"), event("3")])
  for (const entry of await entries(store, "a")) await store.deadLetter("a", entry, `HTTP 400 for ${entry.position}`)
  await store.commit("a", 3)
  const [one] = await entries(store, "b")
  if (one) await store.deadLetter("b", one, "too large")
  return store
}

describe("dead letters", () => {
  it("name their cursor and the reason, and survive", async () => {
    const folder = temporaryFolder()
    const store = await withLetters(folder)
    await store.close()
    const again = await opened(folder)
    expect(again.stats().cursors).toMatchObject({ a: { dead: 3, waiting: 0 }, b: { dead: 1, waiting: 3 } })
    expect(await letters(again, "b")).toMatchObject([{ cursor: "b", reason: "too large", position: 1, sender: "me" }])
    const all = await letters(again)
    expect(all.map(({ id }) => id)).toEqual([1, 2, 3, 4])
    expect(String(all[0]?.frames[0])).toBe("1")
  })

  it("are listed from an id on", async () => {
    const store = await withLetters()
    const idsAfter = async (after: number, selection = {}) => {
      const ids: number[] = []
      for await (const { id } of store.deadLetters("a", { after, ...selection })) ids.push(id)
      return ids
    }
    expect(await idsAfter(0)).toEqual([1, 2, 3])
    expect(await idsAfter(1)).toEqual([2, 3])
    expect(await idsAfter(1, { max: 1 })).toEqual([2])
    expect(await idsAfter(1, { ids: [1, 3] })).toEqual([3])
    expect(await idsAfter(4)).toEqual([])
  })

  it("are selected by any number of ids", async () => {
    const store = await withLetters()
    const ids = Array.from({ length: 300_000 }, (_, index) => index + 2)
    expect(await store.replay("a", { ids })).toBe(2)
  })

  it("go back to their cursor only", async () => {
    const folder = temporaryFolder()
    const store = await withLetters(folder)
    expect(await store.replay("a", { ids: [1, 3, 4] })).toBe(2)
    const read = await entries(store, "a")
    expect(read).toMatchObject([
      { position: 4, sender: "me", replayed: "HTTP 400 for 1" },
      { position: 5, replayed: "HTTP 400 for 3" },
    ])
    expect(await texts(store, "b")).toEqual(["1", "2", "3"])
    await store.close()
    const again = await opened(folder)
    expect((await letters(again, "a")).map(({ id }) => id)).toEqual([2])
    expect(await again.replay("a")).toBe(1)
    expect(await again.replay("a")).toBe(0)
    expect(again.stats().cursors.a?.dead).toBe(0)
  })

  it("are not replayed twice if the process ends during a replay", async () => {
    const folder = temporaryFolder()
    await (await withLetters(folder)).close()
    const before = join(temporaryFolder(), "state")
    cpSync(join(folder, "state"), before, { recursive: true })
    const store = await opened(folder)
    await store.replay("a")
    await store.close()
    // As if it had been killed when the events were in the log, and the dead letters not yet removed.
    rmSync(join(folder, "state"), { recursive: true })
    cpSync(before, join(folder, "state"), { recursive: true })
    const again = await opened(folder)
    expect(again.stats().cursors).toMatchObject({ a: { dead: 0, waiting: 3 }, b: { dead: 1 } })
    expect(await again.replay("a")).toBe(0)
  })

  it("do not keep another cursor waiting for what it does not read", async () => {
    const store = await withLetters()
    await store.replay("a")
    await texts(store, "b")
    await store.commit("b", 3)
    expect(store.stats().cursors.b).toMatchObject({ position: 6, waiting: 0 })
    // The other order: it has committed everything, and then comes what it does not read.
    const reader = store.read("b")[Symbol.asyncIterator]()
    const next = reader.next()
    await store.replay("b")
    expect((await next).value?.[0]?.replayed).toBe("too large")
  })

  it("are selected by time and number, and discarded", async () => {
    const store = await withLetters()
    expect(await store.discard("a", { until: 1 })).toBe(0)
    expect(await store.discard("a", { max: 2 })).toBe(2)
    expect((await letters(store, "a")).map(({ id }) => id)).toEqual([3])
    expect(await store.discard("a", { since: 1 })).toBe(1)
  })

  it("free their space", async () => {
    const store = await opened(undefined, { segmentBytes: 20_000 })
    await store.addCursor("c")
    await store.append(Array.from({ length: 100 }, (_, i) => numbered(i, 1000)))
    for (const entry of await entries(store, "c")) await store.deadLetter("c", entry, "no")
    expect(store.stats().deadBytes).toBeGreaterThan(100_000)
    expect(await store.discard("c")).toBe(100)
    expect(store.stats().deadBytes).toBeLessThan(5_000)
  })

  it("are bounded: the cursor has to hold the event", async () => {
    const store = await opened(undefined, { maxDeadBytes: 5_000 })
    await store.addCursor("c")
    await store.append([numbered(1, 10_000)])
    const [entry] = await entries(store, "c")
    expect(entry && (await failure(store.deadLetter("c", entry, "no")))).toMatchObject({ code: "FULL" })
  })
})
