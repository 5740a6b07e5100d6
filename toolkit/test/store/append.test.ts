import { constants, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { describe, expect, it } from "vitest"
import { entries, event, failure, numbered, opened, temporaryFolder, texts } from "./support.js"

describe("append", () => {
  it("resolves to dense positions, in the order of the calls", async () => {
    const store = await opened()
    expect(await store.append([event("a"), event("b")])).toBe(2)
    const positions = await Promise.all(Array.from({ length: 100 }, (_, i) => store.append([numbered(i)])))
    expect(positions).toEqual(Array.from({ length: 100 }, (_, i) => i + 3))
    expect(store.stats()).toMatchObject({ first: 1, last: 102 })
  })

  it("keeps frames, sender and time", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    const frames = [Buffer.from("type"), Buffer.alloc(0), Buffer.from([0, 255, 10])]
    await store.append([{ frames, sender: "Zoë", time: 1234.5 }, { frames: [] }])
    await store.close()
    const again = await opened(folder)
    await again.addCursor("c")
    const [first, second] = await entries(again, "c")
    expect(first).toEqual({ position: 1, sender: "Zoë", time: 1234.5, frames })
    expect(second).toMatchObject({ position: 2, sender: undefined, frames: [] })
  })

  it("copies the bytes, so that the caller may reuse them", async () => {
    const store = await opened()
    await store.addCursor("c")
    const bytes = Buffer.from("before")
    const appended = store.append([{ frames: [bytes] }])
    bytes.write("after!")
    await appended
    expect(await texts(store, "c")).toEqual(["before"])
  })

  it("takes events that are larger than a chunk, a group or a segment", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { segmentBytes: 100_000 })
    await store.addCursor("c")
    const sizes = [0, 1, 300_000, 262_144, 2_000_000, 5, 70_000]
    await Promise.all(sizes.map((size, i) => store.append([numbered(i, size)])))
    const read = await entries(store, "c")
    expect(read.map(({ frames }) => frames[1]?.length)).toEqual(sizes)
    expect(read.every(({ frames }, i) => frames[1]?.every((byte) => byte === i))).toBe(true)
    await store.close()
    expect((await opened(folder)).stats().last).toBe(sizes.length)
  })

  it("shares writes between callers", async () => {
    let writes = 0
    const store = await opened(undefined, { onWrite: () => writes++ })
    await Promise.all(Array.from({ length: 1000 }, (_, i) => store.append([numbered(i)])))
    expect(writes).toBeLessThan(10)
  })

  it("refuses what is no event", async () => {
    const store = await opened()
    await expect(store.append([{ frames: ["text"] as never }])).rejects.toThrow(
      "Expected frames of event 0 to be Uint8Arrays",
    )
    await expect(store.append([event("a")], { whenFull: "explode" as never })).rejects.toThrow(
      "Expected whenFull to be one of refuse, wait, drop-oldest but received explode",
    )
    await expect(store.append([event("a")], { stream: "s" })).rejects.toThrow("Pass both stream and sequence")
    expect(store.stats().last).toBe(0)
  })

  it("refuses after close, and close waits for what is being written", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    const appended = store.append([event("a")])
    await store.close()
    expect(await appended).toBe(1)
    expect(await failure(store.append([event("b")]))).toMatchObject({ code: "CLOSED" })
  })
})

