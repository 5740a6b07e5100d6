import { once } from "node:events"
import { mkdirSync } from "node:fs"
import { connect } from "node:net"
import { join } from "node:path"
import { Push, Subscriber } from "ohmq"
import { Certificate, generateKeyPair } from "ohmq/security"
import { describe, expect, it } from "vitest"
import { linked } from "./links.js"
import { freePort, RelayProcess, temporaryFolder, until } from "./support.js"

const denied = "A peer was not let in"

it("An address with a port that the system chooses is logged by what listens there", async () => {
  const { folders, hub } = await linked()
  const free = '"tcp://127.0.0.1:*"'
  const more = `scanners: { type: zmq, socket: pull, bind: ${free} }`
  const relay = await RelayProcess.start(
    folders.hub,
    hub
      .replace(/"tcp:[^"]+"/, free)
      .replace("sources:", `sources:\n  ${more}`)
      .replace("from: [edges], ", "from: [edges, scanners], ")
      .replace("to: [archive]", "to: [archive, bus]")
      .replace("sinks:", `sinks:\n  bus: { type: zmq, socket: pub, bind: ${free} }`),
  )
  for (const part of [{ source: "edges" }, { source: "scanners" }, { sink: "bus" }]) {
    const [role, name] = Object.entries(part)[0] as [string, string]
    const line = relay.log.find((one) => one.msg === `The ${role} listens` && one[role] === name)
    expect(line?.address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d+$/)
    await connects(Number(/\d+$/.exec(String(line?.address))?.[0]))
  }
  expect(await relay.end()).toBe(0)
})

async function connects(port: number) {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "connect")
  socket.destroy()
}

describe("A peer that is not let in", () => {
  it("is counted and logged by a source link", async () => {
    const { folders, hub } = await linked()
    const relay = await RelayProcess.start(folders.hub, hub)
    const stranger = generateKeyPair()
    const endpoint = /tcp:[^"]+/.exec(hub)?.[0] as string
    const { publicKey } = await Certificate.load(join(folders.hub, "hub.key"))
    using push = new Push({ security: { client: stranger, serverKey: publicKey } })
    push.connect(endpoint)
    expect(await relay.logged(denied)).toMatchObject({
      source: "edges",
      reason: "unknown key",
      address: "127.0.0.1",
      publicKey: stranger.publicKey,
    })
    const metric = 'ohmq_relay_peers_denied_total{source="edges",reason="unknown key"}'
    await until(async () => ((await relay.metric(metric)) ?? 0) >= 1)
    expect(await relay.end()).toBe(0)
  })

  it("is counted and logged by a source zmq and a sink zmq", async () => {
    const folder = temporaryFolder()
    const [pull, pub] = [await freePort(), await freePort()]
    const server = generateKeyPair({ name: "relay" })
    await server.save(join(folder, "relay.key"))
    mkdirSync(join(folder, "clients"), { mode: 0o700 })
    await generateKeyPair({ name: "alice" }).public.save(join(folder, "clients", "alice.key"))
    const security = "security: { cert: ./relay.key_secret, clients: ./clients }"
    const relay = await RelayProcess.start(
      folder,
      `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  scanners: { type: zmq, socket: pull, bind: "tcp://127.0.0.1:${pull}", ${security} }
routes:
  - { name: all, from: [scanners], to: [bus] }
sinks:
  bus: { type: zmq, socket: pub, bind: "tcp://127.0.0.1:${pub}", ${security} }
`,
    )
    const client = { security: { client: generateKeyPair(), serverKey: server.publicKey } }
    using push = new Push(client)
    push.connect(`tcp://127.0.0.1:${pull}`)
    using subscriber = new Subscriber(client)
    subscriber.connect(`tcp://127.0.0.1:${pub}`)
    for (const part of [{ source: "scanners" }, { sink: "bus" }]) {
      await until(() =>
        relay.log.some((line) => line.msg === denied && Object.entries(part).every(([a, b]) => line[a] === b)),
      )
      const [[role, name]] = Object.entries(part) as [[string, string]]
      const metric = `ohmq_relay_peers_denied_total{${role}="${name}",reason="unknown key"}`
      await until(async () => ((await relay.metric(metric)) ?? 0) >= 1)
    }
    expect(await relay.end()).toBe(0)
  })
})
