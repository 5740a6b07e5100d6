import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { checkStore, type DamageError, type Entry, openStore, StoreError } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { entries, event, failure, numbered, opened, temporaryFolder, texts } from "./support.js"

const rounds = Number(process.env.OHMQ_DAMAGES ?? 150)
const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const count = 300

/** A store with a few segments, that was closed. */
async function example(): Promise<string> {
  const folder = join(temporaryFolder(), "store")
  const store = await openStore(folder, { segmentBytes: 10_000 })
  await store.addCursor("c")
  for (let i = 1; i <= count; i += 10) {
    await store.append(
      Array.from({ length: 10 }, (_, n) => numbered(i + n, 50)),
      { stream: "s", sequence: i },
    )
  }
  for (const entry of (await entries(store, "c")).slice(0, 5)) await store.deadLetter("c", entry, "no")
  await store.commit("c", 0)
  await store.close()
  return folder
}

const segments = (folder: string) => readdirSync(join(folder, "log")).filter((name) => name.endsWith(".seg"))

/** The last file, and its bytes. */
function lastFile(folder: string) {
  const path = join(folder, "log", segments(folder).at(-1) as string)
  return { path, bytes: readFileSync(path) }
}

describe("a damaged store", () => {
  it("is refused if the end was cut off, and says what to do", async () => {
    const folder = await example()
    const { path, bytes } = lastFile(folder)
    truncateSync(path, bytes.length - 20)
    const { code, message } = await failure(openStore(folder))
    expect(code).toBe("DAMAGED")
    expect(message).toMatch(
      /^Entr(y|ies) \d+( to 300)? cannot be read: an incomplete record at byte \d+ of log\/\d{16}\.seg\. Restore the store from a backup, or repair it/,
    )
  })

  it("cuts off what was never confirmed", async () => {
    const folder = await example()
    const { path, bytes } = lastFile(folder)
    for (const rest of [bytes.subarray(200, 300), Buffer.alloc(5000), bytes.subarray(bytes.length - 70)]) {
      writeFileSync(path, Buffer.concat([bytes, rest]))
      const store = await openStore(folder)
      expect(store.stats().last).toBe(count)
      expect(await texts(store, "c")).toHaveLength(count)
      await store.close()
      expect(statSync(path).size).toBe(bytes.length)
    }
  })

  it("reads up to the damage, then says where it is; other parts can be read", async () => {
    const folder = await example()
    const path = join(folder, "log", segments(folder)[1] as string)
    const bytes = readFileSync(path)
    bytes[3000] = (bytes[3000] as number) ^ 4
    writeFileSync(path, bytes)
    const store = await opened(folder)
    const read: Entry[] = []
    const error = await failure(
      (async () => {
        for await (const batch of store.read("c", { max: 1 })) read.push(...batch)
      })(),
    )
    expect(error).toMatchObject({ code: "DAMAGED", message: expect.stringContaining("a wrong checksum") })
    const [damage] = (await store.check()).damage
    expect(damage).toMatchObject({ file: `log/${segments(folder)[1]}`, reason: "a wrong checksum" })
    expect(read.length).toBeGreaterThanOrEqual(Number(segments(folder)[1]?.slice(0, 16)) - 1)
    expect(await texts(store, "c", { from: (damage?.last as number) + 1 })).toHaveLength(
      count - (damage?.last as number),
    )
  })

  it("is repaired: intact entries stay, a gap stands for the others", async () => {
    const folder = await example()
    const path = join(folder, "log", segments(folder)[1] as string)
    const bytes = readFileSync(path)
    bytes[3000] = (bytes[3000] as number) ^ 4
    writeFileSync(path, bytes)
    const store = await opened(folder, { repair: true })
    const read = await entries(store, "c")
    const gaps = read.filter(({ gap }) => gap)
    expect(gaps).toHaveLength(1)
    expect(gaps[0]?.gap).toMatchObject({ reason: "damaged" })
    expect(read).toHaveLength(count)
    expect(readdirSync(join(folder, "damaged"))).toEqual([`log-${segments(folder)[1]}`])
    expect((await store.check()).damage).toEqual([])
    await store.append([event("next")])
  })

  it(`is never a crash, a wrong entry or a silent loss, whatever is damaged (${rounds} times, seed ${seed})`, {
    timeout: 120_000,
  }, async () => {
    const original = await example()
    let state = seed
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 0x1_0000_0000) * below)
    }
    const outcomes: Record<string, number> = {}
    for (let round = 0; round < rounds; round++) {
      const folder = join(temporaryFolderOf(original), `copy${round}`)
      cpSync(original, folder, { recursive: true, filter: (path) => !/owner|claim/.test(path) })
      const files = ["log", "log", "log", "state", "dead"].flatMap((log) =>
        readdirSync(join(folder, log)).map((name) => join(folder, log, name)),
      )
      const path = files[random(files.length)] as string
      const bytes = readFileSync(path)
      const kind = ["flip", "zero", "cut", "remove", "garbage"][round % 5] as string
      const at = random(bytes.length)
      if (kind === "flip") bytes[at] = (bytes[at] as number) ^ (1 << random(8))
      if (kind === "zero") bytes.fill(0, at, Math.min(at + 512, bytes.length))
      if (kind === "garbage") for (let i = at; i < Math.min(at + 100, bytes.length); i++) bytes[i] = random(256)
      if (kind === "remove") rmSync(path)
      else writeFileSync(path, kind === "cut" ? bytes.subarray(0, at) : bytes)

      const where = `${kind} at ${at} of ${path}, seed ${seed}`
      let outcome = "nothing was lost"
      try {
        const store = await openStore(folder)
        try {
          if (store.stats().cursors.c === undefined) throw new Error(`The cursor is gone: ${where}`)
          const read = await texts(store, "c")
          expect(read, where).toEqual(Array.from({ length: count }, (_, i) => String(i + 1)))
          expect(store.sequenceOf("s"), where).toBe(count)
          for await (const letter of store.deadLetters("c")) expect(letter.reason).toBe("no")
        } finally {
          await store.close()
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        expect(error.code, where).toBe("DAMAGED")
        expect((error as DamageError).damage.reason).not.toBe("")
        expect((await checkStore(folder)).damage.length, where).toBeGreaterThan(0)
        outcome = "refused"
      }
      const store = await openStore(folder, { repair: true })
      await store.addCursor("c")
      const read = await entries(store, "c", { from: 1 })
      let next = 1
      let lost = 0
      for (const { position, gap, frames } of read) {
        if (gap) {
          expect(gap.from, where).toBe(next)
          lost += gap.to - gap.from + 1
        } else {
          expect(position, where).toBe(next)
          expect(String(frames[0]), where).toBe(String(position))
        }
        next = position + 1
      }
      expect(next, where).toBe(count + 1)
      if (outcome === "nothing was lost") expect(lost, where).toBe(0)
      await store.append([event("next")])
      await store.close()
      expect((await checkStore(folder)).damage, where).toEqual([])
      rmSync(folder, { recursive: true })
      const name = `${kind}: ${outcome}`
      outcomes[name] = (outcomes[name] ?? 0) + 1
    }
    console.log(outcomes)
  })
})

const temporaryFolderOf = (store: string) => join(store, "..")
