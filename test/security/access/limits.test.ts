// Limits what one address can do to others by guessing and flooding.

import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import path from "node:path"

import { type Context, curveKeyPair, Dealer, type MessageLike } from "ohmq"
import { type AuditEvent, type AuthenticatorOptions, hashPassword, PasswordFile, z85Decode } from "ohmq/security"
import { describe, expect, it, onTestFinished } from "vitest"

import { eventually, failure } from "../../support/sockets.js"
import { alice, ask, authenticate, bob, folder, request } from "../support.js"

const key = (publicKey: string) => z85Decode(publicKey)
const never = () => new Promise<boolean>(() => {})

/** An authenticator, and functions that return its status for a user name or a key. */
function guard(options: AuthenticatorOptions) {
  const made = authenticate(options)
  const plain = async (user: string, password = "", address = "10.0.0.1") =>
    (await ask(made.context, request("PLAIN", [user, password], { address })))[2]
  const curve = async (publicKey: string, address = "10.0.0.1") =>
    (await ask(made.context, request("CURVE", [key(publicKey)], { address })))[2]
  return { ...made, plain, curve }
}

/** How often each reason was reported. */
function reasons(told: AuditEvent[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { reason, count } of told) counts[reason] = (counts[reason] ?? 0) + count
  return counts
}

/** Sends requests, and returns the statuses that have come when the last one is answered. */
async function answers(context: Context, requests: MessageLike[][]): Promise<(string | undefined)[]> {
  const dealer = new Dealer({ context, linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0 })
  onTestFinished(() => dealer.close())
  dealer.connect("inproc://zeromq.zap.01")
  for (const [index, [version = "", , ...rest]] of requests.entries()) {
    await dealer.send(["", version, String(index), ...rest])
  }
  const statuses: (string | undefined)[] = []
  for (;;) {
    const [, , index, status] = (await dealer.receive({ timeout: 10_000 })).map(String)
    statuses.push(status)
    if (index === String(requests.length - 1)) return statuses
  }
}

const times = (count: number) => Array.from({ length: count })

