import { getEventListeners } from "node:events"
import { join } from "node:path"
import { Publisher, Pull, Router } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"
import {
  decisionVerifier,
  GateClient,
  type GateClientOptions,
  GateError,
  StatementError,
  verifyDecision,
} from "ohmq-toolkit/gate"
import { describe, expect, it, onTestFinished } from "vitest"
import { gateConfig, gatePlace, signingKeys } from "../relay/gates.js"
import { type RelayInProcess, startRelay } from "../relay/in-process.js"
import { freePort, temporaryFolder, until } from "../relay/support.js"

/** A relay with a gate, and clients with certificates. */
async function gateIn(folder: string, names?: readonly string[]) {
  const place = await gatePlace(folder, names)
  const config = gateConfig(place.source())
  const relay = await startRelay(folder, config)
  const serverKey = (await Certificate.load(join(folder, "relay.key"))).publicKey
  const clientOf = async (name: string) => {
    const client = await Certificate.load(join(folder, `${name}.key_secret`))
    return new GateClient({ connect: place.endpoint, security: { client, serverKey } })
  }
  const restart = async (): Promise<RelayInProcess> => {
    await relay.stop()
    return startRelay(folder, config)
  }
  return { place, serverKey, restart, ci: await clientOf("ci"), alice: await clientOf("alice") }
}

const question = { id: "r1", request: "deploy.production", source: "/deployer", subject: "v1" }

/** A relay that answers each message as it likes. */
async function answering(answers: (message: string[]) => Iterable<string[]>) {
  const router = new Router({ linger: 0, sendHighWaterMark: 0 })
  onTestFinished(() => router.close())
  await router.bind("tcp://127.0.0.1:*")
  const serve = async () => {
    for await (const [peer, ...message] of router)
      for (const answer of answers(message.map(String))) await router.send([peer as Buffer, ...answer])
  }
  serve().catch(() => {})
  return new GateClient({ connect: router.lastEndpoint as string })
}

/** The signals that a signal keeps: those that AbortSignal.any has made of it. */
const kept = (signal: AbortSignal): number => {
  const symbol = Object.getOwnPropertySymbols(signal).find(({ description }) => description === "kDependantSignals")
  return symbol === undefined ? 0 : ((signal as unknown as Record<symbol, Set<unknown> | undefined>)[symbol]?.size ?? 0)
}

