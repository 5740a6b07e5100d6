// Uses a bit of everything that waits, through every entry point, to test the package in other environments. Measures time with
// process.uptime(), which fake clocks do not replace.

import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

/** Far longer than anything here takes. Milliseconds. */
const long = 20_000

async function events({ zmq }) {
  const router = new zmq.Router()
  const dealer = new zmq.Dealer({ routingId: "dealer" })
  const heard = []
  const all = ["bind", "accept", "peer"]
  const complete = new Promise((resolve) => {
    const hear = (what) => {
      heard.push(what)
      if (all.every((one) => heard.includes(one))) resolve()
    }
    router.events.on("bind", ({ type }) => hear(type))
    router.events.on("accept", ({ type }) => hear(type))
    router.peerEvents.on("connect", () => hear("peer"))
  })
  const connected = dealer.connected({ timeout: long })
  await router.bind("tcp://127.0.0.1:*", { timeout: long })
  dealer.connect(router.lastEndpoint)
  await connected
  await dealer.send("hello")
  await router.receive({ timeout: long })
  await complete
  router.close()
  dealer.close()
}

async function waiting({ zmq }, realm) {
  const pull = new zmq.Pull()
  await pull.bind("tcp://127.0.0.1:*")
  const began = process.uptime()
  await assert.rejects(pull.receive({ timeout: 30 }), { code: "EAGAIN" })
  const took = process.uptime() - began
  assert.ok(took > 0.025 && took < 10, `30 ms took ${took} s`)

  const reason = new Error("no more")
  const controller = new realm.AbortController()
  const received = pull.receive({ signal: controller.signal })
  controller.abort(reason)
  await assert.rejects(received, reason)
  await assert.rejects(pull.receive({ signal: controller.signal }), reason)
  await assert.rejects(new zmq.Pull().bind(pull.lastEndpoint, { timeout: long }), { code: "EADDRINUSE" })
  pull.close()
}

/** More than fit into the budget of one turn of the event loop. */
async function manyMessages({ zmq }) {
  const push = new zmq.Push({ sendHighWaterMark: 0 })
  const pull = new zmq.Pull({ receiveHighWaterMark: 0 })
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  const count = 20_000
  for (let index = 0; index < count; index += 1) await push.send("message")
  let received = 0
  for await (const _ of pull) {
    received += 1
    if (received === count) break
  }
  push.toWritable().end("as a stream")
  const [chunk] = await once(pull.toReadable(), "data")
  assert.equal(String(chunk), "as a stream")
  push.close()
  pull.close()
}

async function ends({ zmq }, realm) {
  const context = new zmq.Context()
  const proxy = new zmq.Proxy(new zmq.Pull({ context }), new zmq.Push({ context }))
  await proxy.frontEnd.bind("tcp://127.0.0.1:*")
  await proxy.backEnd.bind("tcp://127.0.0.1:*")
  const controller = new realm.AbortController()
  const running = proxy.run({ signal: controller.signal })
  controller.abort()
  await running
  await context.terminate()
}

async function ofVersion5({ v5 }) {
  const [reply, request] = [v5.socket("rep"), v5.socket("req")]
  reply.on("message", (question) => reply.send(`an answer to ${question}`))
  await new Promise((resolve, reject) => {
    reply.bind("tcp://127.0.0.1:*", (error) => (error ? reject(error) : resolve()))
  })
  request.monitor()
  const handshake = once(request, "connect")
  request.connect(reply.last_endpoint)
  await handshake
  const sent = new Promise((resolve) => request.send("a question", 0, resolve))
  const [answer] = await once(request, "message")
  assert.equal(String(answer), "an answer to a question")
  await sent
  reply.close()
  request.close()
}

async function drafts({ draft }) {
  const [server, client] = [new draft.Server(), new draft.Client()]
  await server.bind("tcp://127.0.0.1:*")
  client.connect(server.lastEndpoint)
  await client.send("a question")
  const [question, options] = await server.receive({ timeout: long })
  await server.send(question, options)
  assert.equal(String(await client.receive({ timeout: long })), "a question")
  server.close()
  client.close()
}

async function security({ zmq, security: { Authenticator, Certificate, Signer, Verifier } }, realm) {
  const folder = mkdtempSync(path.join(tmpdir(), "ohmq-tour-"))
  const context = new zmq.Context()
  try {
    const [server, client] = [Certificate.generate(), await Certificate.fromVault(() => zmq.curveKeyPair())]
    await client.savePublic(path.join(folder, "client.key"))
    const authenticator = new Authenticator({ context, curve: folder })
    const allowed = once(authenticator, "allowed")
    const pull = new zmq.Pull({ context, security: { server, authenticator } })
    await pull.bind("tcp://127.0.0.1:*")
    const push = new zmq.Push({ context, security: { client, serverKey: server } })
    push.connect(pull.lastEndpoint)
    await push.send("a secret")
    assert.equal(String(await pull.receive({ timeout: long })), "a secret")
    await allowed
    await authenticator.close()
    await context.terminate()
  } finally {
    rmSync(folder, { recursive: true })
  }
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const envelope = new Signer({ key: privateKey }).sign("text/plain", realm.Uint8Array.of(1, 2, 3))
  const verifier = new Verifier({ keys: [publicKey], payloadTypes: ["text/plain"] })
  const { payload } = await verifier.verify(realm.Uint8Array.from(Buffer.from(envelope)))
  assert.deepEqual([...payload], [1, 2, 3])
}

/**
 * @param packages The four entry points: zmq, draft, security, v5.
 * @param realm Where AbortController and Uint8Array come from.
 */
export async function tour(packages, realm = globalThis) {
  for (const part of [events, waiting, manyMessages, ends, ofVersion5, drafts, security]) await part(packages, realm)
}
