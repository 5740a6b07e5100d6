// ohmq/security, loaded first, and in two copies.

import assert from "node:assert"

import { test } from "./adapter.js"
import { load, reuse } from "./load.js"

/** A round trip between a guarded server and a client that it knows. */
async function guarded({ Authenticator, generateKeyPair }, { Reply, Request, Context }) {
  const context = new Context()
  const [server, alice] = [generateKeyPair({ name: "server" }), generateKeyPair({ name: "alice" })]
  const authenticator = new Authenticator({ context, curve: [alice.public] })
  const reply = new Reply({ context, security: { server, authenticator } })
  await reply.bind("tcp://127.0.0.1:*")
  const request = new Request({ context, security: { client: alice, serverKey: server.publicKey } })
  request.connect(reply.lastEndpoint)
  await request.send("ping")
  await reply.send(await reply.receive())
  assert.equal(String(await request.receive()), "ping")
  request.close()
  reply.close()
  await authenticator.close()
}

await test("ohmq/security is loaded first", async () => {
  const first = [load("ohmq/security"), reuse("ohmq")]
  await guarded(...first)
  const second = [load("ohmq/security"), reuse("ohmq")]
  assert.notEqual(first[0], second[0])
  await Promise.all([guarded(...first), guarded(...second)])
})
