import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createAuditLog, openAuditLog, readEntries, rotateKey, verifyAuditLog } from "ohmq-toolkit/audit"
import { describe, expect, it } from "vitest"
import { checkpointOf, failure, filled, newLog, opened, origin, served, temporaryFolder } from "./support.js"

const texts = (folder: string, key: string) =>
  [...readEntries(folder, { keys: [key] })].map(({ entry }) => String(entry))

describe("append", () => {
  it("gives indices in the order of the calls, and keeps every byte", async () => {
    const { folder, key, log } = await newLog()
    const bytes = Buffer.from([0, 255, 10, 13])
    const results = await Promise.all([log.append("one"), log.append(bytes), log.append("drei ü")])
    expect(results).toEqual([{ index: 0 }, { index: 1 }, { index: 2 }])
    expect(log.size).toBe(3)
    await log.close()
    const entries = [...readEntries(folder, { keys: [key] })].map(({ entry }) => entry)
    expect(entries).toEqual([Buffer.from("one"), bytes, Buffer.from("drei ü")])
  })

  it("takes the bytes at the time of the call", async () => {
    const { folder, key, log } = await newLog()
    const bytes = Buffer.from("before")
    const appended = log.append(bytes)
    bytes.write("AFTER!")
    await appended
    await log.close()
    expect(texts(folder, key)).toEqual(["before"])
  })

  it("takes 65,535 bytes, and refuses more, nothing, and what is neither text nor bytes", async () => {
    const { folder, key, log } = await newLog()
    expect(await log.append(Buffer.alloc(65_535, 1))).toEqual({ index: 0 })
    expect(await failure(log.append(Buffer.alloc(65_536)))).toMatchObject({
      code: "TOO_LARGE",
      message: expect.stringContaining("65536 bytes, and the most is 65535"),
    })
    expect((await failure(log.append(""))).code).toBe("INVALID")
    expect((await failure(log.append({} as string))).message).toMatch(/Expected the entry to be text or bytes/)
    expect(log.size).toBe(1)
    await log.close()
    expect((await verifyAuditLog(folder, { keys: [key] })).found).toBe(0)
  })

  it("is in a checkpoint within a second, without being asked for", async () => {
    const { folder, log } = await newLog()
    const { index } = await log.append("soon")
    const since = Date.now()
    await expect.poll(() => Number(checkpointOf(folder).split("\n")[1]), { interval: 5, timeout: 5000 }).toBe(index + 1)
    expect(Date.now() - since).toBeLessThan(1000)
  })

  it("refuses a record that is back-dated, and one that only the log may write", async () => {
    const { log } = await newLog()
    await log.append('{"time":"2026-03-01T10:00:00.000Z","type":"a"}')
    const { code, message } = await failure(log.append('{"time":"2026-03-01T09:59:59.999Z","type":"a"}'))
    expect(code).toBe("BACK_DATED")
    expect(message).toBe(
      "The record is of 2026-03-01T09:59:59.999Z, but the log has one of 2026-03-01T10:00:00.000Z already. Let the log set the time: use record()",
    )
    for (const type of ["audit.key.added", "audit.log.sealed"]) {
      expect((await failure(log.append(`{"time":"2026-03-02T10:00:00.000Z","type":"${type}"}`))).code).toBe("INVALID")
      expect((await failure(log.record({ type }))).code).toBe("INVALID")
    }
    expect(await log.append('{"time":"2026-03-01T10:00:00.000Z","type":"a"}')).toEqual({ index: 1 })
  })

  it("refuses a record of the future, after which none of today could be written", async () => {
    const { log } = await newLog()
    const { code, message } = await failure(log.append('{"time":"9999-12-31T23:59:59.999Z","type":"a"}'))
    expect([code, message]).toEqual(["INVALID", expect.stringContaining("ahead of this machine's clock")])
    expect(await log.record({ type: "a" })).toMatchObject({ index: 0 })
  })

  it("is refused once the log is closed", async () => {
    const { log } = await newLog()
    await log.close()
    await log.close()
    expect((await failure(log.append("late"))).code).toBe("CLOSED")
    expect((await failure(log.record({ type: "late" }))).code).toBe("CLOSED")
  })
})

