// The peers of sockets with CURVE on the status page.

import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Publisher, Push, Subscriber } from "ohmq"
import { Authenticator, type Certificate, generateKeyPair } from "ohmq/security"
import { createEvent, encode } from "ohmq-toolkit/events"
import { describe, expect, it, onTestFinished } from "vitest"
import { freePort, RelayProcess, temporaryFolder, until } from "../relay/support.js"
import { liveText } from "./support.js"

const page = async ({ url }: RelayProcess) => (await fetch(url)).text()

const event = (type: string) => encode(createEvent({ source: "/test", type, data: {} }))

/** The certificates of a relay that lets these clients in, in its folder. */
async function certificates(...names: string[]) {
  const folder = temporaryFolder()
  const server = generateKeyPair({ name: "relay" })
  await server.save(join(folder, "relay.key"))
  mkdirSync(join(folder, "clients"), { mode: 0o700 })
  const clients = names.map((name) => generateKeyPair({ name }))
  for (const [i, client] of clients.entries()) await client.public.save(join(folder, "clients", `${i}.key`))
  return { folder, server, clients }
}

/** A relay with a page, and these sources, routes and sinks. */
const relayWith = (folder: string, parts: string) =>
  RelayProcess.start(
    folder,
    `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0", page: true }
${parts}`,
  )

function pushTo(endpoint: string, client: Certificate, serverKey: string): Push {
  const push = new Push({ security: { client, serverKey }, linger: 0 })
  onTestFinished(() => push.close())
  push.connect(endpoint)
  return push
}

const bound = "security: { cert: ./relay.key_secret, clients: ./clients }"

describe("peers on the status page", () => {
  it("are named with what they sent, and stay when they have gone", async () => {
    const { folder, server, clients } = await certificates("alice <b>", "bob")
    const [pull, pub] = [await freePort(), await freePort()]
    const relay = await relayWith(
      folder,
      `sources:
  scanners: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:${pull}", ${bound} }
  open: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:*" }
routes:
  - { name: all, from: [scanners, open], to: [bus] }
sinks:
  bus: { type: zmq, socket: pub, bind: "tcp://127.0.0.1:${pub}", ${bound} }
`,
    )
    const [alice, bob] = clients as [Certificate, Certificate]
    expect(await page(relay)).toContain("No peer has been connected.")
    const endpoint = `tcp://127.0.0.1:${pull}`
    const first = pushTo(endpoint, alice, server.publicKey)
    await first.send(event("one"))
    await first.send(event("two"))
    using subscriber = new Subscriber({ security: { client: bob, serverKey: server.publicKey } })
    subscriber.connect(`tcp://127.0.0.1:${pub}`)
    const [row, reader] = ["peer/source/scanners/alice &lt;b&gt;", "peer/sink/bus/bob"]
    await until(async () => liveText(await page(relay), `${row}/messages`) === "2")
    await until(async () => liveText(await page(relay), `${reader}/state`) === "Connected")
    const html = await page(relay)
    expect(html).toContain("<strong>alice &lt;b&gt;</strong>")
    expect(liveText(html, `${row}/state`)).toBe("Connected")
    expect(liveText(html, `${row}/address`)).toBe("127.0.0.1")
    for (const what of ["since", "last"]) expect(liveText(html, `${row}/${what}`)).toMatch(/^\d{4}-.* UTC$/)
    expect(liveText(html, `${reader}/messages`)).toBe("–")
    // Without CURVE, nobody is known.
    expect(html).not.toContain("peer/source/open")
    expect(await relay.metric('ohmq_relay_peers_connected{source="scanners"}')).toBe(1)
    first.close()
    await until(async () => liveText(await page(relay), `${row}/state`) === "Not connected")
    expect(liveText(await page(relay), `${row}/messages`)).toBe("2")
    expect(liveText(await page(relay), `${row}/since`)).toBe("–")
    expect(await relay.metric('ohmq_relay_peers_connected{source="scanners"}')).toBe(0)
    expect(await relay.end()).toBe(0)
  })

  it("are counted when they are not let in, with the last reason", async () => {
    const { folder, server } = await certificates("alice")
    const port = await freePort()
    const relay = await relayWith(
      folder,
      `sources:
  scanners: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:${port}", ${bound} }
routes:
  - { name: all, from: [scanners], to: [] }
sinks: {}
`,
    )
    const row = "denied/source/scanners"
    expect(liveText(await page(relay), `${row}/count`)).toBe("0")
    pushTo(`tcp://127.0.0.1:${port}`, generateKeyPair(), server.publicKey)
    await until(async () => liveText(await page(relay), `${row}/count`) !== "0")
    const html = await page(relay)
    expect(liveText(html, `${row}/reason`)).toBe("unknown key")
    expect(liveText(html, `${row}/address`)).toBe("127.0.0.1")
    expect(liveText(html, `${row}/last`)).toMatch(/ UTC$/)
    expect(html).toContain("No peer has been connected.")
    expect(await relay.end()).toBe(0)
  })

  it("are servers that a source connects to, by the file of their key", async () => {
    const { folder, server } = await certificates()
    await using authenticator = new Authenticator({ curve: [server] })
    const feed = generateKeyPair({ name: "feed" })
    await feed.public.save(join(folder, "feed.key"))
    const publisher = new Publisher({ security: { server: feed, authenticator }, linger: 0 })
    onTestFinished(() => publisher.close())
    await publisher.bind("tcp://127.0.0.1:*")
    const endpoint = String(publisher.lastEndpoint)
    const relay = await relayWith(
      folder,
      `sources:
  feed: { type: zmq, socket: sub, connect: "${endpoint}", security: { cert: ./relay.key_secret, serverKey: ./feed.key } }
routes:
  - { name: all, from: [feed], to: [] }
sinks: {}
`,
    )
    const row = "peer/source/feed/feed.key"
    await until(async () => liveText(await page(relay), `${row}/state`) === "Connected")
    expect(liveText(await page(relay), `${row}/address`)).toBe(endpoint)
    await until(async () => {
      await publisher.send(event("news"))
      return Number(liveText(await page(relay), `${row}/messages`)) > 0
    })
    await publisher.unbind(endpoint)
    publisher.close()
    await until(async () => liveText(await page(relay), `${row}/state`) === "Not connected")
    expect(await relay.end()).toBe(0)
  })
})