describe("simultaneous attempts", () => {
  it("cannot exceed the limit together", async () => {
    const calls: (() => void)[] = []
    const handler = () => new Promise<boolean>((resolve) => calls.push(() => resolve(false)))
    const { plain } = guard({ plain: handler, failureLimit: { failures: 3 } })
    const asked = times(12).map(() => plain("u"))
    await eventually(() => expect(calls).toHaveLength(3))
    for (const call of calls) call()
    const statuses = await Promise.all(asked)
    expect([calls.length, statuses.filter((status) => status === "300").length]).toEqual([3, 9])
  })

  it("from one address wait for each other, and are all allowed", async () => {
    let [running, most] = [0, 0]
    const handler = async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise(setImmediate)
      running -= 1
      return true
    }
    const { plain } = guard({ plain: handler, failureLimit: { failures: 3 } })
    expect(new Set(await Promise.all(times(40).map(() => plain("u"))))).toEqual(new Set(["200"]))
    expect(most).toBe(3)
  })

  it("count as failures if they time out, and make room", async () => {
    let calls = 0
    const handler = () => {
      calls += 1
      return never()
    }
    const { plain, told } = guard({ plain: handler, timeout: 30, failureLimit: { failures: 2, window: 300 } })
    for (const _ of times(3)) expect(await plain("u")).toBe("300")
    expect(calls).toBe(2)
    expect(told.at(-1)?.reason).toBe("too many failures")
    await eventually(async () => {
      await plain("u")
      expect(calls).toBe(3)
    })
  })

  it("from one address can take only half of the places", async () => {
    const handler = ({ username }: { username: string }) => (username === "good" ? true : never())
    const { plain, told } = guard({ plain: handler, pending: 4, failureLimit: { failures: 1 } })
    for (const _ of times(3)) plain("bad").catch(() => {})
    expect(await plain("bad")).toBe("300")
    expect(told).toMatchObject([{ reason: "too many decisions in progress" }])
    expect(await plain("good", "", "10.0.0.2")).toBe("200")
  })

  /** An authenticator whose function can be made to refuse keys, or to hang, except for bob's; and the keys for which it hangs. */
  function slow(options: AuthenticatorOptions) {
    const asked: string[] = []
    const state = { hangs: false, refuses: false }
    const handler = ({ publicKey }: { publicKey: string }) => {
      if (publicKey === bob.publicKey) return true
      if (!state.hangs) return !state.refuses
      asked.push(publicKey)
      return never()
    }
    const guarded = guard({ curve: handler, ...options })
    // How many are refused at once: the others are in progress or wait, and do so until the end of the test.
    const refused = async (publicKeys: string[]) => {
      const last = request("CURVE", [key(bob.publicKey)], { address: "10.0.0.2" })
      const statuses = await answers(guarded.context, [...publicKeys.map((own) => request("CURVE", [key(own)])), last])
      expect(statuses.pop()).toBe("200")
      expect(new Set(statuses)).toEqual(new Set(["300"]))
      return statuses.length
    }
    return { ...guarded, asked, state, refused }
  }

  it("with a CURVE key that was allowed can take only half of the places", async () => {
    const { curve, asked, state, refused } = slow({ pending: 20, failureLimit: { failures: 2 } })
    expect(await curve(alice.publicKey)).toBe("200")
    state.hangs = true
    expect(await refused(times(30).map(() => alice.publicKey))).toBe(30 - 2 - 10)
    expect(asked).toHaveLength(2)
    // A key that was allowed, too, and does not have to wait.
    expect(await curve(bob.publicKey)).toBe("200")
  })

  it("with a CURVE key that was allowed can take a quarter of the places when unknown keys take half", async () => {
    const { curve, asked, state, refused } = slow({ pending: 20, failureLimit: { failures: 2 } })
    expect(await curve(alice.publicKey)).toBe("200")
    state.hangs = true
    expect(await refused(times(30).map(() => curveKeyPair().publicKey))).toBe(30 - 2 - 10)
    expect(await refused(times(30).map(() => alice.publicKey))).toBe(30 - 2 - 5)
    expect(asked).toHaveLength(4)
  })

  it("with CURVE keys that have failed can take only half of the places", async () => {
    const { curve, asked, state, refused } = slow({ pending: 12, failureLimit: { failures: 4 } })
    const keys = times(4).map(() => curveKeyPair().publicKey)
    state.refuses = true
    for (const publicKey of keys) expect(await curve(publicKey)).toBe("400")
    state.hangs = true
    expect(await refused([...keys, ...keys, ...keys])).toBe(6)
    expect(asked).toHaveLength(6)
  })

  it("do not hold up peers of their address whose keys are looked up", async () => {
    const { context, plain } = guard({
      plain: never,
      domains: { listed: { curve: [alice] } },
      pending: 4,
      failureLimit: { failures: 1 },
    })
    for (const _ of times(3)) plain("bad").catch(() => {})
    expect(await plain("bad")).toBe("300")
    expect((await ask(context, request("CURVE", [key(alice.publicKey)], { domain: "listed" })))[2]).toBe("200")
  })
})

describe("PasswordFile", () => {
  async function passwords() {
    const file = path.join(folder(), "passwords")
    writeFileSync(file, `alice:${await hashPassword("one")}\n`, { mode: 0o600 })
    return file
  }

  it("does not verify passwords whose signal was aborted", async () => {
    const file = new PasswordFile(await passwords())
    onTestFinished(() => file.close())
    const controller = new AbortController()
    const { signal } = controller
    const running = [1, 2].map(() => file.verify("alice", "wrong"))
    const guesses = times(20).map(() => file.verify("alice", "wrong", { signal }))
    const given = Promise.allSettled(guesses)
    const honest = file.verify("alice", "one")
    // By now, up to four are done or being verified; the others wait.
    await Promise.race([...running, ...guesses, honest])
    controller.abort()
    expect((await given).filter(({ status }) => status === "rejected").length).toBeGreaterThanOrEqual(16)
    expect(await honest).toBe(true)
    expect(await file.verify("alice", "one")).toBe(true)
    expect((await failure(() => file.verify("alice", "one", { signal }))).name).toBe("AbortError")
    expect((await failure(() => file.verify("alice", "one", { timeout: 5 } as never))).name).toBe("TypeError")
  })

  it("still verifies others while one address guesses as fast as it can", async () => {
    const { plain, told } = guard({ plain: await passwords(), timeout: 8000, failureLimit: { failures: 2 } })
    const guesses = Promise.all(times(60).map(() => plain("alice", "wrong")))
    expect(await plain("alice", "one", "10.0.0.2")).toBe("200")
    expect(new Set(await guesses)).toEqual(new Set(["300", "400"]))
    expect(reasons(told)["wrong user name or password"]).toBe(2)
  })
})

