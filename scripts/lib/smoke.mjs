// The smoke test that platforms.mjs runs on every runtime, beside the installed package. It uses what most programs use, and prints "ok" and
// the version of libzmq.

import assert from "node:assert"
import { createRequire } from "node:module"
import { Worker } from "node:worker_threads"
import * as zmq from "ohmq"

const server = zmq.curveKeyPair()
const client = zmq.curveKeyPair()
const reply = new zmq.Reply({ curveServer: true, curveSecretKey: server.secretKey })
await reply.bind("tcp://127.0.0.1:*")
const request = new zmq.Request({
  curveServerKey: server.publicKey,
  curvePublicKey: client.publicKey,
  curveSecretKey: client.secretKey,
})
request.connect(reply.lastEndpoint)
const large = Buffer.alloc(1 << 20, "ø")
await request.send(["ping", large])
await reply.send(await reply.receive())
const [ping, same] = await request.receive()
assert.equal(String(ping), "ping")
assert.ok(same.equals(large))

// An error that libzmq throws as a C++ exception, and one that it returns.
assert.throws(() => new zmq.Request().connect("nowhere"), { code: "EINVAL" })
await assert.rejects(new zmq.Reply().bind(reply.lastEndpoint), { code: "EADDRINUSE" })

const publisher = new zmq.XPublisher()
await publisher.bind("tcp://127.0.0.1:*")
const subscriber = new zmq.Subscriber()
subscriber.subscribe("")
subscriber.connect(publisher.lastEndpoint)
await publisher.receive()
for (let number = 0; number < 100; number++) await publisher.send(String(number))
for (let number = 0; number < 100; number++) assert.equal(String(await subscriber.receive()), String(number))

const pull = new zmq.Pull()
await pull.bind("inproc://worker")
const source = `
  const zmq = require(require("node:worker_threads").workerData)
  const push = new zmq.Push()
  push.connect("inproc://worker")
  push.send("from a worker")
`
new Worker(source, { eval: true, workerData: createRequire(import.meta.url).resolve("ohmq") })
assert.equal(String(await pull.receive()), "from a worker")

for (const socket of [request, reply, publisher, subscriber, pull]) socket.close()
console.log(`ok, libzmq ${zmq.version}`)
