import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { verifyAuditLog } from "ohmq-toolkit/audit"
import { describe, expect, it } from "vitest"
import { RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { blockIn, firewall } from "../respond/firewall.js"
import { configWith, type Entry, entriesOf, token, user } from "../respond/support.js"

const rounds = Number(process.env.OHMQ_CRASH_ROUNDS ?? 5)
const seed = Number(process.env.OHMQ_SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Numbers from 0 to 1 that follow from the seed: mulberry32. */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An action that writes a line at its beginning and at its end, and so does its undoing. */
const config = configWith(`
actions:
  act:
    type: exec
    command: [sh, -c, 'echo "begin $1" >> log; sleep 0.0$2; echo "end $1" >> log', sh, "{name}", "{pause}"]
    parameters: { name: { type: token, pattern: "[a-z0-9-]+" }, pause: { type: integer, min: 0, max: 9 } }
    ${user.replace(/, $/, "")}
    undo: { ${user}command: [sh, -c, 'echo "undo $1" >> log', sh, "{name}"] }
rules:
  - { name: all, when: "true", do: act, with: { name: data.name, pause: data.pause }, expires: 300ms, limit: { count: 1000, per: 1s } }
`)

const ofType = (entries: readonly Entry[], type: string, run?: string) =>
  entries.filter((entry) => entry.type === type && (run === undefined || entry.run === run))

describe("ohmq respond run, killed with SIGKILL", () => {
  it("takes the programs of its actions with it", async () => {
    const folder = temporaryFolder()
    chmodSync(folder, 0o777)
    const slow = configWith(`
actions:
  slow: { type: exec, ${user}command: [sh, -c, 'sleep 300 & echo $! $$ > pids; wait'] }
rules:
  - { name: all, when: "true", do: slow }
`)
    const responder = await RelayProcess.start(folder, slow, "respond")
    await send(responder, {})
    const pids = () =>
      existsSync(join(folder, "pids")) ? readFileSync(join(folder, "pids"), "utf8").trim().split(" ") : []
    await until(() => pids().length === 2)
    await responder.end("SIGKILL")
    // A process that has ended may stay in the table until its parent has looked.
    const isOver = (pid: string) => {
      try {
        return / [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"))
      } catch {
        return true
      }
    }
    await until(() => pids().every(isOver))
  })
})

/** Sends an alert. Resolves to whether it was acknowledged. */
async function send({ url }: RelayProcess, data: unknown): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  return (await fetch(`${url}/alerts`, { method: "POST", body: JSON.stringify(data), headers })).status === 202
}

describe(`ohmq respond run, killed with SIGKILL (OHMQ_SEED=${seed})`, () => {
  it("decides about each alert once, begins nothing twice, and undoes all", {
    timeout: 60_000 * Math.ceil(rounds / 5),
  }, async () => {
    const random = randomFrom(seed)
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    writeFileSync(join(folder, "log"), "")
    chmodSync(join(folder, "log"), 0o666)
    const acknowledged: string[] = []
    let responder = await RelayProcess.start(folder, config, "respond")
    for (let round = 0; round < rounds; round++) {
      const wanted = acknowledged.length + 3 + Math.floor(random() * 25)
      const senders = Array.from({ length: 4 }, async (_, sender) => {
        for (let number = 0; responder.child.signalCode === null; number++) {
          const name = `${round}-${sender}-${number}`
          try {
            if (await send(responder, { name, pause: Math.floor(random() * 10) })) acknowledged.push(name)
          } catch {
            return
          }
          if (acknowledged.length >= wanted) return
        }
      })
      await Promise.all(senders)
      // At any moment: while actions run, while some are undone, or when all is done.
      await setTimeout(random() * 500)
      await responder.end("SIGKILL")
      responder = await RelayProcess.start(folder, undefined, "respond")
    }
    const open = async () => (await responder.metric('ohmq_relay_sink_lag_events{sink="respond"}')) as number
    await until(async () => (await open()) === 0)
    await until(() => {
      const entries = entriesOf(folder)
      const ended = ofType(entries, "response.finished", "undo").filter(({ outcome }) => outcome === "done")
      return new Set(ended.map(({ id }) => id)).size === ofType(entries, "response.decided").length
    })
    expect(await responder.end()).toBe(0)

    const keys = readFileSync(join(folder, "audit/key.pub"), "utf8").trim().split("\n")
    expect(await verifyAuditLog(join(folder, "audit"), { keys })).toMatchObject({ problems: [], found: 0 })
    const entries = entriesOf(folder)
    const decided = ofType(entries, "response.decided").map(({ parameters }) => (parameters as { name: string }).name)
    expect(new Set(decided).size).toBe(decided.length)
    expect(decided).toEqual(expect.arrayContaining(acknowledged))
    const started = ofType(entries, "response.started", "action").map(({ id }) => id)
    expect(new Set(started).size).toBe(started.length)
    expect(started.length).toBe(decided.length)
    const finished = ofType(entries, "response.finished", "action").map(({ id }) => id)
    expect(finished.toSorted()).toEqual(started.toSorted())
    // What the actions themselves have written agrees.
    const lines = existsSync(join(folder, "log")) ? readFileSync(join(folder, "log"), "utf8").split("\n") : []
    const outcomes = new Map(ofType(entries, "response.finished", "action").map(({ id, outcome }) => [id, outcome]))
    for (const { id, parameters } of ofType(entries, "response.decided")) {
      const { name } = parameters as { name: string }
      const count = (what: string) => lines.filter((line) => line === `${what} ${name}`).length
      if (outcomes.get(id) === "done") expect([count("begin"), count("end")]).toEqual([1, 1])
      else {
        expect(outcomes.get(id)).toBe("ambiguous")
        expect(count("begin")).toBeLessThanOrEqual(1)
      }
      expect(count("undo")).toBeGreaterThanOrEqual(1)
    }
    console.log(
      `${rounds} kills: ${decided.length} responses, ${[...outcomes.values()].filter((one) => one === "ambiguous").length} ambiguous`,
    )
  })
})

describe("nftables", () => {
  it(`has no address left that a responder has blocked, however often that is killed (OHMQ_SEED=${seed})`, {
    timeout: 60_000 + 30_000 * rounds,
  }, async () => {
    const random = randomFrom(seed)
    const { inside, blocked } = await firewall()
    const folder = temporaryFolder()
    const rules = configWith(`
actions:
  ${blockIn(inside, "idempotent: true, ")}
rules:
  - { name: all, when: "true", do: block, with: { ip: data.ip }, expires: 300ms, limit: { count: 1000, per: 1s } }
`)
    const acknowledged: string[] = []
    let responder = await RelayProcess.start(folder, rules, "respond")
    for (let round = 0; round < rounds; round++) {
      const ips = Array.from({ length: 3 }, (_, index) => `198.${18 + (round >> 8)}.${round & 255}.${index + 1}`)
      await Promise.all(
        ips.map(async (ip) => {
          if (await send(responder, { ip }).catch(() => false)) acknowledged.push(ip)
        }),
      )
      // Before it is blocked, while it is, while it is undone, or after that.
      await setTimeout(random() * 900)
      await responder.end("SIGKILL")
      responder = await RelayProcess.start(folder, undefined, "respond")
    }
    await until(() => {
      const entries = entriesOf(folder)
      const ended = ofType(entries, "response.finished", "undo").filter(({ outcome }) => outcome === "done")
      return new Set(ended.map(({ id }) => id)).size === ofType(entries, "response.decided").length
    })
    expect(blocked()).toEqual([])
    expect(await responder.end()).toBe(0)

    const keys = readFileSync(join(folder, "audit/key.pub"), "utf8").trim().split("\n")
    expect(await verifyAuditLog(join(folder, "audit"), { keys })).toMatchObject({ problems: [], found: 0 })
    const entries = entriesOf(folder)
    const ips = ofType(entries, "response.decided").map(({ parameters }) => (parameters as { ip: string }).ip)
    expect(ips.toSorted()).toEqual(acknowledged.toSorted())
    // What was killed while it ran was done again. nft itself has refused nothing.
    const outcomes = ofType(entries, "response.finished").map(({ run, outcome }) => `${run} ${outcome}`)
    const count = (what: string) => outcomes.filter((one) => one === what).length
    expect(outcomes.filter((one) => !/ (done|ambiguous)$/.test(one))).toEqual([])
    expect(count("action done")).toBe(ips.length)
    console.log(
      `${rounds} kills: ${ips.length} addresses blocked and unblocked; killed were ${count("action ambiguous")} blocks and ${count("undo ambiguous")} undos`,
    )
  })
})
