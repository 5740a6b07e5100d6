// What an attacker with access to the files can do, and what the verification says. docs/audit.md has the list.

import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { verifyAuditLog } from "ohmq-toolkit/audit"
import { describe, expect, it } from "vitest"
import { checkpointOf, failure, filled, newLog, opened, served, temporaryFolder } from "./support.js"

const bundle = "tile/entries/000"

/** Splits a bundle, lets it be changed, and writes it again. */
function edit(folder: string, path: string, change: (entries: Buffer[]) => Buffer[]) {
  const bytes = readFileSync(served(folder, path))
  const entries: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + bytes.readUInt16BE(at)
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  const framed = change(entries).flatMap((entry) => [Buffer.from([entry.length >> 8, entry.length & 255]), entry])
  writeFileSync(served(folder, path), Buffer.concat(framed))
}

const verified = async (folder: string, key: string, checkpoints: string[] = []) =>
  verifyAuditLog(folder, { keys: [key], checkpoints })

describe("a log of 300 entries", () => {
  it("is intact as it stands, also as a copy of what is served", async () => {
    const { folder, key } = await filled(300)
    for (const path of [folder, join(folder, "public")])
      expect(await verified(path, key)).toMatchObject({ found: 0, size: 300, origin: "audit.example.com/test" })
  })

  const changes: [string, (entries: Buffer[]) => Buffer[], number, RegExp][] = [
    [
      "a changed byte",
      (all) => all.map((entry, i) => (i === 7 ? Buffer.from("Entry 7") : entry)),
      7,
      /^Entry 7 was changed: its hash is \S+\. Expected \S+, which the tree has/,
    ],
    ["a missing entry", (all) => all.toSpliced(9, 1), 9, /^Entry 9 is missing: entry 10 is in its place/],
    [
      "swapped entries",
      (all) => all.with(3, all[200] as Buffer).with(200, all[3] as Buffer),
      3,
      /^Entry 3 and entry 200 are swapped/,
    ],
    ["a repeated entry", (all) => all.with(5, all[4] as Buffer), 5, /^Entry 4 is repeated in the place of entry 5/],
    [
      "an entry in another's place",
      (all) => all.with(5, all[100] as Buffer),
      5,
      /^Entry 100 is in the place of entry 5/,
    ],
    ["a bundle that is cut", (all) => all.slice(0, 250), 250, /^Entry 250 is missing: the bundle ends before it/],
    ["an inserted entry", (all) => all.toSpliced(2, 0, Buffer.from("new")), 2, /^Entry 2 was changed/],
  ]
  for (const [name, change, index, message] of changes)
    it(`shows ${name}`, async () => {
      const { folder, key } = await filled(300)
      edit(folder, bundle, change)
      const { problems } = await verified(folder, key)
      expect(problems.find(({ message: said }) => message.test(said))).toMatchObject({
        kind: "entry",
        index,
        file: bundle,
      })
    })

  it("shows bytes after the last entry", async () => {
    const { folder, key } = await filled(300)
    writeFileSync(served(folder, bundle), Buffer.from([0]), { flag: "a" })
    expect((await verified(folder, key)).problems).toMatchObject([
      { kind: "entry", message: expect.stringContaining("has bytes after entry 255") },
    ])
  })

  it("shows a changed tile, at each level", async () => {
    for (const path of ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"]) {
      const { folder, key } = await filled(300)
      const bytes = readFileSync(served(folder, path))
      bytes[0] = (bytes[0] as number) ^ 1
      writeFileSync(served(folder, path), bytes)
      const { problems, found } = await verified(folder, key)
      expect(found, path).toBeGreaterThan(0)
      expect(problems[0]?.message, path).toContain(path)
    }
  })

  it("shows a changed file that only older checkpoints cover, until its tile is full", async () => {
    const { folder, key } = await filled(9)
    const grow = async (count: number) => {
      const log = await opened(folder)
      await Promise.all(Array.from({ length: count }, (_, i) => log.append(`more ${i}`)))
      await log.close()
    }
    await grow(11)
    const paths = ["tile/entries/000.p/9", "tile/0/000.p/9"]
    expect(await verified(folder, key)).toMatchObject({ found: 0, size: 20 })
    for (const [path, change, message] of [
      [paths[0], (all) => Buffer.from(all).fill("x", 4, 5), "was changed at entry 0: it has the hash"],
      [paths[0], (all) => all.subarray(0, -1), "was changed at entry 8: it ends before it"],
      [paths[0], (all) => Buffer.concat([all, Buffer.from([0, 1, 65])]), "has more than its 9 entries"],
      [paths[1], (all) => Buffer.from(all).fill(0, 32, 64), "was changed at entry 1: it has the hash AAAA"],
      [paths[1], (all) => Buffer.concat([all, Buffer.alloc(1)]), "has more than its 9 hashes"],
    ] as [string, (all: Buffer) => Buffer, string][]) {
      const bytes = readFileSync(served(folder, path))
      writeFileSync(served(folder, path), change(bytes))
      const { problems, found } = await verified(folder, key)
      expect(found, path).toBe(1)
      expect(problems[0]).toMatchObject({ file: path, kind: path === paths[0] ? "entry" : "tile" })
      expect(problems[0]?.message).toContain(`${path}, which older checkpoints cover, ${message}`)
      writeFileSync(served(folder, path), bytes)
    }
    await grow(256)
    for (const path of paths) expect(existsSync(served(folder, path))).toBe(false)
    expect(await verified(folder, key)).toMatchObject({ found: 0, size: 276 })
  })

  it("shows a missing file, and says what was in it", async () => {
    for (const [path, message] of [
      [bundle, "tile/entries/000 is missing. Expected the entries 0 to 255"],
      ["tile/entries/001.p/44", "tile/entries/001.p/44 is missing. Expected the entries 256 to 299"],
      ["tile/0/000", "tile/0/000 is missing. Expected the hashes of entries 0 to 255"],
      ["tile/1/000.p/1", "tile/1/000.p/1 is missing. Expected the hashes of the tree for entries 0 to 255"],
    ] as const) {
      const { folder, key } = await filled(300)
      rmSync(served(folder, path))
      expect((await verified(folder, key)).problems.map((problem) => problem.message)).toContain(message)
    }
  })

  it("shows entries that were rewritten together with all tiles", async () => {
    const { folder, key } = await filled(300)
    const old = checkpointOf(folder)
    // Another log with another entry 100, and all that fits it, under the checkpoint that was signed.
    const { folder: other, log } = await newLog()
    await Promise.all(Array.from({ length: 300 }, (_, i) => log.append(i === 100 ? "nothing happened" : `entry ${i}`)))
    await log.close()
    rmSync(served(folder, "tile"), { recursive: true })
    cpSync(served(other, "tile"), served(folder, "tile"), { recursive: true })
    expect((await verified(folder, key)).problems).toMatchObject([
      {
        kind: "root",
        message: expect.stringMatching(/^The 300 entries have the root \S+\. Expected \S+, which was signed\.$/),
      },
    ])
    expect((await verified(folder, key, [old])).problems.map(({ kind }) => kind)).toEqual(["fork", "root"])
  })

  it("shows a checkpoint that was changed, or is signed by another key", async () => {
    const { folder, key } = await filled(3)
    const { key: other } = await filled(3)
    expect((await verified(folder, other)).problems[0]?.message).toMatch(/Expected a signature of/)
    writeFileSync(served(folder, "checkpoint"), checkpointOf(folder).replace("\n3\n", "\n2\n"))
    expect((await verified(folder, key)).problems).toMatchObject([
      { kind: "signature", message: expect.stringContaining("The signature of audit.example.com/test is wrong") },
    ])
    writeFileSync(served(folder, "checkpoint"), "nonsense")
    expect((await verified(folder, key)).problems[0]?.kind).toBe("signature")
  })
})

