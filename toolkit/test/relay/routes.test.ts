import { createHmac } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type DeadLetter, openStore } from "ohmq-toolkit/store"
import { describe, expect, it } from "vitest"
import { githubSecret, type Line, linesOf, ohmq, RelayProcess, temporaryFolder, until } from "./support.js"

/** A configuration with a webhook without and one with identified deliveries, and a sink file for each route. */
const configOf = (...routes: string[]) => `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  any: { type: webhook, preset: hmac, path: /any, secret: env:GITHUB_SECRET, idHeader: X-Id }
  hooks: { type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }
routes:
${routes.map((route, index) => `  - { name: r${index}, from: [any, hooks], to: [s${index}], ${route} }\n`).join("")}sinks:
${routes.map((_, index) => `  s${index}: { type: file, path: ./s${index}.ndjson }\n`).join("")}`

async function send({ url }: RelayProcess, id: string, body: string | Buffer, type = "application/json") {
  const signature = createHmac("sha256", githubSecret).update(body).digest("hex")
  const response = await fetch(`${url}/any`, {
    method: "POST",
    body,
    headers: { "content-type": type, "x-id": id, "x-signature-256": `sha256=${signature}` },
  })
  return [response.status, await response.json()]
}

type Delivered = Line & { [attribute: string]: unknown }
const stored = [202, { stored: 1, duplicates: 0 }]

function delivered(folder: string, sink: number): Delivered[] {
  const file = join(folder, `s${sink}.ndjson`)
  return existsSync(file) ? (linesOf(file) as Delivered[]) : []
}

const outOf = (relay: RelayProcess, sink: number) => relay.metric(`ohmq_relay_events_out_total{sink="s${sink}"}`)

