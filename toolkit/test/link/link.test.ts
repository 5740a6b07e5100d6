import { once } from "node:events"
import { cpSync } from "node:fs"
import { LinkError } from "ohmq-toolkit/link"
import { describe, expect, it } from "vitest"
import {
  alice,
  bob,
  entries,
  event,
  idOf,
  ids,
  opened,
  portOf,
  proxied,
  receiving,
  sending,
  server,
  temporaryFolder,
} from "./support.js"

const many = (count: number, first = 1, bytes = 0) =>
  Array.from({ length: count }, (_, i) => event(`e${first + i}`, bytes))
const names = (count: number, first = 1) => Array.from({ length: count }, (_, i) => `e${first + i}`)

describe("a link", () => {
  it("brings events to the other store, in order, with their authenticated sender", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    await source.append(many(1000))
    const sender = await sending(source, receiver.endpoint)
    await source.append(many(500, 1001))
    await sender.drained()
    const found = await entries(target)
    expect(found.map(idOf)).toEqual(names(1500))
    expect(new Set(found.map((entry) => entry.sender))).toEqual(new Set(["alice"]))
    expect(sender.stats()).toMatchObject({ state: "connected", acknowledged: 1500, lag: 0, underWay: 0, sessions: 1 })
    expect(receiver.stats()).toMatchObject({
      stored: 1500,
      sessions: [{ stream: "s", sender: "alice", acknowledged: 1500, pendingBytes: 0 }],
    })
  })

  it("keeps payload frames byte for byte", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    const frames = [
      Buffer.from("a.b"),
      Buffer.from('{"specversion":"1.0","id":"1" ,"source":"/x","type":"a.b"}'),
      Buffer.from([0, 255]),
    ]
    await source.append([{ frames }])
    await (await sending(source, receiver.endpoint)).drained()
    expect((await entries(target))[0]?.frames.map(Buffer.from)).toEqual(frames)
  })

  it("sends within the credit of the receiver", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target, { window: 3000 })
    await source.append(many(200, 1, 500))
    await source.append([event("big", 10_000)])
    await (await sending(source, receiver.endpoint)).drained()
    expect((await ids(target)).length).toBe(201)
    expect(receiver.stats().refusedSessions).toBe(0)
  })

  it("waits while the receiver's store is full, and loses nothing", async () => {
    const [source, target] = [await opened(), await opened(undefined, { maxCount: 64 })]
    await target.addCursor("reader")
    const receiver = await receiving(target)
    await source.append(many(500))
    const sender = await sending(source, receiver.endpoint)
    const found: string[] = []
    for await (const batch of target.read("reader")) {
      found.push(...batch.map(idOf))
      await target.commit("reader", batch.at(-1)?.position ?? 0)
      if (found.length === 500) break
    }
    expect(found).toEqual(names(500))
    await sender.drained()
  })

  it("refuses invalid events, which become dead letters of the sender", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    await source.append([
      event("a"),
      { frames: [Buffer.from("x"), Buffer.from("{")] },
      event("b"),
      { frames: [Buffer.from("y")] },
    ])
    const sender = await sending(source, receiver.endpoint)
    await sender.drained()
    expect(await ids(target)).toEqual(["a", "b"])
    const letters = []
    for await (const letter of source.deadLetters("link s")) letters.push(letter)
    expect(letters.map(({ position }) => position)).toEqual([2, 4])
    expect(letters[0]?.reason).toMatch(/^not-json: /)
    expect(sender.stats().refused).toBe(2)
    expect(receiver.stats().refusedEvents).toBe(2)
  })

  it("does not send events that are too large for the receiver, which become dead letters", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target, { maxEventBytes: 1000 })
    await source.append([event("a"), event("b", 300_000), event("c"), event("d", 1000)])
    const sender = await sending(source, receiver.endpoint)
    await sender.drained()
    expect(await ids(target)).toEqual(["a", "c"])
    const letters = []
    for await (const letter of source.deadLetters("link s")) letters.push(letter)
    expect(letters.map(({ position }) => position)).toEqual([2, 4])
    expect(letters[0]?.reason).toMatch(/^too-large: The event has 300\d{3} bytes; the receiver's limit is 1000/)
    expect(sender.stats().sessions).toBe(1)
  })

  it("keeps a refused event until there is room for its dead letter", async () => {
    const [source, target] = [await opened(undefined, { maxDeadBytes: 4096 }), await opened()]
    await source.addCursor("link s")
    await source.append([event("a", 2500), event("b")])
    for await (const [first] of source.read("link s", { follow: false })) {
      if (first) await source.deadLetter("link s", first, "test")
    }
    const receiver = await receiving(target)
    await source.append([{ frames: [Buffer.alloc(3000, "x"), Buffer.from("{}")] }, event("c")])
    const sender = await sending(source, receiver.endpoint)
    const [error] = await once(sender, "disconnected")
    expect(error.code).toBe("FULL")
    expect(sender.stats().lag).toBeGreaterThan(0)
    await source.discard("link s")
    await sender.drained()
    expect(await ids(target)).toEqual(["a", "b", "c"])
    expect(source.stats().cursors["link s"]).toMatchObject({ dead: 1, waiting: 0 })
  })

  it("names the first sender to receivers that trust the relay, and only to them", async () => {
    const [source, target, other] = [await opened(), await opened(), await opened()]
    await source.append([event("a", 0, "github")])
    const trusting = await receiving(target, { trustSender: ["alice"] })
    await (await sending(source, trusting.endpoint)).drained()
    const wary = await receiving(other)
    await (await sending(source, wary.endpoint, { stream: "t" })).drained()
    expect((await entries(target))[0]?.sender).toBe("github")
    expect((await entries(other))[0]?.sender).toBe("alice")
    expect(wary.stats().claimedSenders).toBe(1)
  })

  it("passes positions that are not for its cursor without a gap", async () => {
    const [source, target] = [await opened(), await opened()]
    await source.addCursor("other")
    await source.append(many(3))
    for await (const [first] of source.read("other", { follow: false })) {
      if (first) await source.deadLetter("other", first, "test")
    }
    await source.replay("other")
    await source.append(many(3, 4))
    const receiver = await receiving(target)
    await (await sending(source, receiver.endpoint)).drained()
    expect(await ids(target)).toEqual(names(6))
  })

  it("announces what the sender has lost", async () => {
    const [source, target] = [await opened(undefined, { maxCount: 50 }), await opened()]
    await source.addCursor("link s")
    await source.append(many(10))
    for (let i = 0; i < 10; i++) await source.append(many(10, 11 + i * 10), { whenFull: "drop-oldest" })
    const { first } = source.stats()
    const held = (await ids(source)).filter((id) => id.startsWith("e"))
    const receiver = await receiving(target)
    const gap = once(receiver, "gap")
    await (await sending(source, receiver.endpoint)).drained()
    expect((await gap)[0]).toMatchObject({ stream: "s", sender: "alice", reason: "dropped" })
    const found = await entries(target)
    const [gap1, ...rest] = found
    expect(gap1?.gap).toMatchObject({ reason: "stream", from: 1, to: first - 1 })
    expect(rest.map(idOf)).toEqual(held)
  })
})

