// Bytes of another realm, such as a vm context's or a REPL's.

import assert from "node:assert"
import vm from "node:vm"
import zmq from "ohmq"

import { test } from "./adapter.js"

/** Of a realm that is not this one, whichever this is. */
const foreign = (source) => vm.runInNewContext(source)

test("a Uint8Array of another realm is a subscription", async () => {
  const [publisher, subscriber] = [new zmq.XPublisher(), new zmq.Subscriber()]
  await publisher.bind("tcp://127.0.0.1:*")
  subscriber.connect(publisher.lastEndpoint)
  subscriber.subscribe(foreign("new Uint8Array([65, 66])"))
  assert.equal(String(await publisher.receive()), "\x01AB")
  await publisher.send("ABC")
  assert.equal(String(await subscriber.receive()), "ABC")
  subscriber.unsubscribe(foreign("new Uint8Array([65, 66])"))
  assert.equal(String(await publisher.receive()), "\x00AB")
  subscriber.close()
  publisher.close()
})

test("a Uint8Array of another realm is a routing id", async () => {
  const [router, dealer] = [new zmq.Router(), new zmq.Dealer({ routingId: foreign("new Uint8Array([65, 66])") })]
  await router.bind("tcp://127.0.0.1:*")
  dealer.connect(router.lastEndpoint)
  await dealer.send("x")
  assert.equal(String((await router.receive())[0]), "AB")
  dealer.close()
  router.close()
})

test("memory of another realm is sent as bytes", async () => {
  const [push, pull] = [new zmq.Push(), new zmq.Pull()]
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  await push.send([
    foreign("new Uint8Array([65, 66])"),
    foreign("new Uint8Array([65, 66]).buffer"),
    foreign("new Uint8Array(5000).fill(65)"),
    foreign("new DataView(new Uint8Array([65, 66]).buffer)"),
  ])
  assert.deepEqual((await pull.receive()).map(String), ["AB", "AB", "A".repeat(5000), "AB"])
  push.close()
  pull.close()
})
