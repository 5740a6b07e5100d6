// What ohmq has beyond zeromq, with what is of another realm.

import assert from "node:assert"
import vm from "node:vm"
import zmq from "ohmq"

import { test } from "./adapter.js"

test("messages of another realm are sent together", async () => {
  const [push, pull] = [new zmq.Push(), new zmq.Pull()]
  await pull.bind("tcp://127.0.0.1:*")
  push.connect(pull.lastEndpoint)
  await push.sendMany(vm.runInNewContext(`[new Uint8Array([65]), ["B", new Uint8Array([67])]]`))
  assert.deepEqual((await pull.receive()).map(String), ["A"])
  assert.deepEqual((await pull.receive()).map(String), ["B", "C"])
  push.close()
  pull.close()
})

test("keys of another realm are keys", () => {
  const { publicKey, secretKey } = zmq.curveKeyPair()
  const bytes = vm.runInNewContext("new Uint8Array(32)")
  const reply = new zmq.Reply({ curveServer: true, curveSecretKey: secretKey })
  reply.close()
  assert.equal(zmq.curveKeyPair.publicKeyFrom(secretKey), publicKey)
  assert.equal(zmq.curveKeyPair.publicKeyFrom(bytes), zmq.curveKeyPair.publicKeyFrom(new Uint8Array(32)))
})

test("errors of another realm are passed on as they are", async () => {
  const pull = new zmq.Pull()
  const reason = vm.runInNewContext("new Error('foreign')")
  const controller = new AbortController()
  const rejected = assert.rejects(pull.receive({ signal: controller.signal }), (error) => error === reason)
  controller.abort(reason)
  await rejected
  pull.close()
})
