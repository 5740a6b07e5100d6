// Jest's module registry: the package evaluated again within one test file, and mocked.

import assert from "node:assert"

import { test } from "./adapter.js"

async function exchange(first, second) {
  const [push, pull] = [new first.Push(), new second.Pull()]
  await pull.bind("tcp://127.0.0.1:*")
  const received = pull.receive()
  push.connect(pull.lastEndpoint)
  await push.send("a message")
  assert.equal(String(await received), "a message")
  push.close()
  pull.close()
}

test("sockets of a registry that was reset go on", async () => {
  const first = require("ohmq")
  const pull = new first.Pull()
  const received = pull.receive()
  jest.resetModules()
  const second = require("ohmq")
  assert.notEqual(first, second)
  await exchange(first, second)
  await exchange(second, first)
  await pull.bind("tcp://127.0.0.1:*")
  const push = new second.Push()
  push.connect(pull.lastEndpoint)
  await push.send("late")
  assert.equal(String(await received), "late")
  push.close()
  pull.close()
})

test("isolated modules work side by side", async () => {
  const copies = []
  for (let index = 0; index < 10; index += 1) jest.isolateModules(() => copies.push(require("ohmq")))
  await Promise.all(copies.map((copy, index) => exchange(copy, copies[(index + 1) % 10])))
})

test("the package is mocked by itself", () => {
  jest.resetModules()
  jest.doMock("ohmq")
  const zmq = require("ohmq")
  const push = new zmq.Push()
  assert.equal(push.send("x"), undefined)
  assert.equal(zmq.Push.mock.instances.length, 1)
  assert.equal(push.send.mock.calls[0][0], "x")
  jest.dontMock("ohmq")
})

test("the package is mocked in part", async () => {
  jest.resetModules()
  jest.doMock("ohmq", () => ({ ...jest.requireActual("ohmq"), version: "0.0.0" }))
  const zmq = require("ohmq")
  assert.equal(zmq.version, "0.0.0")
  await exchange(zmq, zmq)
  jest.dontMock("ohmq")
})
