// PLAIN, CURVE and ZAP.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { texts } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const timedOut = "Operation was not possible or timed out"

/** The 32 bytes of a key. */
const decode = (text) => {
  const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
  const bytes = Buffer.alloc(32)
  for (let group = 0; group < 8; group += 1) {
    let value = 0
    for (const letter of text.slice(5 * group, 5 * group + 5)) value = value * 85 + letters.indexOf(letter)
    bytes.writeUInt32BE(value, 4 * group)
  }
  return bytes
}

for (const transport of ["tcp", "ipc"]) {
  const curve = (zmq) => {
    const [server, client] = [zmq.curveKeyPair(), zmq.curveKeyPair()]
    return {
      bound: { curveServer: true, curveSecretKey: server.secretKey },
      connected: {
        curveServerKey: server.publicKey,
        curvePublicKey: client.publicKey,
        curveSecretKey: client.secretKey,
      },
    }
  }
  const talks = async (_t, [one, two]) => {
    await two.send(["question", Buffer.alloc(3000, 7)])
    assert.deepEqual(await one.receive(), [Buffer.from("question"), Buffer.alloc(3000, 7)])
    await one.send("answer")
    assert.deepEqual(texts(await two.receive()), ["answer"])
  }
  /** Asserts that nothing of the second socket reaches the first. */
  const isKeptOut = async (t, [one, two]) => {
    two.sendTimeout = 50
    await two.send("x").catch(() => {})
    one.receiveTimeout = 150
    t.isErrno(await t.failure(() => one.receive()), "EAGAIN", timedOut)
  }
  add(`CURVE over ${transport}: peers with the right keys talk`, async (zmq, t) =>
    talks(t, await t.pair(zmq.Dealer, zmq.Dealer, { transport, ...curve(zmq) })),
  )
  add(`CURVE over ${transport}: keys may be bytes`, async (zmq, t) => {
    const { bound, connected } = curve(zmq)
    bound.curveSecretKey = decode(bound.curveSecretKey)
    connected.curveServerKey = decode(connected.curveServerKey)
    await talks(t, await t.pair(zmq.Dealer, zmq.Dealer, { transport, bound, connected }))
  })
  for (const [what, change] of [
    ["the wrong key of the server", (zmq, options) => ({ ...options, curveServerKey: zmq.curveKeyPair().publicKey })],
    [
      "a public key of another secret key",
      (zmq, options) => ({ ...options, curvePublicKey: zmq.curveKeyPair().publicKey }),
    ],
    ["no security", () => ({})],
    ["PLAIN", () => ({ plainUsername: "user", plainPassword: "pass" })],
  ]) {
    add(`CURVE over ${transport}: a peer with ${what} is kept out`, async (zmq, t) => {
      const { bound, connected } = curve(zmq)
      await isKeptOut(t, await t.pair(zmq.Dealer, zmq.Dealer, { transport, bound, connected: change(zmq, connected) }))
    })
  }
  add(`CURVE over ${transport}: a server without security gets nothing of a client with it`, async (zmq, t) =>
    isKeptOut(t, await t.pair(zmq.Dealer, zmq.Dealer, { transport, connected: curve(zmq).connected })),
  )

  // --- ZAP
  const authenticated = async (zmq, t, status, { bound = {}, connected = {}, domain = "domain" } = {}) => {
    const context = new zmq.Context()
    const handler = t.open(zmq.Reply, { context })
    await handler.bind("inproc://zeromq.zap.01")
    const questions = []
    ;(async () => {
      for await (const question of handler) {
        questions.push(question)
        await handler.send([
          "1.0",
          question[1],
          typeof status === "function" ? status(question) : status,
          "text",
          "user",
          "",
        ])
      }
    })().catch(() => {})
    const sockets = await t.pair(zmq.Dealer, zmq.Dealer, {
      transport,
      bound: { ...bound, context, ...(domain === null ? {} : { zapDomain: domain }) },
      connected,
    })
    return { sockets, questions }
  }
  const mechanisms = {
    NULL: () => ({}),
    PLAIN: () => ({ bound: { plainServer: true }, connected: { plainUsername: "user", plainPassword: "pass" } }),
    CURVE: curve,
  }
  for (const [mechanism, options] of Object.entries(mechanisms)) {
    add(`ZAP over ${transport}: 200 lets a ${mechanism} peer in`, async (zmq, t) => {
      const { sockets } = await authenticated(zmq, t, "200", options(zmq))
      await talks(t, sockets)
    })
    for (const status of ["300", "400", "500"]) {
      add(`ZAP over ${transport}: ${status} keeps a ${mechanism} peer out`, async (zmq, t) => {
        const { sockets, questions } = await authenticated(zmq, t, status, options(zmq))
        await isKeptOut(t, sockets)
        assert.ok(questions.length >= 1)
      })
    }
    add(`ZAP over ${transport}: what the handler of ${mechanism} is asked`, async (zmq, t) => {
      const { bound, connected } = options(zmq)
      const { sockets, questions } = await authenticated(zmq, t, "200", {
        bound: { ...bound, routingId: "server" },
        connected: { ...connected, routingId: "client" },
      })
      await talks(t, sockets)
      const [version, id, domain, address, routingId, name, ...credentials] = questions[0]
      assert.ok(id.length > 0)
      assert.deepEqual(texts([version, domain, routingId, name]), ["1.0", "domain", "server", mechanism])
      if (transport === "tcp") assert.equal(String(address), "127.0.0.1")
      const { plainUsername, plainPassword, curvePublicKey } = connected ?? {}
      const sent = {
        NULL: [],
        PLAIN: [plainUsername, plainPassword],
        CURVE: [curvePublicKey && decode(curvePublicKey)],
      }
      assert.deepEqual(
        credentials,
        sent[mechanism].map((part) => Buffer.from(part)),
      )
    })
  }
  add(`ZAP over ${transport}: PLAIN users are told apart`, async (zmq, t) => {
    const status = (question) => (texts(question.slice(6)).join(":") === "admin:secret" ? "200" : "400")
    const { sockets } = await authenticated(zmq, t, status, {
      bound: { plainServer: true },
      connected: { plainUsername: "admin", plainPassword: "wrong" },
    })
    await isKeptOut(t, sockets)
    const admin = t.open(zmq.Dealer, { plainUsername: "admin", plainPassword: "secret" })
    admin.connect(sockets[0].lastEndpoint)
    sockets[0].receiveTimeout = 5000
    await talks(t, [sockets[0], admin])
  })
  add(`ZAP over ${transport}: without a domain, NULL peers are not asked about`, async (zmq, t) => {
    const { sockets, questions } = await authenticated(zmq, t, "400", { domain: null })
    await talks(t, sockets)
    assert.equal(questions.length, 0)
  })
  add(`ZAP over ${transport}: without a handler, PLAIN lets nobody in`, async (zmq, t) =>
    isKeptOut(
      t,
      await t.pair(zmq.Dealer, zmq.Dealer, {
        transport,
        bound: { plainServer: true, context: new zmq.Context() },
        connected: { plainUsername: "user", plainPassword: "pass" },
      }),
    ),
  )
}
