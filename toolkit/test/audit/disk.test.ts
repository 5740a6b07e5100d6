import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { type AuditLog, createAuditLog, openAuditLog, readEntries, verifyAuditLog } from "ohmq-toolkit/audit"
import { describe, expect, it } from "vitest"
import { mayMount, mountOn } from "../mounted.js"
import { failure, opened, temporaryFolder } from "./support.js"

const entry = (i: number) => `entry ${i} ${"x".repeat(2000)}`
const number = (text: string) => Number(text.split(" ")[1])

/** Appends until an entry is refused, and notes those that were acknowledged. Returns the error. */
async function fill(log: AuditLog, acknowledged: Map<number, number>): Promise<{ code: string; message: string }> {
  return failure(async () => {
    for (;;) {
      const first = acknowledged.size
      const appends = Array.from({ length: 16 }, async (_, i) => {
        const { index } = await log.append(entry(first + i))
        expect(acknowledged.has(index)).toBe(false)
        acknowledged.set(index, first + i)
      })
      const results = await Promise.allSettled(appends)
      for (const result of results) if (result.status === "rejected") throw result.reason
    }
  })
}

/** A new log on a disk that it soon fills, and the file to remove so that there is room again. */
async function logOnSmallDisk() {
  const disk = mountOn(temporaryFolder(), "20m")
  const ballast = join(disk, "ballast")
  // More than the tree needs for what the journal has.
  writeFileSync(ballast, Buffer.alloc(12 << 20))
  const folder = join(disk, "log")
  const key = await createAuditLog(folder, { name: "audit.example.com/disk" })
  return { folder, key, ballast }
}

/** Tries again while the disk is full. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: string }).code !== "DISK_FULL") throw error
      await setTimeout(20)
    }
  }
}

/** All that was acknowledged is there, at its index, and nothing else. */
function expectAll(folder: string, key: string, acknowledged: Map<number, number>): void {
  const found = [...readEntries(folder, { keys: [key] })].map(({ entry: bytes }) => number(String(bytes)))
  expect(found).toEqual([...acknowledged].sort(([a], [b]) => a - b).map(([, i]) => i))
}

describe.runIf(mayMount)("an audit log on a full disk", () => {
  it("refuses entries, loses none, and goes on when there is room", async () => {
    const { folder, key, ballast } = await logOnSmallDisk()
    const log = await opened(folder)
    const acknowledged = new Map<number, number>()
    const { code, message } = await fill(log, acknowledged)
    expect(code).toBe("DISK_FULL")
    expect(message).toMatch(/^The disk that holds .* is full\. Free some space, then try again$/)
    expect(acknowledged.size).toBeGreaterThan(200)
    expect(log.size).toBe(acknowledged.size)
    // What is served is intact, however far it has come.
    expect(await verifyAuditLog(folder, { keys: [key] })).toMatchObject({ found: 0 })

    rmSync(ballast)
    const before = acknowledged.size
    await eventually(() => log.append(entry(before)))
    acknowledged.set(before, before)
    // One that was being made as the room came has failed, too.
    const { size } = await eventually(() => log.checkpoint())
    expect(size).toBe(acknowledged.size)
    expect(await verifyAuditLog(folder, { keys: [key] })).toMatchObject({ found: 0, size })
    expectAll(folder, key, acknowledged)
    await log.close()
  })

  it("opens with all that was acknowledged, when there is room", async () => {
    const { folder, key, ballast } = await logOnSmallDisk()
    const log = await openAuditLog(folder)
    const acknowledged = new Map<number, number>()
    expect((await fill(log, acknowledged)).code).toBe("DISK_FULL")
    // The last checkpoint may not fit either.
    await log.close().catch(({ code }) => expect(code).toBe("DISK_FULL"))
    rmSync(ballast)
    await (await openAuditLog(folder)).close()
    expect(await verifyAuditLog(folder, { keys: [key] })).toMatchObject({ found: 0, size: acknowledged.size })
    expectAll(folder, key, acknowledged)
  })
})
