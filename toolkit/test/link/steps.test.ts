// A crash of either end before and after each step of the protocol, and many at random steps, against a reference of a few lines: what the
// sender's store held and selected is what the receiver's has, in order, once.

import { once } from "node:events"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import type { Entry, NewEvent, Store } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { random } from "./ends.js"
import { type Crash, CrashingLink, type End, type Step, steps } from "./steps.js"
import { entries, event, idOf, ids, opened, receiving, sending, temporaryFolder } from "./support.js"

const seed = Number(process.env.OHMQ_SEED ?? Date.now() % 1_000_000)
const rounds = Number(process.env.OHMQ_ROUNDS ?? 10)

const numbered = (first: number, count: number, prefix = "e"): NewEvent[] =>
  Array.from({ length: count }, (_, i) => {
    const id = `${prefix}${first + i}`
    if ((first + i) % 11 === 0) return { frames: [Buffer.from("x"), Buffer.from(JSON.stringify({ id }))] }
    return event(id, 100)
  })
const numberOf = (entry: Entry) => Number(idOf(entry).slice(1))
const isSelected = (entry: Entry) => numberOf(entry) % 4 !== 0
const isValid = (entry: Entry) => String(entry.frames[0]) !== "x"
const select = (entry: Entry) => (isSelected(entry) ? entry.frames : undefined)

/** A store that has lost its oldest events, holds some others, and keeps what comes from now on. */
async function source(): Promise<Store> {
  const folder = temporaryFolder()
  const small = await opened(folder, { maxCount: 60, segmentEntries: 10 })
  await small.addCursor("link s")
  for (let i = 0; i < 7; i++) await small.append(numbered(1 + 10 * i, 10), { whenFull: "drop-oldest" })
  await small.close()
  const store = await opened(folder)
  await store.addCursor("test")
  return store
}

/** What must be at the receiver. */
async function reference(store: Store) {
  const held = (await entries(store)).filter(({ gap }) => !gap)
  return {
    events: held.filter((entry) => isSelected(entry) && isValid(entry)).map(idOf),
    dead: held.filter((entry) => isSelected(entry) && !isValid(entry)).map(idOf),
    lost: store.stats().first - 1,
  }
}

async function drained(link: CrashingLink, ended: () => boolean = () => false): Promise<void> {
  for (const since = Date.now(); ; ) {
    await link.settled()
    if (Date.now() - since > 15_000) throw new Error(`The link hangs: ${JSON.stringify(link.state())}`)
    const waiting = link.stores.sender.stats().cursors["link s"]?.waiting
    if (
      ended() ||
      (waiting === 0 && link.left.length === 0) ||
      (waiting === 0 && link.sender?.stats().state === "connected")
    )
      return
    await wait(5)
  }
}

/** Appends events while the link runs, until everything is over, and compares. */
async function compare(link: CrashingLink, store: Store): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await store.append(numbered(71 + i * 3, 3))
    await wait(2)
  }
  await drained(link)
  const expected = await reference(store)
  const found = await entries(link.stores.receiver)
  expect(found.filter(({ gap }) => !gap).map(idOf)).toEqual(expected.events)
  const gaps = found.flatMap(({ gap }) => (gap ? [gap] : []))
  expect(gaps.map(({ from, to }) => [from, to])).toEqual([[1, expected.lost]])
  const dead = new Set<string>()
  for await (const { frames } of store.deadLetters("link s")) dead.add(JSON.parse(String(frames[1])).id)
  expect([...dead].toSorted()).toEqual(expected.dead.toSorted())
}

/** Steps that come once if nothing is wrong. */
const isOnce = (step: Step) => step === "hello" || step === "ready" || step === "gap"
const ends: readonly End[] = ["sender", "receiver"]
const moments = ["before", "after"] as const