describe("a back-dated record", () => {
  it("is shown, although the owner of the key has signed it", async () => {
    // The file of a record is rewritten before it is covered by anything: the owner appends what looks like no record, and edits nothing.
    const { folder, key, log } = await newLog()
    await log.append('{"time":"2026-03-01T10:00:00.000Z","type":"a"}')
    await log.close()
    // An owner who has set the log's memory of the time back.
    const head = JSON.parse(readFileSync(join(folder, "head"), "utf8"))
    writeFileSync(join(folder, "head"), JSON.stringify({ ...head, time: 0 }))
    const again = await opened(folder)
    await again.append('{"time":"2026-02-01T10:00:00.000Z","type":"b"}')
    await again.close()
    expect((await verified(folder, key)).problems).toEqual([
      {
        kind: "time",
        index: 1,
        message:
          "Entry 1 is back-dated: it is of 2026-02-01T10:00:00.000Z, but an entry before it is of 2026-03-01T10:00:00.000Z",
      },
    ])
  })
})

describe("a log that was rolled back", () => {
  it("is shown by a newer checkpoint, and does not open if it was restored in part", async () => {
    const { folder, key } = await filled(10)
    const backup = join(temporaryFolder(), "backup")
    cpSync(folder, backup, { recursive: true, filter: (path) => !/owner\.\d+$/.test(path) })
    const log = await opened(folder)
    await log.append("what nobody is to see")
    await log.close()
    const newer = checkpointOf(folder)
    expect((await verified(backup, key)).found).toBe(0)
    expect((await verified(backup, key, [newer])).problems).toMatchObject([
      {
        kind: "rollback",
        index: 10,
        message:
          "The log was rolled back: it has 10 entries, but a checkpoint with 11 was signed. Expected the entries 10 to 10",
      },
    ])
    renameSync(join(backup, "head"), join(folder, "head"))
    expect((await failure(opened(folder))).code).toBe("ROLLED_BACK")
  })
})

describe("a forked log that is shown to two readers", () => {
  it("is shown by the checkpoint of the other one", async () => {
    const { folder, key } = await filled(10)
    const fork = join(temporaryFolder(), "fork")
    cpSync(folder, fork, { recursive: true, filter: (path) => !/owner\.\d+$/.test(path) })
    const first = checkpointOf(folder)
    for (const [path, text] of [
      [folder, "for one"],
      [fork, "for the other"],
    ] as const) {
      const log = await opened(path)
      await log.append(text)
      await log.close()
    }
    const [one, other] = [checkpointOf(folder), checkpointOf(fork)]
    for (const [path, elsewhere] of [
      [folder, other],
      [fork, one],
    ] as const) {
      expect(await verified(path, key, [first])).toMatchObject({ found: 0, consistentWith: [10] })
      expect((await verified(path, key, [elsewhere])).problems).toMatchObject([
        { kind: "fork", index: 11, message: expect.stringContaining("Keep both checkpoints: they prove it") },
      ])
    }
    // A checkpoint of another log is not mistaken for one of this log.
    const { folder: stranger } = await filled(1)
    expect((await verified(folder, key, [checkpointOf(stranger)])).problems[0]?.kind).toBe("signature")
  })
})
