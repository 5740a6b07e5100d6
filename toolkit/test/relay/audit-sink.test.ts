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
  it("records events as they are, and large ones by their hash", async () => {
    const relay = await sinkRelay(options)
    const large = event("large", { text: "x".repeat(70_000) })
    relay.add(event("a"), large, event("b"))
    await relay.drained(3)
    await relay.stop()
    const { path, keys, entries } = trail(relay.folder)
    const [a, summary, b] = entries()
    expect([a, b]).toMatchObject([{ type: "event.recorded", event: event("a") }, { event: event("b") }])
    expect(Date.now() - Date.parse(a.received)).toBeLessThan(60_000)
    const { data: _, ...attributes } = large
    expect(summary).toEqual({
      type: "event.recorded",
      received: expect.any(String),
      sha256: createHash("sha256").update(JSON.stringify(large)).digest("hex"),
      bytes: JSON.stringify(large).length,
      event: attributes,
    })
    expect((await verifyAuditLog(path, { keys })).found).toBe(0)
  })

  it("is not held up by events that look like records of the log", async () => {
    const relay = await sinkRelay(options)
    const { time: _, type, ...rest } = event("a")
    const times = ["2026-03-01T10:00:01.000Z", "2026-03-01T10:00:00.000Z", "9999-12-31T23:59:59.999Z"]
    // The time stands first, as in a record, and goes back and ahead; and a type is one of the log's own.
    const events = times.map((time, index) => ({ time, type, ...rest, id: `t${index}` }))
    relay.add(...events, { time: times[0], type: "audit.key.added", ...rest, id: "key" }, event("last"))
    await relay.drained(5)
    await relay.stop()
    const { entries } = trail(relay.folder)
    expect(entries().map(({ event: { id } }) => id)).toEqual(["t0", "t1", "t2", "key", "last"])
  })

  it("records an event once, although it is delivered again after a crash", async () => {
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
        .map(({ event: { id } }) => id),
    ).toEqual(["a", "b", "c"])
  })
})
