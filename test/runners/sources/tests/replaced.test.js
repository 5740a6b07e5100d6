// The module's exports, replaced by the test.

import assert from "node:assert"
import zmq from "ohmq"

import { replace, test } from "./adapter.js"

/** The program under test. */
const announce = (text) => new zmq.Push().send(text)

class Fake {
  static sent = []

  send(text) {
    Fake.sent.push(text)
  }
}

test("a class is replaced, and put back", async () => {
  const original = zmq.Push
  const putBack = replace(zmq, "Push", function fake() {
    return new Fake()
  })
  try {
    announce("to nobody")
    assert.deepEqual(Fake.sent, ["to nobody"])
  } finally {
    putBack()
  }
  assert.equal(zmq.Push, original)
  const push = new zmq.Push()
  assert.ok(push instanceof zmq.Socket)
  push.close()
})

test("every class can be replaced", () => {
  const names = Object.keys(zmq).filter((name) => /^[A-Z]/.test(name))
  assert.ok(names.length >= 15, String(names))
  const putBack = names.map((name) =>
    replace(zmq, name, function fake() {
      return new Fake()
    }),
  )
  for (const name of names) assert.ok(new zmq[name]() instanceof Fake, name)
  for (const each of putBack) each()
})

test("a method of a class is replaced, and put back", async () => {
  const putBack = replace(zmq.Push.prototype, "connect", () => {})
  const push = new zmq.Push()
  assert.equal(push.connect("nonsense"), undefined)
  putBack()
  assert.throws(() => push.connect("nonsense"), { code: "EINVAL" })
  push.close()
})
