// The audit of the books, by the real command: what is in the store is compared with what was counted as delivered.

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { auditBooks } from "ohmq-toolkit/relay"
import { openStore } from "ohmq-toolkit/store"
import { describe, expect, it, onTestFinished } from "vitest"
import { basic, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "../relay/support.js"

interface Books {
  sink: string
  received: number
  replayed: number
  delivered: number
  dead: number
  waiting: number
  unreadable: number
  lost: { count: number }[]
  deadLetters: number
  problems: string[]
  since: { position: number; time: number }
}

/** Audits the relay in a folder. */
function audit(folder: string, ...args: string[]) {
  const { status, stdout, stderr } = ohmq(folder, "relay", "reconcile", "--output", "json", ...args)
  expect(stderr).toBe("")
  const { balanced, sinks } = JSON.parse(stdout) as { balanced: boolean; sinks: Books[] }
  return { status, balanced, books: (name: string) => sinks.find(({ sink }) => sink === name) as Books }
}

/** A server of webhooks that answers what it is told to. */
async function receiver(): Promise<{ url: string; answers: { status: number }; requests: number[]; server: Server }> {
  const answers = { status: 200 }
  const requests: number[] = []
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      requests.push(answers.status)
      response.writeHead(answers.status).end()
    })
  })
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, answers, requests, server }
}

const twoSinks = (url: string, more = "") =>
  basic
    .replace("to: [archive]", "to: [archive, notify]")
    .replace(
      "sinks:",
      `sinks:\n  notify: { type: webhook, url: "${url}", delivery: { retryMin: 10ms, retryMax: 50ms } }`,
    )
    .replace("./data }", `./data${more} }`)

const idle = (relay: RelayProcess, sink: string) =>
  until(async () => (await relay.metric(`ohmq_relay_sink_lag_events{sink="${sink}"}`)) === 0)

