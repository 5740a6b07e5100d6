import { spawnSync } from "node:child_process"
import { existsSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { mayMount, mountOn } from "../mounted.js"
import { failure, numbered, opened, temporaryFolder, texts } from "./support.js"

const mounted = (size: string) => mountOn(temporaryFolder(), size)

describe.runIf(mayMount)("a full disk", () => {
  it("is an error, loses nothing, and is over when there is space", async () => {
    const folder = mounted("8m")
    const store = await opened(join(folder, "store"), { segmentBytes: 1 << 20 })
    await store.addCursor("c")
    let stored = 0
    const append = async () => {
      for (;;) {
        const results = await Promise.allSettled(
          Array.from({ length: 16 }, (_, i) => store.append([numbered(stored + i, 4000)])),
        )
        const refused = results.findIndex(({ status }) => status === "rejected")
        stored += refused === -1 ? 16 : refused
        // All or none of a group: nothing is stored after something that was not.
        if (refused !== -1) {
          expect(results.slice(refused).every(({ status }) => status === "rejected")).toBe(true)
          throw (results[refused] as PromiseRejectedResult).reason
        }
      }
    }
    const { code, message } = await failure(append())
    expect(code).toBe("DISK_FULL")
    expect(message).toMatch(
      /The disk that holds .* is full \(ENOSPC\)\. Free some space, or lower the store's maxBytes/,
    )
    expect(stored).toBeGreaterThan(500)
    expect(await texts(store, "c")).toEqual(Array.from({ length: stored }, (_, i) => String(i)))
    expect((await store.check()).damage).toEqual([])

    // A commit makes room, although the disk is full.
    await store.commit("c", stored)
    const before = stored
    expect((await failure(append())).code).toBe("DISK_FULL")
    expect(stored).toBeGreaterThan(before + 500)
    expect(await texts(store, "c")).toEqual(Array.from({ length: stored - before }, (_, i) => String(before + i)))
    await store.close()

    const again = await opened(join(folder, "store"))
    expect(again.stats()).toMatchObject({ last: stored, cursors: { c: { waiting: stored - before } } })
  })

  it("leaves room for commits, whatever else is written", async () => {
    const folder = mounted("6m")
    const store = await opened(join(folder, "store"), { segmentBytes: 1 << 20 })
    await store.addCursor("slow")
    await store.addCursor("fast")
    let isDone = false
    const appending = (async () => {
      while (!isDone) await store.append([numbered(1, 100)]).catch(({ code }) => expect(code).toBe("DISK_FULL"))
    })()
    const big = (async () => {
      while (!isDone) await store.append([numbered(1, 20_000)]).catch(({ code }) => expect(code).toBe("DISK_FULL"))
    })()
    let refused = 0
    await expect
      .poll(async () => store.append([numbered(1, 1000)]).catch(() => ++refused && "full"), {
        timeout: 15_000,
        interval: 1,
      })
      .toBe("full")
    // More bytes of changes than were set aside.
    for (let i = 1; i <= 6000; i++) await store.rewind("fast", i % 2)
    isDone = true
    await Promise.all([appending, big])
    expect(store.stats().cursors.slow?.position).toBe(0)
    await store.close()
    const again = await opened(join(folder, "store"))
    expect((await texts(again, "slow")).length).toBe(again.stats().last)
  })

  it("is said when a store is opened", async () => {
    const folder = mounted("4m")
    await (await openStore(join(folder, "store"))).close()
    writeFileSync(join(folder, "ballast"), "")
    spawnSync("dd", ["if=/dev/zero", `of=${join(folder, "ballast")}`, "bs=4096"])
    expect(await failure(openStore(join(folder, "other")))).toMatchObject({ code: "DISK_FULL" })
    // One that is there opens, so that what it has can be delivered.
    await (await openStore(join(folder, "store"))).close()
    rmSync(join(folder, "ballast"))
    await (await openStore(join(folder, "other"))).close()
  })
})

describe.runIf(mayMount)("a read-only disk", () => {
  it("is an error that says what to do", async () => {
    const folder = mounted("8m")
    await (await openStore(join(folder, "store"))).close()
    spawnSync("mount", ["-o", "remount,ro", folder])
    for (const name of ["store", "other"]) {
      const { code, message } = await failure(openStore(join(folder, name)))
      expect(code).toBe("READ_ONLY")
      expect(message).toMatch(
        /cannot be written to \(EROFS\)\. Make it writable for this user, or choose another folder/,
      )
    }
    expect(existsSync(join(folder, "other"))).toBe(false)
  })
})