describe("a link that is disturbed", () => {
  it("goes on after the connection was cut, and stores each event once", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    const proxy = await proxied(() => portOf(receiver.endpoint))
    const sender = await sending(source, proxy.endpoint)
    for (let i = 0; i < 20; i++) {
      await source.append(many(100, 1 + i * 100, 200))
      proxy.cut()
      await new Promise((resolve) => setTimeout(resolve, 10 * (i % 5)))
    }
    await sender.drained()
    expect(await ids(target)).toEqual(names(2000))
    expect(sender.stats().sessions).toBeGreaterThan(1)
  })

  it("refuses a second sender with the same stream, until the first is gone", async () => {
    const [source, second, target] = [await opened(), await opened(), await opened()]
    const receiver = await receiving(target)
    const first = await sending(source, receiver.endpoint)
    await once(first, "connected")
    const other = await sending(second, receiver.endpoint)
    const [error] = await once(other, "disconnected")
    expect(error).toMatchObject({ code: "REFUSED", refusal: "stream-in-use" })
    expect(error.message).toMatch(/Another sender with the stream "s" is connected/)
    await first.close()
    await once(other, "connected")
  })

  it("keeps the streams of users apart", async () => {
    const [source, second, target] = [await opened(), await opened(), await opened()]
    const receiver = await receiving(target)
    await source.append([event("a")])
    await second.append([event("b")])
    await (await sending(source, receiver.endpoint)).drained()
    await (
      await sending(second, receiver.endpoint, { security: { client: bob, serverKey: server.publicKey } })
    ).drained()
    expect((await entries(target)).map((entry) => [idOf(entry), entry.sender])).toEqual([
      ["a", "alice"],
      ["b", "bob"],
    ])
  })

  it("stops if the store was restored from a backup", async () => {
    const folder = temporaryFolder()
    const target = await opened()
    const receiver = await receiving(target)
    const source = await opened(folder)
    const sender = await sending(source, receiver.endpoint)
    await source.append(many(10))
    await sender.drained()
    const backup = `${temporaryFolder()}/backup`
    await source.backup(backup)
    await source.append(many(10, 11))
    await sender.drained()
    await sender.close()
    await source.close()
    const copy = `${temporaryFolder()}/copy`
    cpSync(backup, copy, { recursive: true })

    // Fewer events than the receiver has.
    const short = await opened(copy)
    const restored = once(receiver, "restored")
    const stopped = await sending(short, receiver.endpoint)
    const [error] = await once(stopped, "stopped")
    expect(error).toBeInstanceOf(LinkError)
    expect(error.message).toMatch(/The receiver has event 20, but the last one of this store is 10/)
    expect((await restored)[0]).toEqual({ stream: "s", sender: "alice" })
    expect(stopped.stats()).toMatchObject({ state: "stopped", lag: 0 })

    // As many, but others.
    const long = await opened(backup)
    await long.append(many(30, 101))
    const again = await sending(long, receiver.endpoint)
    const [other] = await once(again, "stopped")
    expect(other.message).toMatch(/The receiver has another event 20 than this store/)
    expect(await ids(target)).toEqual(names(20))

    // Under a new name nothing is lost.
    await again.close()
    await (await sending(long, receiver.endpoint, { stream: "s2", cursor: "link s" })).drained()
    expect((await ids(target)).slice(20)).toEqual(names(30, 101))
  })

  it("sends again what a receiver has lost, and announces what is gone", async () => {
    const [source, target, empty] = [await opened(undefined, { segmentEntries: 10 }), await opened(), await opened()]
    let receiver = await receiving(target)
    const proxy = await proxied(() => portOf(receiver.endpoint))
    const sender = await sending(source, proxy.endpoint)
    for (let i = 0; i < 5; i++) await source.append(many(10, 1 + i * 10))
    await sender.drained()
    const behind = once(sender, "behind")
    await receiver.close()
    receiver = await receiving(empty)
    const [{ last, acknowledged, resentFrom }] = await behind
    expect([last, acknowledged]).toEqual([0, 50])
    await source.append([event("e51")])
    await sender.drained()
    const found = await ids(empty)
    expect(found.at(-1)).toBe("e51")
    expect(found).toEqual([
      ...(resentFrom > 1 ? [`stream 1-${resentFrom - 1}`] : []),
      ...names(51 - resentFrom + 1, resentFrom),
    ])
  })

  it("goes on with another receiver if one fails", async () => {
    const [source, one, two] = [await opened(), await opened(), await opened()]
    const first = await receiving(one)
    const second = await receiving(two)
    const sender = await sending(source, "", { connect: [first.endpoint, second.endpoint] })
    await source.append(many(10))
    await sender.drained()
    await first.close()
    await source.append(many(10, 11))
    await sender.drained()
    expect(await ids(one)).toEqual(names(10))
    expect(await ids(two)).toEqual(names(10, 11))
  })

  it("says why a receiver did not let it in", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    const { generateKeyPair } = await import("ohmq/security")
    const sender = await sending(source, receiver.endpoint, {
      security: { client: generateKeyPair(), serverKey: server.publicKey },
    })
    const [error] = await once(sender, "disconnected")
    expect(error.message).toMatch(/did not let this sender in/)
  })

  it("says that the receiver has another key, or none", async () => {
    const [source, target] = [await opened(), await opened()]
    const receiver = await receiving(target)
    for (const options of [{ security: { client: alice, serverKey: bob.publicKey } }, { insecure: true }]) {
      const sender = await sending(source, receiver.endpoint, { ...options, stream: "t" })
      const [error] = await once(sender, "disconnected")
      expect(error.message).toMatch(
        /ended the connection before it was secure\. Is serverKey the receiver's public key/,
      )
      await sender.close()
    }
  })
})