describe("A route that changes events", () => {
  it("sets, drops and redacts for its own sinks, and leaves the rest as it came", async () => {
    const folder = temporaryFolder()
    const relay = await RelayProcess.start(
      folder,
      configOf(
        "when: 'true'",
        `set: { subject: data.user.name, team: "'red'", type: "'renamed.' + type", data.user.length: 'size(data.user.name)',
            data.made.here: '{"list": [data.big, 1.5, null, true]}', 'data.items.0.n': '2' }`,
        `drop: [data.user.password, data.items.*.secret, 'data."odd.name"', data.none.there]`,
        "redact: { paths: [data.user.password, data.items.*.secret], patterns: ['gh[ps]_[A-Za-z0-9]{8}', '(?i)bearer [a-z]+'] }",
        "set: { data: data.user }, drop: [data.password]",
        "drop: [data]",
      ),
    )
    const body =
      '{ "big": 12345678901234567890.10, "user": {"name": "ann", "password":"p1", "p\\u0061ssword": "p2"},' +
      ' "odd.name": 1, "items": [ {"secret": "s1", "n": 1}, {"secret": {"a": 2}} ], "ghp_12345678": "x Bearer abc y ghs_abcdefgh" }'
    expect(await send(relay, "d1", body)).toEqual([202, { stored: 1, duplicates: 0 }])
    expect(await send(relay, "d1", body)).toEqual([202, { stored: 0, duplicates: 1 }])
    await until(async () =>
      (await Promise.all([0, 1, 2, 3, 4, 5].map((sink) => outOf(relay, sink)))).every((n) => n === 1),
    )
    expect(await relay.metric('ohmq_relay_events_in_total{source="any"}')).toBe(1)
    expect(await relay.end()).toBe(0)

    const dataOf = (sink: number) => /"data":(.*)\}$/m.exec(textOf(folder, sink))?.[1]
    const [plain, set, dropped, redacted, whole, none] = [0, 1, 2, 3, 4, 5].map((sink) => delivered(folder, sink))
    // Untouched: byte for byte.
    expect(dataOf(0)).toBe(body)
    expect(set).toHaveLength(1)
    expect(set?.[0]).toMatchObject({ id: "d1", type: "renamed.webhook.received", subject: "ann", team: "red" })
    expect(set?.[0]?.data).toMatchObject({
      user: { name: "ann", length: 3 },
      made: { here: { list: [Number("12345678901234567890.1"), 1.5, null, true] } },
      items: [{ secret: "s1", n: 2 }, { secret: { a: 2 } }],
    })
    // What no step touches keeps its digits.
    expect(dataOf(1)).toContain("12345678901234567890.10")
    expect(dataOf(2)).toBe(
      '{"big": 12345678901234567890.10,"user": {"name": "ann"},"items": [{"n": 1},{}],"ghp_12345678": "x Bearer abc y ghs_abcdefgh"}',
    )
    expect(dataOf(3)).toBe(
      '{"big": 12345678901234567890.10,"user": {"name": "ann","password":"[redacted]","p\\u0061ssword": "[redacted]"},' +
        '"odd.name": 1,"items": [{"secret": "[redacted]","n": 1},{"secret": "[redacted]"}],"[redacted]": "x [redacted] y [redacted]"}',
    )
    expect(whole?.[0]?.data).toEqual({ name: "ann" })
    expect(none?.[0]).not.toHaveProperty("data")
    for (const line of [plain, dropped, redacted, whole, none])
      expect(line?.[0]).toMatchObject({ id: "d1", source: "/webhook/any" })
  })

  it("shares one stored event with the routes that change nothing in it", async () => {
    const folder = temporaryFolder()
    const config = configOf("when: 'true'", "drop: [data.secret]", "redact: { patterns: [hunter2] }")
    const relay = await RelayProcess.start(folder, config)
    expect(await send(relay, "same", '{"n":1}')).toEqual(stored)
    await until(async () => (await outOf(relay, 2)) === 1)
    await relay.end()
    expect(await entriesIn(folder)).toBe(1)
    const again = await RelayProcess.start(folder)
    expect(await send(again, "other", '{"n":1,"secret":"hunter2"}')).toEqual(stored)
    await until(async () => (await outOf(again, 2)) === 1)
    await again.end()
    expect(await entriesIn(folder)).toBe(4)
    expect(delivered(folder, 1).map(({ data }) => data)).toEqual([{ n: 1 }, { n: 1 }])
  })

  it("lets nothing out that it cannot change: a dead letter says why, and is changed when it is replayed", async () => {
    const folder = temporaryFolder()
    const config = configOf(
      "redact: { paths: [data.token], patterns: [hunter2] }",
      "set: { subject: data.title }",
      "set: { data.a.b: \"'x'\" }",
    )
    let relay = await RelayProcess.start(folder, config)
    expect(await send(relay, "binary", Buffer.from([0xff, 0xfe]), "application/octet-stream")).toEqual(stored)
    expect(await send(relay, "torn", '{"token":', "text/plain")).toEqual(stored)
    expect(await send(relay, "hunter2", '{"a":1,"title":2}')).toEqual(stored)
    expect(await send(relay, "fine", '{"a":{},"title":"t","token":"hunter2"}')).toEqual(stored)
    await until(async () => (await outOf(relay, 2)) === 1)
    expect(await relay.metric('ohmq_relay_route_failed_total{route="r0"}')).toBe(3)
    expect(await relay.metric('ohmq_relay_sink_dead_letters{sink="s0"}')).toBe(3)
    expect(await relay.end()).toBe(0)
    expect([0, 1, 2].map((sink) => delivered(folder, sink).map(({ id }) => id))).toEqual([["fine"], ["fine"], ["fine"]])
    expect(delivered(folder, 0)[0]?.data).toEqual({ a: {}, title: "t", token: "[redacted]" })
    expect((await deadLettersIn(folder)).toSorted()).toEqual([
      "s0: The route r0 cannot change the event: redact data.token: The data (application/octet-stream) is not JSON, so that nothing in it can be found",
      "s0: The route r0 cannot change the event: redact data.token: The data (text/plain) is not JSON, so that nothing in it can be found",
      's0: The route r0 cannot change the event: redact patterns: The attribute "id" matches, and cannot be replaced',
      's1: The route r1 cannot change the event: set subject: Attribute "subject" must be a string; it is 2',
      "s1: The route r1 cannot change the event: set subject: field not found: title",
      "s1: The route r1 cannot change the event: set subject: field not found: title",
      "s2: The route r2 cannot change the event: set data.a.b: The data (application/octet-stream) is not JSON, so that nothing in it can be found",
      "s2: The route r2 cannot change the event: set data.a.b: The data (text/plain) is not JSON, so that nothing in it can be found",
      's2: The route r2 cannot change the event: set data.a.b: There is no map that "b" could be in',
    ])

    // None can be changed yet. Then the route is mended, and one can be.
    expect(ohmq(folder, "relay", "replay", "s0").stdout).toBe(
      "0 dead letters of s0 will be delivered again\n3 stay. The first because: redact data.token: The data (application/octet-stream) is not JSON, so that nothing in it can be found\n",
    )
    writeFileSync(join(folder, "relay.yaml"), config.replace("patterns: [hunter2]", "patterns: [a.token]"))
    relay = await RelayProcess.start(folder)
    expect(ohmq(folder, "relay", "replay", "s0").stdout).toMatch(
      /^1 dead letters of s0 will be delivered again\n2 stay/,
    )
    await until(async () => (await outOf(relay, 0)) === 1)
    expect(await relay.metric('ohmq_relay_sink_dead_letters{sink="s0"}')).toBe(2)
    expect(await relay.end()).toBe(0)
    expect(delivered(folder, 0).map(({ id }) => id)).toEqual(["fine", "hunter2"])
  })
})