describe("a link whose end crashes", () => {
  const crashes = ends.flatMap((end) => steps.flatMap((step) => moments.map((when) => ({ end, step, when, nth: 1 }))))
  it.each(crashes)("stores each event once: the $end, $when $step", async (crash) => {
    const store = await source()
    const link = await CrashingLink.start({ sender: store, receiver: await opened() }, [crash], { select })
    await compare(link, store)
    expect(link.crashed).toEqual([crash])
    expect(link.told).toEqual([])
  })

  it(`stores each event once: many at random steps (seed ${seed}, ${rounds} rounds)`, {
    timeout: 10_000 + 5_000 * rounds,
  }, async () => {
    console.log(`OHMQ_SEED=${seed} OHMQ_ROUNDS=${rounds}`)
    const next = random(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(next() * list.length)] as T
    let count = 0
    for (let round = 0; round < rounds; round++) {
      const many = Array.from({ length: 1 + Math.floor(next() * 6) }, (): Crash => {
        const nth = 1 + Math.floor(next() * 4)
        return { end: pick(ends), step: pick(steps), when: pick(moments), nth, lingers: next() < 0.4 }
      })
      const store = await source()
      const link = await CrashingLink.start({ sender: store, receiver: await opened() }, many, { select })
      try {
        await compare(link, store)
        expect(link.told).toEqual([])
      } catch (error) {
        throw new Error(`Round ${round}: ${JSON.stringify(link.crashed)}`, { cause: error })
      }
      count += link.crashed.length
      await link.close()
    }
    console.log(`${count} crashes`)
    expect(count).toBeGreaterThan(rounds / 2)
  })
})

describe("a link whose receiver loses its disk", () => {
  it.each(steps.map((step) => ({ step, when: "after" as const })))(
    "sends again all that is held: $when $step",
    async ({ step, when }) => {
      const store = await source()
      const crash: Crash = { end: "receiver", step, when, nth: isOnce(step) ? 1 : 2, store: () => opened() }
      const link = await CrashingLink.start({ sender: store, receiver: await opened() }, [crash], { select })
      await compare(link, store)
      expect(link.told.filter((one) => one !== "behind")).toEqual([])
    },
  )
})

describe("two senders with one stream", () => {
  it.each([[5], [25]])("are not taken for each other, if the second has %i events", async (count) => {
    const target = await opened()
    const receiver = await receiving(target)
    const [one, two] = [await opened(), await opened()]
    await one.append(numbered(1, 10))
    await two.append(numbered(1, count, "f"))
    const first = await sending(one, receiver.endpoint)
    await first.drained()
    const second = await sending(two, receiver.endpoint)
    expect((await once(second, "disconnected"))[0]).toMatchObject({ refusal: "stream-in-use" })
    const stopped = once(second, "stopped")
    await first.close()
    expect((await stopped)[0]).toMatchObject({ code: "RESTORED" })
    expect((await ids(target)).length).toBe(10)
  })
})

describe("a link whose sender is restored from a backup", () => {
  it.each(steps.map((step) => ({ step, when: "after" as const })))(
    "stops, or has lost nothing: $when $step",
    async ({ step, when }) => {
      const store = await source()
      const backup = `${temporaryFolder()}/backup`
      await store.backup(backup)
      const restored = async () => {
        const other = await opened(backup)
        await other.append(numbered(201, 15, "r"))
        return other
      }
      const crash: Crash = { end: "sender", step, when, nth: isOnce(step) ? 1 : 2, store: restored }
      const link = await CrashingLink.start({ sender: store, receiver: await opened() }, [crash], { select })
      for (let i = 0; i < 8; i++) {
        await store.append(numbered(71 + i * 3, 3))
        await wait(2)
      }
      await drained(link, () => link.told.includes("stopped"))
      if (link.told.includes("stopped")) return
      expect(link.crashed).toEqual([crash])
      const found = new Set((await entries(link.stores.receiver)).map(idOf))
      const { events } = await reference(link.stores.sender)
      expect(events.filter((id) => !found.has(id))).toEqual([])
    },
  )
})
