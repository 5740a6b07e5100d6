import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { readEntries, verifyAuditLog } from "ohmq-toolkit/audit"
import { describe, expect, it } from "vitest"
import { event, sinkRelay } from "./sink-relay.js"

const options = 'type: audit, path: ./trail, name: "audit.example.com/relay"'

const trail = (folder: string) => {
  const path = join(folder, "trail")
  const keys = [readFileSync(join(path, "key.pub"), "utf8").trim()]
  return { path, keys, entries: () => [...readEntries(path, { keys })].map(({ entry }) => JSON.parse(String(entry))) }
}

describe("The sink audit", () => {
  it("records events as they are, and large ones by their hash", { timeout: 40_000 }, async () => {
    const relay = await sinkRelay(options)
    const large = event("large", { text: "x".repeat(70_000) })
    relay.add(event("a"), large, event("b"))
    await relay.drained(3)
    await relay.stop()
    const { path, keys, entries } = trail(relay.folder)
    const [a, summary, b] = entries()
    expect([a, b]).toEqual([event("a"), event("b")])
    const { data: _, ...attributes } = large
    expect(summary).toEqual({
      sha256: createHash("sha256").update(JSON.stringify(large)).digest("hex"),
      bytes: JSON.stringify(large).length,
      event: attributes,
    })
    expect((await verifyAuditLog(path, { keys })).found).toBe(0)
  })

  it("records an event once, although it is delivered again after a crash", { timeout: 40_000 }, async () => {
    const first = await sinkRelay(options)
    first.add(event("a"), event("b"))
    await first.drained(2)
    await first.stop()
    // The store of before: the same events go to the sink again, and a third one.
    const { rmSync } = await import("node:fs")
    rmSync(join(first.folder, "data"), { recursive: true })
    const again = await sinkRelay(options, first.folder)
    again.add(event("c"))
    await again.drained(3)
    await again.stop()
    expect(
      trail(first.folder)
        .entries()
        .map(({ id }) => id),
    ).toEqual(["a", "b", "c"])
  })
})