describe("A route that takes some events only", () => {
  it("samples by source and id: a second relay takes the same ones", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `event-${index}`)
    const taken = await Promise.all(
      [0, 1].map(async () => {
        const folder = temporaryFolder()
        const relay = await RelayProcess.start(folder, configOf("sample: 0.25", "sample: 0.5"))
        for (const id of ids) expect((await send(relay, id, "{}"))[0]).toBe(202)
        const dropped = await relay.metric('ohmq_relay_route_dropped_total{route="r0",reason="sample"}')
        expect(await relay.metric('ohmq_relay_events_unrouted_total{source="any"}')).toBe(0)
        expect(await relay.end()).toBe(0)
        const [few, more] = [0, 1].map((sink) => delivered(folder, sink).map(({ id }) => id)) as [string[], string[]]
        expect(dropped).toBe(ids.length - few.length)
        expect(more).toEqual(expect.arrayContaining(few))
        return [few, more]
      }),
    )
    expect(taken[0]).toEqual(taken[1])
    // Each is more than six standard deviations from failing.
    expect(taken[0]?.[0]?.length).toBeGreaterThan(12)
    expect(taken[0]?.[0]?.length).toBeLessThan(88)
    expect(taken[0]?.[1]?.length).toBeGreaterThan(57)
  })

  it("takes so many events in a period; the rest is dropped and counted, or kept as dead letters", async () => {
    const folder = temporaryFolder()
    const config = configOf(
      "rate: { limit: 3, per: 1h }",
      "rate: { limit: 2, per: 1h, over: dead-letter }, drop: [data.x]",
    )
    const relay = await RelayProcess.start(folder, config)
    for (const id of ["a", "b", "c", "d", "e"]) expect((await send(relay, id, '{"x":1}'))[0]).toBe(202)
    await until(async () => (await relay.metric('ohmq_relay_sink_dead_letters{sink="s1"}')) === 3)
    expect(await relay.metric('ohmq_relay_route_dropped_total{route="r0",reason="rate"}')).toBe(2)
    // A reload that leaves the limit as it is does not begin it anew.
    writeFileSync(join(folder, "relay.yaml"), config.replace("limit: 2", "limit: 4"))
    if (process.platform !== "win32") relay.child.kill("SIGHUP")
    await relay.logged("The configuration was reloaded")
    expect((await send(relay, "f", '{"x":1}'))[0]).toBe(202)
    expect(ohmq(folder, "relay", "replay", "s1").stdout).toBe("3 dead letters of s1 will be delivered again\n")
    await until(async () => (await outOf(relay, 1)) === 6)
    expect(await relay.end()).toBe(0)
    expect(delivered(folder, 0).map(({ id }) => id)).toEqual(["a", "b", "c"])
    expect(delivered(folder, 1).map(({ id, data }) => [id, data])).toEqual(
      ["a", "b", "f", "c", "d", "e"].map((id) => [id, {}]),
    )
  })
})

const textOf = (folder: string, sink: number) => readFileSync(join(folder, `s${sink}.ndjson`), "utf8")

/** How many entries the store has had. */
async function entriesIn(folder: string): Promise<number> {
  await using store = await openStore(join(folder, "data"))
  return store.stats().last
}

async function deadLettersIn(folder: string): Promise<string[]> {
  await using store = await openStore(join(folder, "data"))
  const letters: DeadLetter[] = []
  for await (const letter of store.deadLetters()) letters.push(letter)
  return letters.map(({ cursor, reason }) => `${cursor}: ${reason}`)
}
