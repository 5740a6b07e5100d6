// Security, events, proxies, contexts.

import assert from "node:assert/strict"
import { AsyncLocalStorage } from "node:async_hooks"

import { failure, texts } from "../../support/basics.mjs"

export const checks = {
  async "CURVE: the right key gets in, a wrong one does not"(zmq, tools) {
    const server = zmq.curveKeyPair()
    const client = zmq.curveKeyPair()
    const pull = tools.open(zmq.Pull, { curveServer: true, curveSecretKey: server.secretKey })
    const push = tools.open(zmq.Push, {
      curveServerKey: server.publicKey,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
    })
    await tools.join(pull, push)
    await push.send("secret")
    assert.deepEqual(texts(await pull.receive()), ["secret"])
    const stranger = tools.open(zmq.Push, {
      linger: 0,
      curveServerKey: client.publicKey,
      curvePublicKey: client.publicKey,
      curveSecretKey: client.secretKey,
    })
    const connected = stranger.connected({ timeout: 300 })
    stranger.connect(pull.lastEndpoint)
    assert.equal((await failure(() => connected)).code, "EAGAIN")
  },

  async "events: read, waited for, listened to"(zmq, tools) {
    const [pull, push] = [tools.open(zmq.Pull), tools.open(zmq.Push)]
    const accepted = pull.events.waitFor("accept", { timeout: 5000 })
    const types = []
    push.events.on("connect", ({ type }) => types.push(type))
    push.events.on("handshake", ({ type }) => types.push(type))
    const gone = new Promise((resolve) => push.events.on("disconnect", resolve))
    await tools.join(pull, push)
    await accepted
    await pull.connected()
    await push.connected()
    pull.close()
    await gone
    assert.deepEqual(types, ["connect", "handshake"])
    assert.equal((await pull.events.receive()).type, "bind")
    const rest = []
    for await (const { type } of pull.events) rest.push(type)
    assert.equal(rest.at(-1), "end")
  },

  async "events: listeners run in the AsyncLocalStorage store in which they were added"(zmq, tools) {
    const storage = new AsyncLocalStorage()
    const router = storage.run("the socket's", () => tools.open(zmq.Router))
    const heard = []
    const hear = (emitter, event, store) =>
      new Promise((resolve) => {
        storage.run(store, () => emitter.on(event, () => resolve(heard.push(storage.getStore()))))
      })
    storage.run("the first reader's", () => [router.events, router.peerEvents])
    const all = [hear(router.events, "accept", "1"), hear(router.events, "accept", "2")]
    all.push(hear(router.peerEvents, "connect", "3"), hear(router.peerEvents, "connect", "4"))
    const dealer = tools.open(zmq.Dealer)
    await tools.join(router, dealer)
    await dealer.send("hello")
    await storage.run("the receiver's", () => router.receive())
    await Promise.all(all)
    assert.deepEqual(heard.sort(), ["1", "2", "3", "4"])
  },

  async "a bind that is rejected has a stack that names the caller"(zmq, tools) {
    const [pull, other] = [tools.open(zmq.Pull), tools.open(zmq.Pull)]
    await pull.bind(tools.address("tcp"))
    async function startServer() {
      await other.bind(pull.lastEndpoint)
    }
    const { stack, code } = await failure(startServer)
    assert.equal(code, "EADDRINUSE")
    assert.match(stack, /^Error: Address already in use\n(.*\n)*.*startServer/)
  },

  async "a proxy: forwards, pauses, resumes, ends"(zmq, tools) {
    const proxy = new zmq.Proxy(tools.open(zmq.Pull), tools.open(zmq.Push))
    await proxy.frontEnd.bind(tools.address("tcp"))
    await proxy.backEnd.bind(tools.address("tcp"))
    const [push, pull] = [tools.open(zmq.Push), tools.open(zmq.Pull)]
    push.connect(proxy.frontEnd.lastEndpoint)
    pull.connect(proxy.backEnd.lastEndpoint)
    const running = proxy.run()
    for (let index = 0; index < 100; index += 1) {
      await push.send(String(index))
      assert.deepEqual(texts(await pull.receive()), [String(index)])
    }
    proxy.pause()
    await push.send("held")
    proxy.resume()
    assert.deepEqual(texts(await pull.receive()), ["held"])
    proxy.terminate()
    await running
    assert.equal(proxy.statistics().backEnd.sent.messages, 101)
    assert.equal(proxy.frontEnd.closed, true)
  },

  async "contexts: their own sockets, options and end"(zmq, tools) {
    const context = new zmq.Context({ ioThreads: 2, maxSockets: 10 })
    assert.equal(context.ioThreads, 2)
    const pull = tools.open(zmq.Pull, { context })
    const outside = tools.open(zmq.Push)
    const inside = tools.open(zmq.Push, { context })
    await pull.bind("inproc://of-the-context")
    outside.connect("inproc://of-the-context")
    inside.connect("inproc://of-the-context")
    await inside.send("in")
    assert.deepEqual(texts(await pull.receive()), ["in"])
    const waits = failure(() => pull.receive())
    await context.terminate({ linger: 0 })
    assert.equal((await waits).code, "EAGAIN")
    assert.equal(pull.closed && inside.closed && !outside.closed, true)
    assert.throws(() => new zmq.Pull({ context }))
  },

  async "the default context, for addons"(zmq) {
    assert.equal(typeof zmq.context.native, "object")
    assert.equal((await failure(() => zmq.context.terminate())).code, "EPERM")
  },
}
