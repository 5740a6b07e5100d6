import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, expect, it } from "vitest"
import { openStore, type Store } from "../../lib/store/index.js"

const text = (s: string) => ({ frames: [Buffer.from(s)] })
describe("smoke", () => {
  it("works", async () => {
    const folder = mkdtempSync(join(tmpdir(), "store-"))
    let store = await openStore(folder)
    await store.addCursor("a")
    expect(await store.append([text("1"), text("2")])).toBe(2)
    expect(await Promise.all([3, 4, 5].map((n) => store.append([text(String(n))])))).toEqual([3, 4, 5])
    const got: string[] = []
    for await (const batch of store.read("a", { follow: false })) for (const e of batch) got.push(String(e.frames[0]))
    expect(got).toEqual(["1", "2", "3", "4", "5"])
    await store.commit("a", 3)
    await store.close()
    store = await openStore(folder)
    expect(store.stats().cursors.a?.waiting).toBe(2)
    await expect(openStore(folder)).rejects.toThrow(/in use/)
    console.log(store.stats(), await store.check())
    await store.close()
    rmSync(folder, { recursive: true })
  })
})
