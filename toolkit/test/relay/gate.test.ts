import { createHash } from "node:crypto"
import { join } from "node:path"
import { Request } from "ohmq"
import { Signer } from "ohmq/security"
import { describe, expect, it } from "vitest"
import { answerOf, decision, gateConfig, gatePlace, request, signingKeys, tell } from "./gates.js"
import { startRelay } from "./in-process.js"
import { linesOf, temporaryFolder, until } from "./support.js"

const linesIn = (folder: string) => linesOf(join(folder, "events.ndjson"))
const refusedAs = (code: string) => ["refused", expect.any(String), code, expect.any(String)]

describe("The source gate", () => {
  it("wakes who waits with the decision, and gives it to who asks again, after a restart too", async () => {
    const place = await gatePlace(temporaryFolder())
    const config = gateConfig(place.source())
    const relay = await startRelay(place.folder, config)
    const [ci, alice] = [place.dealer("ci"), place.dealer("alice")]
    expect(await tell(ci, request("r1"))).toEqual(["stored", "r1"])
    expect(JSON.parse((await tell(alice, ["list"]))[1] ?? "")).toEqual([
      {
        id: "r1",
        request: "deploy.production",
        source: "/job",
        requester: "ci",
        digest: createHash("sha256").update('{"request":"deploy.production"}').digest("hex"),
        time: expect.any(Number),
      },
    ])
    expect(await tell(alice, decision("r1", "allow", { reason: "tested" }, { id: "d1" }))).toEqual(["stored", "d1"])
    const [word, id, text = ""] = await answerOf(ci)
    expect([word, id]).toEqual(["decided", "r1"])
    const answer = {
      id: "r1",
      request: "deploy.production",
      decision: "allow",
      reason: "tested",
      by: "alice",
      time: expect.any(String),
    }
    expect(JSON.parse(text)).toEqual(answer)
    expect(await tell(ci, request("r1"))).toEqual(["decided", "r1", text])
    expect(await tell(alice, ["list"])).toEqual(["open", "[]"])
    await until(() => linesIn(place.folder).length === 2)
    expect(linesIn(place.folder).map(({ type, ohmqsender }) => [type, ohmqsender])).toEqual([
      ["gate.requested", "ci"],
      ["gate.decided", "alice"],
    ])
    await relay.stop()
    const again = await startRelay(place.folder, config)
    expect(await tell(place.dealer("ci"), request("r1"))).toEqual(["decided", "r1", text])
    // Who may decide gets an answer to the same decision again, and it is stored once.
    expect(await tell(place.dealer("alice"), decision("r1", "allow", {}, { id: "d1" }))).toEqual(["stored", "d1"])
    await again.stop()
    expect(linesIn(place.folder)).toHaveLength(2)
  })

  it("answers a REQ socket, with and without a number before its requests", async () => {
    const place = await gatePlace(temporaryFolder())
    const relay = await startRelay(place.folder, gateConfig(`{ type: gate, bind: "${place.endpoint}" }`))
    for (const correlate of [false, true]) {
      using socket = new Request({ correlate, linger: 0 })
      socket.connect(place.endpoint)
      await socket.send(request(`r-${correlate}`))
      expect((await socket.receive()).map(String)).toEqual(["stored", `r-${correlate}`])
      await socket.send(["show", `r-${correlate}`])
      expect((await socket.receive()).map(String)[0]).toBe("request")
    }
    await relay.stop()
  })

  it("counts requests and decisions, what waits, and how long decisions took", async () => {
    const place = await gatePlace(temporaryFolder())
    const config = gateConfig(place.source())
    const relay = await startRelay(place.folder, config)
    const [ci, alice] = [place.dealer("ci"), place.dealer("alice")]
    const counts = async ({ metric }: typeof relay) => ({
      requests: await metric('ohmq_relay_gate_requests_total{source="deploys"}'),
      allowed: await metric('ohmq_relay_gate_decisions_total{source="deploys",decision="allow"}'),
      denied: await metric('ohmq_relay_gate_decisions_total{source="deploys",decision="deny"}'),
      waiting: await metric('ohmq_relay_gate_waiting_requests{source="deploys"}'),
      decided: await metric('ohmq_relay_gate_decision_seconds_count{source="deploys"}'),
    })
    const none = { requests: 0, allowed: 0, denied: 0, waiting: 0, decided: 0 }
    expect(await counts(relay)).toEqual(none)
    for (const id of ["a", "b", "c"]) await tell(ci, request(id))
    // Asked again, it is the same request.
    await tell(ci, request("a"))
    expect(await counts(relay)).toEqual({ ...none, requests: 3, waiting: 3 })
    await until(async () => (await relay.metric('ohmq_relay_gate_waiting_seconds{source="deploys"}')) > 0.01)
    expect(await tell(alice, decision("a", "allow", {}, { id: "d1" }))).toEqual(["stored", "d1"])
    // The same decision again counts no more than one that comes too late.
    expect(await tell(alice, decision("a", "allow", {}, { id: "d1" }))).toEqual(["stored", "d1"])
    expect(await tell(alice, decision("a", "deny"))).toEqual(refusedAs("decided"))
    expect(await tell(alice, decision("b", "deny", {}, { id: "d2" }))).toEqual(["stored", "d2"])
    expect(await counts(relay)).toEqual({ requests: 3, allowed: 1, denied: 1, waiting: 1, decided: 2 })
    expect(await relay.metric('ohmq_relay_gate_decision_seconds_bucket{le="3600",source="deploys"}')).toBe(2)
    await relay.stop()
    // What waits is known after a restart, too.
    expect(await counts(await startRelay(place.folder, config))).toEqual({ ...none, waiting: 1 })
  })

  it("refuses decisions of those who may not decide, and those that come too late", async () => {
    const place = await gatePlace(temporaryFolder())
    const relay = await startRelay(place.folder, gateConfig(place.source("deciders: [alice, bob]")))
    const [ci, alice, mallory] = [place.dealer("ci"), place.dealer("alice"), place.dealer("mallory")]
    await tell(ci, request("r1"))
    expect(await tell(mallory, decision("r1", "allow"))).toEqual(refusedAs("not-a-decider"))
    expect(await tell(ci, decision("r1", "allow"))).toEqual(refusedAs("not-a-decider"))
    expect(await tell(alice, decision("r2", "allow"))).toEqual(refusedAs("unknown-request"))
    expect(await tell(alice, decision("r1", "yes"))).toEqual(refusedAs("data-invalid"))
    await tell(alice, request("own"))
    expect(await tell(alice, decision("own", "allow"))).toEqual(refusedAs("own-request"))
    await tell(alice, decision("r1", "deny"))
    expect(await tell(alice, decision("r1", "allow"))).toEqual(refusedAs("decided"))
    expect(JSON.parse((await tell(ci, request("r1")))[2] ?? "")).toMatchObject({ decision: "deny" })
    expect(await relay.metric('ohmq_relay_events_refused_total{source="deploys",reason="not-a-decider"}')).toBe(2)
    await relay.stop()
    // What was refused is not in the store.
    expect(linesIn(place.folder).filter(({ type }) => type === "gate.decided")).toHaveLength(1)
  })

  it("gives an answer to nobody else, and to no other question", async () => {
    const place = await gatePlace(temporaryFolder())
    await startRelay(place.folder, gateConfig(place.source()))
    const [ci, alice, mallory] = [place.dealer("ci"), place.dealer("alice"), place.dealer("mallory")]
    const data = { request: "deploy.production", details: { commit: "a" } }
    await tell(ci, request("r1", data))
    await tell(alice, decision("r1", "allow"))
    expect((await answerOf(ci))[0]).toBe("decided")
    expect(await tell(mallory, request("r1", data))).toEqual(refusedAs("id-taken"))
    expect(await tell(ci, request("r1", { ...data, details: { commit: "b" } }))).toEqual(refusedAs("id-taken"))
    expect(await tell(ci, request("r1", data, { subject: "other" }))).toEqual(refusedAs("id-taken"))
    expect(await tell(mallory, ["show", "r1"])).toEqual(refusedAs("unknown-request"))
    expect(JSON.parse((await tell(ci, ["show", "r1"]))[1] ?? "")).toMatchObject({
      id: "r1",
      answer: { decision: "allow" },
    })
  })

  it("says what is wrong with a message, and goes on", async () => {
    const place = await gatePlace(temporaryFolder(), ["ci"])
    await startRelay(place.folder, gateConfig(place.source("deciders: []")))
    const ci = place.dealer("ci")
    const wrong: [frames: readonly (Uint8Array | string)[], code: string][] = [
      [["a.b", '{"specversion":"1.0","id":"1","source":"/a","type":"a.b"}'], "type"],
      [["a", "b"], "not-json"],
      [["a", "b", "c", "d"], "frames"],
      [["list", ""], "not-json"],
      [["show"], "frames"],
      [request("r1", {}), "data-invalid"],
      [request("r1", { request: "a b" }), "data-invalid"],
      [request("r1", { request: "a", detail: 1 }), "data-invalid"],
      [request("r1", "deploy"), "data-invalid"],
      [request("r1", null), "data-invalid"],
      [request("r1", Buffer.from("{}")), "data-invalid"],
      [request("r1", { request: "a", details: "x".repeat(70_000) }), "data-invalid"],
      [request("r".repeat(300)), "data-invalid"],
      [request("r1", { request: "a" }, { subject: "x".repeat(1100) }), "data-invalid"],
    ]
    for (const [frames, code] of wrong) expect(await tell(ci, frames)).toEqual(refusedAs(code))
    expect(await tell(ci, request("r2"))).toEqual(["stored", "r2"])
  })

  it("has a bound for what waits", async () => {
    const place = await gatePlace(temporaryFolder())
    await startRelay(place.folder, gateConfig(place.source("deciders: [alice], maxOpen: 2")))
    const [ci, alice] = [place.dealer("ci"), place.dealer("alice")]
    await tell(ci, request("r1"))
    await tell(ci, request("r2"))
    expect(await tell(ci, request("r3"))).toEqual(refusedAs("too-many"))
    await tell(alice, decision("r1", "allow"))
    expect((await answerOf(ci))[0]).toBe("decided")
    expect(await tell(ci, request("r3"))).toEqual(["stored", "r3"])
  })

  it("forgets a decision when its retention is over", async () => {
    const place = await gatePlace(temporaryFolder())
    await startRelay(place.folder, gateConfig(place.source("deciders: [alice], retention: 500ms")))
    const [ci, alice] = [place.dealer("ci"), place.dealer("alice")]
    await tell(ci, request("r1"))
    await tell(alice, decision("r1", "allow"))
    expect((await answerOf(ci))[0]).toBe("decided")
    const asked = async () => (await tell(ci, request("r1")))[0]
    await until(async () => (await asked()) === "stored")
  })

  it("takes only signed decisions if it has keys", async () => {
    const place = await gatePlace(temporaryFolder())
    signingKeys(place.folder)
    await startRelay(place.folder, gateConfig(place.source("deciders: [alice], keys: [./sign.pub]")))
    const [ci, alice] = [place.dealer("ci"), place.dealer("alice")]
    await tell(ci, request("r1"))
    const { digest } = JSON.parse((await tell(alice, ["show", "r1"]))[1] ?? "")
    const statement = (changes: object = {}, subject: object = {}) =>
      new Signer({ file: join(place.folder, "sign.key"), replayable: true }).sign("application/vnd.in-toto+json", {
        _type: "https://in-toto.io/Statement/v1",
        subject: [{ name: "r1", digest: { sha256: digest }, ...subject }],
        predicateType: "urn:x-ohmq:gate-decision:v1",
        predicate: {
          request: "deploy.production",
          decision: "allow",
          reason: "",
          decidedAt: "2026-01-01T00:00:00Z",
          expiresAt: "2999-01-01T00:00:00Z",
          ...changes,
        },
      })
    const not = async (more: object) =>
      expect(await tell(alice, decision("r1", "allow", more))).toEqual(refusedAs("not-signed"))
    await not({})
    await not({ statement: "{}" })
    await not({ statement: statement({ request: "deploy.staging" }) })
    await not({ statement: statement({ decision: "deny" }) })
    await not({ statement: statement({ expiresAt: "2026-01-01T00:00:00Z" }) })
    await not({ statement: statement({}, { name: "r2" }) })
    await not({ statement: statement({}, { digest: { sha256: "00" } }) })
    const good = statement()
    await not({ statement: good.replace(/"sig":"...../, '"sig":"AAAAA') })
    expect((await tell(alice, decision("r1", "allow", { statement: good })))[0]).toBe("stored")
    expect(JSON.parse((await answerOf(ci))[2] ?? "")).toMatchObject({ decision: "allow", statement: good })
  })
})

describe("The sink gate", () => {
  it("brings decisions of other sources to a gate, and makes dead letters of what is none", async () => {
    const place = await gatePlace(temporaryFolder())
    const secret = "a secret of the chat"
    process.env.CHAT_SECRET = secret
    const relay = await startRelay(
      place.folder,
      gateConfig(
        place.source("deciders: []"),
        "  chat: { type: webhook, preset: token, path: /chat, secret: env:CHAT_SECRET, eventType: gate.decided }",
      )
        .replace("sources:", 'http: { listen: "127.0.0.1:0" }\nsources:')
        .replace(
          "sinks:",
          "  - { name: decisions, from: [chat], to: [archive, decide] }\nsinks:\n  decide: { type: gate, gate: deploys }",
        ),
    )
    const { http } = relay.log.find(({ msg }) => msg === "The relay takes events") as { http: string }
    const post = async (body: object) => {
      const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" }
      const { status } = await fetch(`${http}/chat`, { method: "POST", body: JSON.stringify(body), headers })
      expect(status).toBe(202)
    }
    const ci = place.dealer("ci")
    await tell(ci, request("r1"))
    await post({ id: "r0", decision: "allow" })
    await post({ id: "r1", decision: "allowed" })
    await post({ id: "r1", decision: "deny", reason: "not on a Friday", by: "bob" })
    const [, , text = ""] = await answerOf(ci)
    expect(JSON.parse(text)).toMatchObject({ decision: "deny", reason: "not on a Friday", by: "bob" })
    await until(async () => (await relay.metric('ohmq_relay_events_dead_total{sink="decide"}')) === 2)
    expect(await relay.metric('ohmq_relay_events_out_total{sink="decide"}')).toBe(1)
  })
})
