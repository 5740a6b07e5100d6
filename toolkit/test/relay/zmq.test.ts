import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Dealer, Push, Request, Subscriber } from "ohmq"
import { generateKeyPair } from "ohmq/security"
import { createEvent, decode, encode } from "ohmq-toolkit/events"
import { describe, expect, it } from "vitest"
import { freePort, linesOf, RelayProcess, temporaryFolder, until } from "./support.js"

const event = (id: string, type = "finding.reported") =>
  encode(createEvent({ id, source: "/scanner", type, data: { id } }))

describe("The source and the sink zmq", () => {
  it("take events from a PUSH socket and publish them", async () => {
    const folder = temporaryFolder()
    const [pull, pub] = [await freePort(), await freePort()]
    const relay = await RelayProcess.start(
      folder,
      `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  scanners: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:${pull}" }
routes:
  - { name: all, from: [scanners], to: [archive, bus] }
sinks:
  archive: { type: file, path: ./events.ndjson }
  bus: { type: zmq, socket: pub, bind: "tcp://127.0.0.1:${pub}" }
`,
    )
    using subscriber = new Subscriber()
    subscriber.subscribe("finding.")
    subscriber.connect(`tcp://127.0.0.1:${pub}`)
    using push = new Push()
    push.connect(`tcp://127.0.0.1:${pull}`)
    // A PUB socket drops what it sends before it knows of the subscription.
    const first = subscriber.receive()
    let isSubscribed = false
    first.then(() => {
      isSubscribed = true
    })
    let sent = 0
    for (; !isSubscribed; sent++) {
      await push.send(event(`warm${sent}`))
      await new Promise((done) => setTimeout(done, 50))
    }
    await push.send(["not", "an event"])
    for (let i = 0; i < 500; i++) await push.send(event(`e${i}`))
    await until(async () => (await relay.metric('ohmq_relay_events_out_total{sink="bus"}')) === sent + 500)
    const received: string[] = []
    while (received.at(-1) !== "e499") received.push(decode(await subscriber.receive()).id)
    expect(received.slice(-500)).toEqual(Array.from({ length: 500 }, (_, i) => `e${i}`))
    expect(await relay.metric('ohmq_relay_events_refused_total{source="scanners",reason="not-json"}')).toBe(1)
    expect(await relay.end()).toBe(0)
    const ids = linesOf(join(folder, "events.ndjson")).map(({ id }) => id)
    expect(ids.slice(sent)).toEqual(Array.from({ length: 500 }, (_, i) => `e${i}`))
  })

  it("answer each event of a ROUTER's peers, and know who sent it", async () => {
    const folder = temporaryFolder()
    const port = await freePort()
    const server = generateKeyPair({ name: "relay" })
    const alice = generateKeyPair({ name: "alice" })
    await server.save(join(folder, "relay.key"))
    mkdirSync(join(folder, "clients"), { mode: 0o700 })
    await alice.public.save(join(folder, "clients", "alice.key"))
    const relay = await RelayProcess.start(
      folder,
      `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  agents:
    type: zmq
    socket: router
    bind: "tcp://127.0.0.1:${port}"
    security: { cert: ./relay.key_secret, clients: ./clients }
routes:
  - { name: all, from: [agents], when: 'sender == "alice"', to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
    )
    const security = { client: alice, serverKey: server.publicKey }
    using request = new Request({ security })
    request.connect(`tcp://127.0.0.1:${port}`)
    await request.send(event("e1"))
    expect((await request.receive()).map(String)).toEqual(["stored", "e1"])

    using dealer = new Dealer({ security })
    dealer.connect(`tcp://127.0.0.1:${port}`)
    const [type, envelope] = event("e2")
    const claimed = String(envelope).replace("{", '{"ohmqsender":"mallory",')
    await dealer.send([type as Buffer, claimed])
    expect((await dealer.receive()).map(String)).toEqual(["stored", "e2"])
    await dealer.send(["a", "b", "c", "d"])
    expect((await dealer.receive()).map(String)).toEqual([
      "refused",
      "",
      "frames",
      "An event has two or three frames; the message has 4",
    ])

    // A REQ socket that correlates puts a number before each request.
    using correlating = new Request({ security, correlate: true, linger: 0 })
    correlating.connect(`tcp://127.0.0.1:${port}`)
    await correlating.send(event("e3"))
    expect((await correlating.receive()).map(String)).toEqual(["stored", "e3"])
    await correlating.send("not an event")
    expect((await correlating.receive()).map(String).slice(0, 3)).toEqual(["refused", "", "frames"])
    expect(await relay.end()).toBe(0)
    expect(linesOf(join(folder, "events.ndjson")).map(({ id, ohmqsender }) => [id, ohmqsender])).toEqual([
      ["e1", "alice"],
      ["e2", "alice"],
      ["e3", "alice"],
    ])
  })
})