describe("GateClient", () => {
  it("asks, lists, shows and decides; the same id gets the same answer", async () => {
    const { ci, alice } = await gateIn(temporaryFolder())
    let isStored = false
    const stored = () => {
      isStored = true
    }
    const answer = ci.ask({ ...question, details: { tests: 7 } }, { stored })
    await until(() => isStored)
    expect(await alice.open()).toMatchObject([{ id: "r1", requester: "ci", subject: "v1", source: "/deployer" }])
    expect(await alice.request("r1")).toMatchObject({ id: "r1", details: { tests: 7 } })
    await alice.decide("r1", { decision: "deny", reason: "tests fail" })
    const expected = { id: "r1", request: "deploy.production", decision: "deny", reason: "tests fail", by: "alice" }
    expect(await answer).toMatchObject(expected)
    expect(await ci.ask({ ...question, details: { tests: 7 } })).toMatchObject(expected)
    expect(await alice.open()).toEqual([])
    expect(await alice.request("r1")).toMatchObject({ answer: expected })
  })

  it("gets its answer from a relay that was started anew meanwhile", async () => {
    const { ci, alice, restart } = await gateIn(temporaryFolder())
    const answer = ci.ask(question)
    await until(async () => (await alice.open()).length === 1)
    await restart()
    await alice.decide("r1", { decision: "allow" })
    expect(await answer).toMatchObject({ decision: "allow", reason: "" })
  })

  it("accepts only what is signed, if it has a verifier", async () => {
    const folder = temporaryFolder()
    signingKeys(folder)
    const verifier = decisionVerifier([{ file: join(folder, "sign.pub") }])
    const { ci, alice } = await gateIn(folder)
    const waits = async () => until(async () => (await alice.open()).length === 1)
    const signed = ci.ask(question, { verifier })
    await waits()
    await alice.decide("r1", { decision: "allow", reason: "fine", sign: { file: join(folder, "sign.key") } })
    expect(await signed).toMatchObject({ decision: "allow", reason: "fine", signed: { keyId: expect.any(String) } })
    const plain = ci.ask({ ...question, id: "r2" }, { verifier })
    const refused = expect(plain).rejects.toThrow(StatementError)
    await waits()
    await alice.decide("r2", { decision: "allow" })
    await refused
  })

  it("rejects with the gate's code, and with the reason of its signal", async () => {
    const { ci, alice, place, serverKey } = await gateIn(temporaryFolder())
    const stop = new AbortController()
    const given = expect(ci.ask(question, { signal: stop.signal })).rejects.toThrow("enough")
    await until(async () => (await alice.open()).length === 1)
    stop.abort(new Error("enough"))
    await given
    const code = async (promise: Promise<unknown>) => {
      const error = await promise.catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(GateError)
      return (error as GateError).code
    }
    expect(await code(ci.decide("r1", { decision: "allow" }))).toBe("not-a-decider")
    expect(await code(alice.decide("r9", { decision: "allow" }))).toBe("unknown-request")
    expect(await code(ci.ask({ ...question, subject: "v2" }))).toBe("id-taken")
    const stranger = new GateClient({
      connect: place.endpoint,
      security: { client: generateKeyPair({ name: "eve" }), serverKey },
    })
    expect(await code(stranger.open())).toBe("not-admitted")
    await expect(new GateClient({ connect: place.endpoint }).open()).rejects.toMatchObject({
      code: "no-talk",
      message: `Cannot talk to ${place.endpoint}: This side does not encrypt, and the relay does`,
    })
  })

  const digest = "0".repeat(64)
  it.each([
    ["another id", { ...question, id: "other", digest }, 'another request than "r1": "other"'],
    ["no name", { id: "r1", digest }, "no name or no digest"],
    ["a digest that is not one", { ...question, digest: "ff" }, "no name or no digest"],
    ["nothing", null, 'another request than "r1"'],
  ])("signs nothing if the gate shows %s", async (_, shown, message) => {
    const heard: string[] = []
    const gate = await answering(function* ([word = ""]) {
      heard.push(word)
      yield word === "show" ? ["request", JSON.stringify(shown)] : ["stored", "r1"]
    })
    const folder = temporaryFolder()
    signingKeys(folder)
    const rejection = { name: "GateError", code: "answer-invalid", message: expect.stringContaining(message) }
    await expect(gate.request("r1")).rejects.toMatchObject(rejection)
    const sign = { file: join(folder, "sign.key") }
    await expect(gate.decide("r1", { decision: "allow", sign })).rejects.toMatchObject(rejection)
    expect(heard).toEqual(["show", "show"])
  })

  it("signs the request that the program has looked at, whatever the gate would show later", async () => {
    const seen = { ...question, digest, time: 1 }
    const digests = [digest, "1".repeat(64)]
    const heard: string[][] = []
    const gate = await answering(function* (message) {
      heard.push(message)
      yield message[0] === "show" ? ["request", JSON.stringify({ ...seen, digest: digests.shift() })] : ["stored", "r1"]
    })
    const folder = temporaryFolder()
    signingKeys(folder)
    await gate.decide(await gate.request("r1"), { decision: "allow", sign: { file: join(folder, "sign.key") } })
    expect(heard.map(([word]) => word)).toEqual(["show", "gate.decided"])
    const { data } = JSON.parse(heard[1]?.[1] ?? "") as { data: { statement: string } }
    const verifier = decisionVerifier([{ file: join(folder, "sign.pub") }])
    expect(await verifyDecision(data.statement, verifier, seen)).toMatchObject({ decision: "allow" })
  })

  it.each([
    ["Pull", Pull],
    ["Publisher", Publisher],
  ])("rejects with no-talk if the address has a socket of another type: %s", async (_, Socket) => {
    const socket = new Socket()
    onTestFinished(() => socket.close())
    await socket.bind("tcp://127.0.0.1:*")
    const endpoint = socket.lastEndpoint as string
    await expect(new GateClient({ connect: endpoint }).ask(question)).rejects.toMatchObject({
      name: "GateError",
      code: "no-talk",
      message: `Cannot talk to ${endpoint}: It has a socket of another type`,
    })
  })

  it("leaves nothing behind in a signal that outlives it, however often it was answered", async () => {
    const decided = { id: "r1", request: "deploy.production", decision: "allow", reason: "", by: "x", time: "now" }
    const gate = await answering(function* ([word]) {
      if (word === "list") return yield ["open", "[]"]
      for (let i = 0; i < 10_000; i++) yield ["later", "r1", "busy", ""]
      yield ["decided", "r1", JSON.stringify(decided)]
    })
    const { signal } = new AbortController()
    let times = 0
    const later = () => {
      times++
    }
    expect(await gate.ask(question, { signal, later })).toMatchObject(decided)
    expect(await gate.open({ signal })).toEqual([])
    expect([times, kept(signal), getEventListeners(signal, "abort").length]).toEqual([10_000, 0, 0])
  })

  it("refuses what is invalid before it connects", async () => {
    const none = `tcp://127.0.0.1:${await freePort()}`
    const client = new GateClient({ connect: none })
    await expect(client.ask({ ...question, request: "not a name" })).rejects.toThrow("Expected a request such as")
    await expect(client.open({ signal: AbortSignal.timeout(50) })).rejects.toThrow("timeout")
    expect(() => new GateClient({ connect: "tcp://10.0.0.1:5563" })).toThrow("goes beyond this machine, unencrypted")
    expect(() => new GateClient({ connect: "tcp://10.0.0.1:5563", insecure: true })).not.toThrow()
    expect(() => new GateClient({} as GateClientOptions)).toThrow("Expected connect to be an endpoint")
  })
})
