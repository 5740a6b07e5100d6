import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { backupStore, checkStore, compactStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { entries, event, failure, numbered, opened, temporaryFolder, texts } from "./support.js"

describe("check", () => {
  it("works while the store is written to and cut", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { segmentBytes: 20_000 })
    await store.addCursor("c")
    let isDone = false
    const writing = (async () => {
      for (let i = 1; i <= 600; i++) {
        await store.append([numbered(i, 300)])
        if (i % 50 === 0) await store.commit("c", i - 20)
      }
      isDone = true
    })()
    let checks = 0
    while (!isDone) {
      const report = await checkStore(folder)
      expect(report.damage).toEqual([])
      checks++
    }
    await writing
    expect(checks).toBeGreaterThan(0)
    expect((await store.check()).entries).toBe(store.stats().last - store.stats().first + 1)
  })

  it("refuses what is not a store", async () => {
    expect(await failure(checkStore(temporaryFolder()))).toMatchObject({
      code: "UNKNOWN_FORMAT",
      message: expect.stringContaining("is not a store"),
    })
  })
})

describe("backup", () => {
  it("has all that was confirmed, while the store is written to and cut", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { segmentBytes: 20_000 })
    await store.addCursor("c")
    await store.append([event("dead")])
    for (const entry of await entries(store, "c")) await store.deadLetter("c", entry, "no")
    let confirmed = 1
    let isDone = false
    const writing = (async () => {
      while (!isDone) {
        confirmed = await store.append([numbered(confirmed + 1, 300)], { stream: "s", sequence: confirmed })
        if (confirmed % 50 === 0) await store.commit("c", confirmed - 20)
      }
    })()
    for (let i = 0; i < 5; i++) {
      const before = confirmed
      const to = join(temporaryFolder(), "backup")
      await (i % 2 ? store.backup(to) : backupStore(folder, to))
      const copy = await opened(to)
      const { last, cursors } = copy.stats()
      expect(last).toBeGreaterThanOrEqual(before)
      expect(cursors.c).toMatchObject({ dead: 1 })
      const read = await texts(copy, "c")
      expect(read).toEqual(
        Array.from({ length: read.length }, (_, n) => String(last - read.length + 1 + n)).map((text) =>
          text === "1" ? "dead" : text,
        ),
      )
      expect(copy.sequenceOf("s")).toBe(last - 1)
    }
    isDone = true
    await writing
  })

  it("does not write into a folder with files", async () => {
    const store = await opened()
    const to = temporaryFolder()
    await store.backup(to)
    expect(await failure(store.backup(to))).toMatchObject({
      message: `${to} is not empty. Choose a new folder for the backup`,
    })
  })
})

describe("compact", () => {
  it("frees what was passed, also in the file that grows", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { retention: 3_600_000, segmentBytes: 100_000 })
    await store.addCursor("c")
    await store.append(Array.from({ length: 500 }, (_, i) => numbered(i, 1000)))
    await store.commit("c", 500)
    expect(await store.compact()).toBeGreaterThan(500_000)
    expect(readdirSync(join(folder, "log")).filter((name) => name.endsWith(".seg"))).toHaveLength(1)
    expect(existsSync(join(folder, "log", "0000000000000501.seg"))).toBe(true)
    expect(await store.compact()).toBe(0)
  })

  it("is asked of the process that has the store open", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    await store.addCursor("c")
    await store.append(Array.from({ length: 10 }, (_, i) => numbered(i, 1000)))
    await store.commit("c", 10)
    expect(await compactStore(folder)).toBeGreaterThan(10_000)
    expect(store.stats().first).toBe(11)
    await store.close()
    expect(await compactStore(folder)).toBe(0)
  })
})