describe("streams", () => {
  it("stores an event that is sent twice once", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    await store.addCursor("c")
    const send = (sequence: number, ...names: string[]) =>
      store.append(
        names.map((name) => event(name)),
        { stream: "s", sequence },
      )
    // Also while the first is still being written.
    expect(await Promise.all([send(1, "a", "b"), send(1, "a", "b"), send(2, "b", "c")])).toEqual([2, 2, 3])
    expect(await send(3, "c")).toBe(3)
    expect(store.sequenceOf("s")).toBe(3)
    await store.close()
    const again = await opened(folder)
    expect(again.sequenceOf("s")).toBe(3)
    await again.append([event("c"), event("d")], { stream: "s", sequence: 3 })
    expect(await texts(again, "c")).toEqual(["a", "b", "c", "d"])
  })

  it("passes sequences without events, records those that are lost, and keeps a mark", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    await store.addCursor("a")
    await store.append([event("5")], { stream: "s", sequence: 5, skip: true, mark: "m5" })
    expect([store.sequenceOf("s"), store.markOf("s")]).toEqual([5, "m5"])
    await store.append([], { stream: "s", sequence: 10, skip: true, lost: { from: 6, to: 8 }, mark: "m9" })
    // Sent twice.
    await store.append([], { stream: "s", sequence: 10, skip: true, lost: { from: 6, to: 8 }, mark: "m9" })
    await store.append([], { stream: "t", sequence: 4, skip: true })
    expect(await texts(store, "a")).toEqual(["5", "stream 6-8"])
    await store.close()
    const again = await opened(folder)
    expect([again.sequenceOf("s"), again.markOf("s")]).toEqual([9, "m9"])
    expect([again.sequenceOf("t"), again.markOf("t")]).toEqual([3, undefined])
  })

  it("remembers streams when the files they came in are gone", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder, { segmentEntries: 2 })
    await store.addCursor("c")
    for (let i = 1; i <= 5; i++) await store.append([numbered(i)], { stream: `s${i}`, sequence: 1 })
    await store.commit("c", 5)
    await store.compact()
    await store.close()
    const again = await opened(folder)
    expect([1, 2, 3, 4, 5, 6].map((i) => again.sequenceOf(`s${i}`))).toEqual([1, 1, 1, 1, 1, 0])
  })

  it("refuses a gap, or records it if it was announced", async () => {
    const store = await opened()
    await store.addCursor("c")
    await store.append([event("a")], { stream: "s", sequence: 1 })
    expect(await failure(store.append([event("d")], { stream: "s", sequence: 4 }))).toEqual({
      code: "SEQUENCE_GAP",
      message: 'Sequence 4 of stream "s" does not follow 1. Send 2 first, or announce that it is lost (allowGap)',
    })
    await store.append([event("d")], { stream: "s", sequence: 4, allowGap: true })
    const read = await entries(store, "c")
    expect(read[1]?.gap).toEqual({ reason: "stream", stream: "s", from: 2, to: 3 })
    expect(await texts(store, "c")).toEqual(["a", "stream 2-3", "d"])
  })

  it("begins again when a stream is forgotten", async () => {
    const folder = temporaryFolder()
    const store = await opened(folder)
    await store.append([event("a")], { stream: "s", sequence: 1 })
    await store.forgetStream("s")
    expect(store.sequenceOf("s")).toBe(0)
    await store.close()
    expect((await opened(folder)).sequenceOf("s")).toBe(0)
  })
})

describe("files", () => {
  // A kill loses nothing that was only written, so the crash tests cannot see whether it was synchronized.
  it.runIf(process.platform === "linux")("are written with O_DSYNC", async () => {
    const folder = temporaryFolder()
    await opened(folder)
    const segments = readdirSync("/proc/self/fd").filter(
      (fd) => linkOf(fd).startsWith(folder) && linkOf(fd).endsWith(".seg"),
    )
    expect(segments).toHaveLength(3)
    for (const fd of segments) {
      const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"))?.[1] as string
      expect(Number.parseInt(flags, 8) & constants.O_DSYNC).toBe(constants.O_DSYNC)
    }
  })

  it("are for their owner only", async () => {
    const folder = join(temporaryFolder(), "new", "store")
    const store = await opened(folder)
    await store.append([event("secret")])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(join(folder, "log")))
      expect(statSync(join(folder, "log", name)).mode & 0o777).toBe(0o600)
  })
})

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ""
  }
}