describe("options of a link", () => {
  it("are checked", async () => {
    const store = await opened()
    await expect(receiving(store, { windw: 1 } as object)).rejects.toThrow(/Unknown option "windw"/)
    await expect(receiving(store, { security: undefined } as object)).rejects.toThrow(/needs security/)
    await expect(sending(store, "tcp://127.0.0.1:1", { stream: "" })).rejects.toThrow(/stream to be a string/)
    await expect(sending(store, "tcp://127.0.0.1:1", { maxBackoff: 0 })).rejects.toThrow(/maxBackoff/)
  })

  it("let a signal end the sender", async () => {
    const store = await opened()
    const end = new AbortController()
    const sender = await sending(store, "tcp://127.0.0.1:1", { signal: end.signal })
    const drained = store.append(many(1)).then(() => sender.drained())
    end.abort()
    await expect(drained).rejects.toMatchObject({ code: "CLOSED" })
    expect(sender.stats().state).toBe("closed")
  })
})

describe("a receiver with many senders", () => {
  it("shares its window among them, and keeps their streams in order", async () => {
    const target = await opened()
    const receiver = await receiving(target, { totalWindow: 1 << 20 })
    const source = await opened()
    await source.append(many(50, 1, 300))
    const senders = await Promise.all(
      Array.from({ length: 300 }, (_, i) => sending(source, receiver.endpoint, { stream: `s${i}` })),
    )
    await Promise.all(senders.map((sender) => sender.drained()))
    expect(receiver.stats().sessions.length).toBe(300)
    expect(target.stats().streams).toBe(300)
    const found = await ids(target)
    expect(found.length).toBe(300 * 50)
    for (const name of names(50)) expect(found.filter((id) => id === name).length).toBe(300)
    await Promise.all(senders.map((sender) => sender.close()))
    while (receiver.stats().sessions.length > 0) await new Promise((resolve) => setTimeout(resolve, 10))
  })
})