describe("record", () => {
  it("adds the time, which never goes back, also after the log was opened again", async () => {
    const { folder, key, log } = await newLog()
    // A clock that was ahead, by less than what is refused.
    const time = new Date(Date.now() + 4 * 60_000).toISOString()
    await log.append(`{"time":"${time}","type":"ahead"}`)
    await log.close()
    const again = await opened(folder)
    expect(await again.record({ type: "response.started", actor: "ada", subject: "198.51.100.1" })).toEqual({
      index: 1,
      time,
    })
    await again.close()
    expect(texts(folder, key)[1]).toBe(
      `{"time":"${time}","type":"response.started","actor":"ada","subject":"198.51.100.1"}`,
    )
    expect((await verifyAuditLog(folder, { keys: [key] })).found).toBe(0)
  })

  it("has the time of the clock", async () => {
    const { log } = await newLog()
    const before = Date.now()
    const { time } = await log.record({ type: "a" })
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.now())
  })

  it("refuses fields without a type, with a time, and what JSON cannot express", async () => {
    const { log } = await newLog()
    expect((await failure(log.record({} as { type: string }))).message).toMatch(
      /Expected a record to be an object with a "type"/,
    )
    expect((await failure(log.record({ type: "a", time: "now" }))).message).toMatch(/cannot have a "time" of its own/)
    expect((await failure(log.record({ type: "a", big: 1n }))).message).toMatch(/cannot be written as JSON/)
    expect(log.size).toBe(0)
  })
})

describe("openAuditLog", () => {
  it("opens a log once at a time", async () => {
    const { folder, log } = await newLog()
    expect(await failure(openAuditLog(folder))).toEqual({
      code: "LOCKED",
      message: `${folder} is in use by process ${process.pid}. An audit log can be open only once: stop that process, or choose another folder`,
    })
    await log.close()
    await opened(folder)
  })

  it("says what is missing or wrong", async () => {
    const empty = temporaryFolder()
    expect(await failure(openAuditLog(empty))).toEqual({
      code: "NOT_FOUND",
      message: `${empty} has no audit log. Run: ohmq audit init ${empty} --name NAME`,
    })
    const { folder } = await filled(1)
    expect((await failure(openAuditLog(folder, { delay: 5000 }))).message).toMatch(
      /^The options of the audit log: delay: /,
    )
    expect((await failure(openAuditLog(folder, { dealy: 5 } as object))).code).toBe("INVALID")
    expect((await failure(openAuditLog(folder, { policy: "quorum no" }))).message).toMatch(
      /line 1: the name "no" is not defined/,
    )
    chmodSync(join(folder, "key"), 0o644)
    expect((await failure(openAuditLog(folder))).message).toMatch(
      /Others than its owner may read or write .*key\. Run: chmod 600/,
    )
    chmodSync(join(folder, "key"), 0o600)
    writeFileSync(
      join(folder, "head"),
      readFileSync(join(folder, "head"), "utf8").replace('"version":1', '"version":2'),
    )
    expect((await failure(openAuditLog(folder))).code).toBe("UNKNOWN_FORMAT")
    writeFileSync(join(folder, "head"), "{")
    expect((await failure(openAuditLog(folder))).code).toBe("DAMAGED")
  })

  it("does not go on from tiles, entries or a journal that are not those it has signed", async () => {
    for (const [path, code] of [
      ["public/tile/0/000.p/5", "DAMAGED"],
      ["public/tile/entries/000.p/5", "DAMAGED"],
      ["journal", "ROLLED_BACK"],
    ] as const) {
      const { folder } = await filled(5)
      if (path === "journal") rmSync(join(folder, path), { recursive: true })
      else {
        const bytes = readFileSync(join(folder, path))
        bytes[4] = (bytes[4] as number) ^ 1
        writeFileSync(join(folder, path), bytes)
      }
      expect((await failure(openAuditLog(folder))).code, path).toBe(code)
    }
  })

  it("refuses a key of another log", async () => {
    const { folder } = await filled(1)
    const { folder: other } = await filled(1)
    const key = readFileSync(join(other, "key"), "utf8")
    // The name is the same, so only the signature of the checkpoint tells.
    expect((await failure(openAuditLog(folder, { key }))).code).toBe("UNTRUSTED")
  })
})

