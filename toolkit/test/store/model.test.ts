import { join } from "node:path"
import process from "node:process"
import fc from "fast-check"
import { openStore, type Store } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { entries, numbered, temporaryFolder, textOf } from "./support.js"

/** What a store has to be like, in a few lines. */
class Model {
  log: { text: string; only?: string }[] = []
  cursors = new Map<string, number>()
  dead = new Map<string, string[]>()
  streams = new Map<string, number>()

  waiting(cursor: string): string[] {
    const from = this.cursors.get(cursor) as number
    return this.log.slice(from).flatMap(({ text, only }) => (only === undefined || only === cursor ? [text] : []))
  }
}

type Action =
  | { do: "append"; count: number; size: number }
  | { do: "stream"; stream: string; back: number; count: number }
  | { do: "commit" | "dead" | "replay"; cursor: string; share: number }
  | { do: "reopen" | "compact" | "check" }

const cursor = fc.constantFrom("a", "b")
const share = fc.double({ min: 0, max: 1, noNaN: true })
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    do: fc.constant("append" as const),
    count: fc.integer({ min: 1, max: 12 }),
    size: fc.integer({ min: 0, max: 3000 }),
  }),
  fc.record({
    do: fc.constant("stream" as const),
    stream: fc.constantFrom("s", "t"),
    back: fc.integer({ min: 0, max: 4 }),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  fc.record({ do: fc.constantFrom("commit" as const, "dead" as const, "replay" as const), cursor, share }),
  fc.record({ do: fc.constantFrom("reopen" as const, "compact" as const, "check" as const) }),
)

describe("a store", () => {
  it("does what a list would do, also when it is opened again", { timeout: 120_000 }, async () => {
    const folder = temporaryFolder()
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), async (actions) => {
        const path = join(folder, String(run++))
        const model = new Model()
        let number = 0
        const open = () => openStore(path, { segmentBytes: 8192 })
        let store: Store = await open()
        try {
          for (const name of ["a", "b"]) {
            await store.addCursor(name)
            model.cursors.set(name, 0)
            model.dead.set(name, [])
          }
          for (const one of actions) {
            if (one.do === "append") {
              const events = Array.from({ length: one.count }, () => numbered(++number, one.size))
              expect(await store.append(events)).toBe(model.log.length + one.count)
              for (const { frames } of events) model.log.push({ text: String(frames[0]) })
            } else if (one.do === "stream") {
              const last = model.streams.get(one.stream) ?? 0
              const sequence = Math.max(last + 1 - one.back, 1)
              const events = Array.from({ length: one.count }, (_, i) => ({
                frames: [Buffer.from(`${one.stream}${sequence + i}`)],
              }))
              await store.append(events, { stream: one.stream, sequence })
              for (let next = last + 1; next < sequence + one.count; next++)
                model.log.push({ text: `${one.stream}${next}` })
              model.streams.set(one.stream, Math.max(last, sequence + one.count - 1))
            } else if (one.do === "commit") {
              const before = model.cursors.get(one.cursor) as number
              const position = before + Math.floor((model.log.length - before) * one.share)
              await store.commit(one.cursor, position)
              model.cursors.set(one.cursor, position)
            } else if (one.do === "dead") {
              const waiting = await entries(store, one.cursor)
              const entry = waiting[Math.floor(waiting.length * one.share * 0.99)]
              if (entry) {
                await store.deadLetter(one.cursor, entry, "no")
                model.dead.get(one.cursor)?.push(textOf(entry))
              }
            } else if (one.do === "replay") {
              const dead = model.dead.get(one.cursor) as string[]
              const max = Math.ceil(dead.length * one.share)
              expect(await store.replay(one.cursor, { max })).toBe(max)
              for (const text of dead.splice(0, max)) model.log.push({ text, only: one.cursor })
            } else if (one.do === "compact") await store.compact()
            else if (one.do === "check") expect((await store.check()).damage).toEqual([])
            else {
              await store.close()
              store = await open()
            }
            const stats = store.stats()
            expect(stats.last).toBe(model.log.length)
            for (const name of ["a", "b"]) {
              expect((await entries(store, name)).map(textOf)).toEqual(model.waiting(name))
              expect(stats.cursors[name]?.dead).toBe(model.dead.get(name)?.length)
            }
            for (const [stream, sequence] of model.streams) expect(store.sequenceOf(stream)).toBe(sequence)
          }
        } finally {
          await store.close()
        }
      }),
      { numRuns: Number(process.env.OHMQ_RUNS ?? 40) },
    )
  })
})
