// Two relays and a link between them, for tests.

import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { generateKeyPair } from "ohmq/security"
import { freePort, temporaryFolder } from "./support.js"

/** The folders of a sending and a receiving relay, with certificates for each other, and configurations that fit. */
export async function linked({ edge = "", hub = "" } = {}) {
  const folders = { edge: temporaryFolder(), hub: temporaryFolder() }
  const port = await freePort()
  const server = generateKeyPair({ name: "hub" })
  const client = generateKeyPair({ name: "edge" })
  await server.save(join(folders.hub, "hub.key"))
  await client.save(join(folders.edge, "edge.key"))
  await server.public.save(join(folders.edge, "hub.key"))
  mkdirSync(join(folders.hub, "clients"), { mode: 0o700 })
  await client.public.save(join(folders.hub, "clients", "edge.key"))
  return {
    folders,
    edge: `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  hooks: { type: webhook, preset: github, path: /github, secret: env:GITHUB_SECRET }
routes:
  - { name: all, from: [hooks], when: 'type != "com.github.ping"', to: [local] }
  - { name: far, from: [hooks], when: 'type == "com.github.push"', to: [hub] }
sinks:
  local: { type: file, path: ./events.ndjson }
  hub:
    type: link
    connect: "tcp://127.0.0.1:${port}"
    security: { cert: ./edge.key_secret, serverKey: ./hub.key }
    heartbeat: 500ms
    ${edge}
`,
    hub: `version: 1
store: { path: ./data }
http: { listen: "127.0.0.1:0" }
sources:
  edges:
    type: link
    bind: "tcp://127.0.0.1:${port}"
    security: { cert: ./hub.key_secret, clients: ./clients }
    heartbeat: 500ms
    ${hub}
routes:
  - { name: all, from: [edges], when: '!has(data.skip)', to: [archive] }
sinks:
  archive: { type: file, path: ./events.ndjson }
`,
  }
}