describe("createAuditLog", () => {
  it("makes a key that only its owner can read, and no log twice", async () => {
    const folder = join(temporaryFolder(), "a/b")
    const key = await createAuditLog(folder, { name: origin })
    expect(key).toMatch(/^audit\.example\.com\/test\+[0-9a-f]{8}\+A/)
    expect(checkpointOf(folder).split("\n").slice(0, 3)).toEqual([
      origin,
      "0",
      "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ])
    expect((await failure(createAuditLog(folder, { name: origin }))).message).toMatch(/has an audit log already/)
    for (const name of ["", "two words", "a+b", "line\nbreak", "x".repeat(256)])
      expect((await failure(createAuditLog(join(temporaryFolder(), "x"), { name }))).code).toBe("INVALID")
  })
})

describe("seal", () => {
  it("ends a log, and the next one names its root", async () => {
    const { folder, key, log } = await newLog()
    await log.append("one")
    const next = join(temporaryFolder(), "next")
    expect((await failure(createAuditLog(next, { name: "n", after: folder }))).message).toMatch(
      /is not sealed\. Run: ohmq audit seal/,
    )
    const { size, root } = await log.seal()
    expect((await failure(log.append("late"))).code).toBe("SEALED")
    await log.close()
    expect(readFileSync(join(folder, "sealed"), "utf8")).toBe(checkpointOf(folder))
    const again = await opened(folder)
    expect((await failure(again.record({ type: "late" }))).code).toBe("SEALED")
    expect((await failure(rotateKey(folder))).code).toBe("LOCKED")
    await again.close()
    expect((await failure(rotateKey(folder))).code).toBe("SEALED")
    expect((await failure(createAuditLog(next, { name: origin, after: folder }))).message).toMatch(
      /Give the new one another name/,
    )
    expect(existsSync(next)).toBe(false)
    const nextKey = await createAuditLog(next, { name: "audit.example.com/next", after: folder })
    expect(JSON.parse(texts(next, nextKey)[0] as string)).toMatchObject({
      type: "audit.log.begun",
      previous: { origin, size, root: root.toString("base64") },
    })
    expect((await verifyAuditLog(folder, { keys: [key] })).found).toBe(0)
  })
})

describe("rotateKey", () => {
  it("lets both keys sign, then the new one, and entries say so", async () => {
    const { folder, key } = await filled(2)
    const keys = await rotateKey(folder)
    expect(keys).toEqual([key, expect.not.stringContaining(key)])
    const added = keys[1] as string
    for (const one of keys) {
      const report = await verifyAuditLog(folder, { keys: [one] })
      expect(report).toMatchObject({ found: 0, keys: [{ index: 2, key: added, change: "added" }] })
    }
    expect(await rotateKey(folder, { finish: true })).toEqual([added])
    expect((await verifyAuditLog(folder, { keys: [added] })).keys).toEqual([
      { index: 2, key: added, change: "added" },
      { index: 3, key, change: "retired" },
    ])
    const { problems } = await verifyAuditLog(folder, { keys: [key] })
    expect(problems).toMatchObject([
      { kind: "signature", message: expect.stringContaining(`Expected a signature of ${key}`) },
    ])
    expect((await failure(rotateKey(folder, { finish: true }))).message).toMatch(/has one key only/)
    expect(readFileSync(join(folder, "key.pub"), "utf8")).toBe(`${added}\n`)
  })

  it("writes the entry when the log is opened, if it was interrupted before", async () => {
    const { folder } = await filled(1)
    const { folder: other } = await filled(1)
    // What is on disk between the two steps.
    const keys = readFileSync(join(folder, "key"), "utf8") + readFileSync(join(other, "key"), "utf8")
    writeFileSync(join(folder, "key"), keys, { mode: 0o600 })
    const log = await opened(folder)
    expect(log.size).toBe(2)
    await log.close()
    const again = await opened(folder)
    expect(again.size).toBe(2)
    expect(existsSync(served(folder, "tile/entries/000.p/2"))).toBe(true)
  })
})