describe("ohmq relay reconcile", () => {
  it("balances while the relay runs, after kill -9, and when it has stopped; dead letters and replays count", async () => {
    const folder = temporaryFolder()
    const { url, answers, requests } = await receiver()
    let relay = await RelayProcess.start(folder, twoSinks(url))
    for (let i = 0; i < 5; i++) await relay.github("{}", `a-${i}`)
    await idle(relay, "notify")
    answers.status = 422
    for (let i = 0; i < 3; i++) await relay.github("{}", `b-${i}`)
    await idle(relay, "notify")
    answers.status = 500
    for (let i = 0; i < 4; i++) await relay.github("{}", `c-${i}`)
    await idle(relay, "archive")
    await until(() => requests.includes(500))
    const running = audit(folder)
    expect(running).toMatchObject({ status: 0, balanced: true })
    expect(running.books("archive")).toMatchObject({ received: 12, delivered: 12, dead: 0, waiting: 0, problems: [] })
    const notify = { received: 12, replayed: 0, delivered: 5, dead: 3, waiting: 4, deadLetters: 3, problems: [] }
    expect(running.books("notify")).toMatchObject(notify)
    await relay.end("SIGKILL")
    expect(audit(folder).books("notify")).toMatchObject(notify)

    answers.status = 200
    relay = await RelayProcess.start(folder)
    await idle(relay, "notify")
    expect(ohmq(folder, "relay", "replay", "notify").stdout).toBe("3 dead letters of notify will be delivered again\n")
    await idle(relay, "notify")
    expect(await relay.end()).toBe(0)
    expect(audit(folder).books("notify")).toMatchObject({
      received: 12,
      replayed: 3,
      delivered: 12,
      dead: 3,
      waiting: 0,
      deadLetters: 0,
    })
    const { status, stdout } = ohmq(folder, "relay", "reconcile")
    expect(status).toBe(0)
    expect(stdout).toMatch(
      /^sink +received +replayed +delivered +dead +waiting +since\nnotify +12 +3 +12 +3 +0 +\S+Z +balanced\n/m,
    )
    expect(stdout).toMatch(/\nThe books balance: received \+ replayed = delivered \+ dead \+ waiting\.\n$/)
    expect(linesOf(join(folder, "events.ndjson"))).toHaveLength(12)
  })

  it("balances at any time, while events come and go and files are dropped", async () => {
    const folder = temporaryFolder()
    const { url, answers } = await receiver()
    const config = twoSinks(url, ", maxBytes: 200KiB, retention: 1ms")
    const relay = await RelayProcess.start(folder, config)
    const body = JSON.stringify({ text: "x".repeat(1000) })
    let first = 1
    for (let round = 0; round < 40; round++) {
      answers.status = round % 5 === 4 ? 422 : 200
      const sent = Array.from({ length: 10 }, (_, i) => relay.github(body, `${round}-${i}`))
      await sent[0]
      const audit = auditBooks(join(folder, "data"))
      expect(audit.sinks.map(({ sink, problems }) => [sink, problems])).toEqual([
        ["notify", []],
        ["archive", []],
      ])
      first = audit.first
      for (const response of await Promise.all(sent)) expect([202, 503]).toContain(response.status)
    }
    // Some of it is not there any more.
    expect(first).toBeGreaterThan(1)
    await relay.end()
  })

  it("counts a batch once that is tried again after the relay has ended amid it", async () => {
    const folder = temporaryFolder()
    const { url, answers, requests } = await receiver()
    const relay = await RelayProcess.start(folder, twoSinks(url))
    answers.status = 500
    for (let i = 0; i < 6; i++) await relay.github("{}", `a-${i}`)
    await until(() => requests.length > 1)
    await relay.end("SIGKILL")
    // Now some of the batch are delivered before the next one fails.
    const again = await RelayProcess.start(folder)
    answers.status = 200
    await idle(again, "notify")
    await again.end("SIGKILL")
    expect(audit(folder).books("notify")).toMatchObject({
      received: 6,
      delivered: 6,
      dead: 0,
      waiting: 0,
      problems: [],
    })
  })

  it("finds a cursor that has passed events which were not delivered", async () => {
    const folder = temporaryFolder()
    const { url, answers, requests } = await receiver()
    const relay = await RelayProcess.start(folder, twoSinks(url))
    await relay.github("{}", "first")
    await idle(relay, "notify")
    answers.status = 500
    for (let i = 0; i < 5; i++) await relay.github("{}", `a-${i}`)
    await until(() => requests.includes(500))
    await relay.end("SIGKILL")
    const store = await openStore(join(folder, "data"), { retention: 3_600_000 })
    await store.commit("notify", store.stats().last - 2)
    await store.close()
    const { status, balanced, books } = audit(folder)
    expect({ status, balanced }).toEqual({ status: 1, balanced: false })
    expect(books("notify")).toMatchObject({
      received: 6,
      delivered: 1,
      waiting: 2,
      problems: ["3 events are neither delivered nor dead, and do not wait"],
    })
    const { status: code, stdout } = ohmq(folder, "relay", "reconcile")
    expect(code).toBe(1)
    expect(stdout).toMatch(/notify: 3 events are neither delivered nor dead.+\nThe books do not balance\.\n$/)
  })

  it("says what was lost in a full store, and balances for the rest", async () => {
    const folder = temporaryFolder()
    const { url, answers, requests } = await receiver()
    const config = twoSinks(url, ", maxBytes: 64KiB").replace(
      "to: [archive, notify]",
      "to: [archive, notify], whenFull: drop-oldest",
    )
    const relay = await RelayProcess.start(folder, config)
    await relay.github("{}", "first")
    await idle(relay, "notify")
    answers.status = 500
    const body = JSON.stringify({ text: "x".repeat(2000) })
    for (let i = 0; i < 60; i++) expect((await relay.github(body, `a-${i}`)).status).toBe(202)
    await until(() => requests.includes(500))
    answers.status = 200
    await idle(relay, "notify")
    await idle(relay, "archive")
    for (let i = 0; i < 2; i++) await relay.github("{}", `b-${i}`)
    await idle(relay, "notify")
    const { status, books } = audit(folder)
    expect(status).toBe(0)
    const { received, delivered, waiting, lost } = books("notify")
    expect({ sum: delivered + waiting, problems: books("notify").problems }).toEqual({ sum: received, problems: [] })
    expect(lost.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThan(20)
    expect(ohmq(folder, "relay", "reconcile").stdout).toMatch(
      /\nnotify: at most \d+ events lost, of positions \d+ to \d+ \(dropped, \S+Z\)\n/,
    )
    await relay.end()
  })

  it("begins at a time, as far as that can be proved", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "relay.yaml"), basic)
    expect(ohmq(folder, "relay", "reconcile").stderr).toBe(
      `error: ${join(folder, "data")} does not exist: the relay has not run yet\n`,
    )
    const relay = await RelayProcess.start(folder)
    await relay.github("{}", "first")
    await idle(relay, "archive")
    await relay.end()
    expect(audit(folder, "--since", "2020-01-01").books("archive")).toMatchObject({ received: 1, delivered: 1 })
    const early = ohmq(folder, "relay", "reconcile", "--since", "2020-01-01T00:00Z")
    expect(early.stdout).toMatch(
      /\nNothing can be proved of the time before \S+Z: older events are not kept, or were not counted\.\n/,
    )
    expect(ohmq(folder, "relay", "reconcile", "--since", "0s").stdout).not.toContain("Nothing can be proved")
    expect(ohmq(folder, "relay", "reconcile", "--since", "yesterday")).toEqual({
      status: 2,
      stdout: "",
      stderr:
        'error: --since: Expected a time such as 2026-11-29T10:00Z, or a duration such as 24h, but received "yesterday"\n',
    })
  })

  it("says that a sink with a protocol of its own is not counted", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(folder, basic)
    for (let i = 0; i < 3; i++) await relay.github("{}", `a-${i}`)
    await idle(relay, "archive")
    await relay.end()
    const store = await openStore(join(folder, "data"), { retention: 3_600_000 })
    // As a sender of a link keeps it.
    await store.commit("archive", store.stats().last, '{"stream":"archive 1","stored":3}')
    await store.append([{ frames: [Buffer.from('[1,"hooks",["archive"]]'), Buffer.from("x"), Buffer.from("{}")] }])
    await store.close()
    const { status, stdout } = ohmq(folder, "relay", "reconcile")
    expect(status).toBe(0)
    expect(stdout).toMatch(/\narchive +4 +0 +3 +0 +1 +20\S+Z +not counted\narchive: its events are not counted: /)
  })

  it("names a sink that is not configured any more, and a store that is damaged", async () => {
    const folder = temporaryFolder()
    const { url } = await receiver()
    const relay = await RelayProcess.start(folder, twoSinks(url))
    await relay.github("{}", "first")
    await idle(relay, "notify")
    await relay.end()
    writeFileSync(join(folder, "relay.yaml"), basic)
    expect(ohmq(folder, "relay", "reconcile").stdout).toContain(
      "notify: it is not configured any more. To give its events up: ohmq relay forget notify",
    )
    const [name = ""] = readdirSync(join(folder, "data/log")).filter((one) => one.endsWith(".seg"))
    const bytes = readFileSync(join(folder, "data/log", name))
    bytes[150] = (bytes[150] as number) ^ 1
    writeFileSync(join(folder, "data/log", name), bytes)
    const { status, stderr } = ohmq(folder, "relay", "reconcile")
    expect(status).toBe(1)
    expect(stderr).toMatch(/^error: .+ cannot be read: .+ohmq store repair/)
  })
})
