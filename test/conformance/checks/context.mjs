// Contexts: options and how sockets share them.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"

export const checks = new Checks()
const { add } = checks

const options = {
  ioThreads: [1, 2],
  maxSockets: [1023, 7],
  maxMessageSize: [2 ** 31 - 1, 1024],
  ipv6: [false, true],
  blocky: [true, false],
}
for (const [name, [initial, good]] of Object.entries(options)) {
  const kind = typeof initial
  add(`${name} is ${initial} at first`, (zmq) => assert.equal(new zmq.Context()[name], initial))
  add(`${name} reads as it was set`, (zmq) => {
    const context = new zmq.Context()
    context[name] = good
    assert.equal(context[name], good)
  })
  add(`${name} can be given to the constructor`, (zmq) => assert.equal(new zmq.Context({ [name]: good })[name], good))
  add(`${name} refuses values of another type`, (zmq, t) => {
    for (const value of ["x", null, kind === "number" ? true : 1]) {
      t.isTypeError(
        t.thrown(() => {
          new zmq.Context()[name] = value
        }),
        `Option value must be a ${kind}`,
      )
    }
  })
  add(`${name} is a property of the prototype that is not enumerable`, (zmq) => {
    const property = Object.getOwnPropertyDescriptor(zmq.Context.prototype, name)
    assert.deepEqual([typeof property.get, typeof property.set, property.enumerable], ["function", "function", false])
  })
}
for (const [name, value] of [
  ["ioThreads", -1],
  ["maxSockets", 0],
  ["maxSockets", -1],
  ["maxMessageSize", -1],
  ["threadSchedulingPolicy", -1],
]) {
  add(`${name} of ${value} gives EINVAL`, (zmq, t) =>
    t.isErrno(
      t.thrown(() => {
        new zmq.Context()[name] = value
      }),
      "EINVAL",
      "Invalid argument",
    ),
  )
}
for (const name of ["threadPriority", "threadSchedulingPolicy"]) {
  add(`${name} can be set`, (zmq) => {
    new zmq.Context()[name] = 1
  })
  add(`${name} refuses values of another type`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => {
        new zmq.Context()[name] = "high"
      }),
      "Option value must be a number",
    ),
  )
  add(`${name} reads as it was set`, (zmq) => {
    const context = new zmq.Context()
    context[name] = 1
    assert.equal(context[name], 1)
  })
}
add("maxSocketsLimit is a number", (zmq) => assert.ok(new zmq.Context().maxSocketsLimit >= 1023))
add("maxSocketsLimit cannot be written", (zmq, t) => {
  t.isTypeError(
    t.thrown(() => {
      new zmq.Context().maxSocketsLimit = 1
    }),
    "Cannot set property maxSocketsLimit of #<Context> which has only a getter",
  )
})
add("a context is sealed", (zmq) => assert.ok(Object.isSealed(new zmq.Context())))
add("writing an unknown property throws", (zmq, t) =>
  t.isTypeError(
    t.thrown(() => {
      new zmq.Context().doesNotExist = 1
    }),
    "Cannot add property doesNotExist, object is not extensible",
  ),
)
add("an unknown option for the constructor throws", (zmq, t) =>
  assert.match(
    t.thrown(() => new zmq.Context({ doesNotExist: 1 })).message,
    /^Cannot add property doesNotExist, object is not extensible/,
  ),
)
add("a context has no enumerable properties", (zmq) => {
  const names = []
  for (const name in new zmq.Context()) names.push(name)
  assert.deepEqual(names, [])
})
add("the default context is a Context", (zmq) => assert.ok(zmq.context instanceof zmq.Context))
for (const [kind, id, initial, good] of [
  ["Bool", 70, true, false],
  ["Int32", 1, 1, 2],
]) {
  add(`get${kind}Option reads option ${id}`, (zmq) => assert.equal(new zmq.Context()[`get${kind}Option`](id), initial))
  add(`set${kind}Option sets option ${id}`, (zmq) => {
    const context = new zmq.Context()
    context[`set${kind}Option`](id, good)
    assert.equal(context[`get${kind}Option`](id), good)
  })
  add(`set${kind}Option refuses a value of another type`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => new zmq.Context()[`set${kind}Option`](id, "x")),
      `Option value must be a ${kind === "Bool" ? "boolean" : "number"}`,
    ),
  )
  for (const access of ["get", "set"]) {
    const rest = access === "get" ? [] : [good]
    add(`${access}${kind}Option refuses an option that is no number`, (zmq, t) =>
      t.isTypeError(
        t.thrown(() => new zmq.Context()[`${access}${kind}Option`]("x", ...rest)),
        "Identifier must be a number",
      ),
    )
    add(`${access}${kind}Option gives EINVAL for an option that there is not`, (zmq, t) =>
      t.isErrno(
        t.thrown(() => new zmq.Context()[`${access}${kind}Option`](9999, ...rest)),
        "EINVAL",
        "Invalid argument",
      ),
    )
  }
}

add("maxSockets limits sockets: EMFILE", (zmq, t) => {
  const context = new zmq.Context({ maxSockets: 3 })
  for (let index = 0; index < 3; index += 1) t.open(zmq.Dealer, { context })
  t.isErrno(
    t.thrown(() => t.open(zmq.Dealer, { context })),
    "EMFILE",
    "Too many open file descriptors",
  )
})
add("a closed socket makes room for another below maxSockets", async (zmq, t) => {
  const context = new zmq.Context({ maxSockets: 1 })
  t.open(zmq.Dealer, { context }).close()
  await t.eventually(() => t.open(zmq.Dealer, { context }))
})
add("inproc addresses belong to their context", async (zmq, t) => {
  const address = t.address("inproc")
  await t.open(zmq.Pull, { context: new zmq.Context() }).bind(address)
  await t.open(zmq.Pull, { context: new zmq.Context() }).bind(address)
})
add("sockets of two contexts talk over tcp", async (zmq, t) => {
  const pull = t.open(zmq.Pull, { context: new zmq.Context() })
  const push = t.open(zmq.Push, { context: new zmq.Context() })
  await t.join(pull, push, "tcp")
  await push.send("x")
  assert.equal(String(await pull.receive()), "x")
})
add("ipv6 of a context is that of its later sockets", (zmq, t) => {
  const context = new zmq.Context({ ipv6: true })
  assert.equal(t.open(zmq.Dealer, { context }).ipv6, true)
})
add("blocky: false gives sockets a linger of 0", (zmq, t) => {
  const context = new zmq.Context({ blocky: false })
  assert.equal(t.open(zmq.Dealer, { context }).linger, 0)
})
add("a socket lets go of its context when it is closed", (zmq, t) => {
  const socket = t.open(zmq.Dealer, { context: new zmq.Context() })
  socket.close()
  assert.equal(socket.context, undefined)
})