describe("failureLimit", () => {
  it("counts a system user over ipc as one source, whatever the process", async () => {
    const { plain } = guard({ plain: () => false, failureLimit: { failures: 2 } })
    const statuses: (string | undefined)[] = []
    for (const process of [10, 11, 12]) statuses.push(await plain("u", "p", `localhost:1000:1000:${process}`))
    expect(statuses).toEqual(["400", "400", "300"])
    expect(await plain("u", "p", "localhost:1001:1000:12")).toBe("400")
  })

  it("denies unknown keys at once, and reports those past the limit as one event", async () => {
    const { curve, told, authenticator } = guard({ curve: [alice], failureLimit: { failures: 3, window: 60_000 } })
    for (const _ of times(10)) expect(await curve(bob.publicKey)).toBe("400")
    const seen = { reason: "unknown key", count: 1 }
    expect(told).toMatchObject([seen, seen, seen, { reason: "too many failures", count: 1, status: 400 }])
    // It does not affect a known key from the same address.
    expect(await curve(alice.publicKey)).toBe("200")
    await authenticator.close()
    const last = told.at(-1) as AuditEvent
    expect(last).toMatchObject({ reason: "too many failures", count: 6, publicKey: bob.publicKey, address: "10.0.0.1" })
    expect(last.first).toBeLessThanOrEqual(last.time)
  })

  it("counts a CURVE key that a function refuses once for its address, and never refuses one that it allowed", async () => {
    let calls = 0
    const allowed = new Set([alice.publicKey])
    const handler = ({ publicKey }: { publicKey: string }) => {
      calls += 1
      return allowed.has(publicKey)
    }
    const { curve, told } = guard({ curve: handler, failureLimit: { failures: 3, window: 60_000 } })
    // A revoked key that tries for ever is not asked about for ever, and a peer of its address that was never seen before is let in.
    const statuses: (string | undefined)[] = []
    for (const _ of times(6)) statuses.push(await curve(bob.publicKey))
    expect([statuses, calls]).toEqual([["400", "400", "400", "300", "300", "300"], 3])
    expect(await curve(alice.publicKey)).toBe("200")
    // A flood of keys is not looked into, but the key that was allowed is.
    const flood = await Promise.all(times(20).map(() => curve(curveKeyPair().publicKey)))
    expect([flood.filter((status) => status === "400").length, calls]).toEqual([2, 6])
    expect(reasons(told)["too many failures"]).toBeGreaterThan(0)
    for (const _ of times(5)) expect(await curve(alice.publicKey)).toBe("200")
    expect(await curve(curveKeyPair().publicKey)).toBe("300")
    // No longer allowed, it is like any other key.
    allowed.delete(alice.publicKey)
    for (const status of ["400", "400", "400", "300"]) expect(await curve(alice.publicKey)).toBe(status)
  })

  it("counts a CURVE key that is refused and allowed in turn once for its address", async () => {
    let isAllowed = false
    const handler = ({ publicKey }: { publicKey: string }) => publicKey === bob.publicKey || isAllowed
    const { curve } = guard({ curve: handler, failureLimit: { failures: 3, window: 60_000 } })
    for (const status of ["400", "200", "400", "200", "400", "200"]) {
      isAllowed = status === "200"
      expect(await curve(alice.publicKey)).toBe(status)
    }
    expect(await curve(bob.publicKey)).toBe("200")
    // It has counted, once.
    isAllowed = false
    const statuses: (string | undefined)[] = []
    for (const _ of times(3)) statuses.push(await curve(curveKeyPair().publicKey))
    expect(statuses).toEqual(["400", "400", "300"])
  })

  it("bounds what an attacker with many CURVE keys makes a function decide", async () => {
    let calls = 0
    const handler = () => {
      calls += 1
      return false
    }
    const { curve } = guard({ curve: handler, failureLimit: { failures: 3, window: 60_000 } })
    const keys = times(10).map(() => curveKeyPair().publicKey)
    for (const _ of times(5)) await Promise.all(keys.map((publicKey) => curve(publicKey)))
    // Three keys, each three times.
    expect(calls).toBe(9)
    // Another address can make it decide as much again, with other keys.
    for (const _ of times(5)) await Promise.all(keys.map((publicKey) => curve(publicKey, "10.0.0.2")))
    expect(calls).toBe(18)
    // One key from many addresses is refused like one that stays.
    const { publicKey } = curveKeyPair()
    for (const last of times(10).keys()) await curve(publicKey, `10.0.1.${last}`)
    expect(calls).toBe(21)
  })

  it("remembers the last 10,000 CURVE keys that were allowed, and the last 10,000 addresses that failed", async () => {
    let isAllowed = true
    const { context, curve } = guard({ curve: () => isAllowed, failureLimit: { failures: 1, window: 600_000 } })
    const keys = times(10_001).map(() => randomBytes(32))
    const passing = keys.map((own) => request("CURVE", [own]))
    expect(new Set(await answers(context, passing))).toEqual(new Set(["200"]))
    isAllowed = false
    const addresses = times(10_001).map((_, index) => `10.1.${index >> 8}.${index & 255}`)
    const failing = addresses.map((address) => request("CURVE", [randomBytes(32)], { address }))
    expect(new Set(await answers(context, failing))).toEqual(new Set(["400"]))
    isAllowed = true
    const fromFirst = (own: Buffer) => request("CURVE", [own], { address: addresses[1] as string })
    const [forgotten, known] = await answers(context, keys.slice(0, 2).map(fromFirst))
    expect([forgotten, known]).toEqual(["300", "200"])
    expect(await curve(curveKeyPair().publicKey, addresses[0])).toBe("200")
  })

  it("counts simultaneous attempts with one CURVE key together", async () => {
    const calls: (() => void)[] = []
    const handler = ({ publicKey }: { publicKey: string }) =>
      publicKey === alice.publicKey || new Promise<boolean>((resolve) => calls.push(() => resolve(false)))
    const { curve } = guard({ curve: handler, failureLimit: { failures: 3, window: 60_000 } })
    const asked = times(12).map(() => curve(bob.publicKey))
    await eventually(() => expect(calls).toHaveLength(3))
    const waits = curve(alice.publicKey)
    for (const call of calls) call()
    const statuses = await Promise.all(asked)
    expect([calls.length, statuses.filter((status) => status === "300").length]).toEqual([3, 9])
    expect(await waits).toBe("200")
  })

  it("does not count against a CURVE key that was allowed that a later decision was too slow", async () => {
    let [isSlow, calls] = [false, 0]
    const handler = () => {
      calls += 1
      return isSlow ? never() : true
    }
    const { curve } = guard({ curve: handler, timeout: 30, failureLimit: { failures: 2, window: 60_000 } })
    expect(await curve(alice.publicKey)).toBe("200")
    isSlow = true
    for (const _ of times(4)) expect(await curve(alice.publicKey)).toBe("300")
    for (const _ of times(3)) expect(await curve(bob.publicKey)).toBe("300")
    expect(calls).toBe(1 + 4 + 2)
    isSlow = false
    expect(await curve(alice.publicKey)).toBe("200")
    expect(await curve(bob.publicKey)).toBe("300")
  })

  it("reports the rest at the end of the window", async () => {
    const { curve, told } = guard({ curve: [alice], failureLimit: { failures: 1, window: 200 } })
    for (const _ of times(5)) await curve(bob.publicKey)
    await eventually(() => expect(told.at(-1)?.count).toBe(3))
    expect(reasons(told)).toEqual({ "unknown key": 1, "too many failures": 4 })
  })

  it("reports an address that is denied repeatedly a limited number of times", async () => {
    const { curve, told, authenticator } = guard({
      curve: [alice],
      addresses: { deny: ["10.0.0.1"] },
      failureLimit: { failures: 3, window: 60_000 },
    })
    for (const _ of times(10)) expect(await curve(alice.publicKey)).toBe("400")
    expect(told).toHaveLength(3)
    await authenticator.close()
    expect(reasons(told)).toEqual({ "address denied": 10 })
    expect(told).toHaveLength(4)
  })
})
