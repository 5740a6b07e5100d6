// bind, unbind, connect and disconnect: what they do, and their errors.

import assert from "node:assert/strict"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"

import { Checks } from "../checks.mjs"
import { classNames, nobody, transports } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const methods = ["bind", "unbind", "bindSync", "unbindSync", "connect", "disconnect"]
const returnsPromise = (method) => method === "bind" || method === "unbind"

for (const method of methods) {
  for (const [what, args] of [
    ["nothing", []],
    ["a number", [1]],
    ["null", [null]],
    ["an object", [{}]],
    ["a Buffer", [Buffer.from("x")]],
  ]) {
    add(`${method} of ${what} throws at once`, (zmq, t) =>
      t.isTypeError(
        t.thrown(() => t.open(zmq.Dealer)[method](...args)),
        "Address must be a string",
      ),
    )
  }
  if (!returnsPromise(method)) {
    add(`${method} takes one argument only`, (zmq, t) =>
      t.isTypeError(
        t.thrown(() => t.open(zmq.Dealer)[method](nobody, 1)),
        "Expected 1 argument but received 2",
      ),
    )
  }
  for (const [address, code, message] of [
    ["nothing", "EINVAL", "Invalid argument"],
    ["", "EINVAL", "Invalid argument"],
    ["tcp:/x", "EINVAL", "Invalid argument"],
    ["foo://x", "EPROTONOSUPPORT", "Protocol not supported"],
  ]) {
    add(`${method} of "${address}" gives ${code}${returnsPromise(method) ? " by rejecting" : ""}`, async (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      const call = () => socket[method](address)
      t.isErrno(returnsPromise(method) ? await t.rejection(call) : t.thrown(call), code, message, address)
    })
  }
  add(`${method} of a closed socket throws EBADF at once`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    socket.close()
    t.isErrno(
      t.thrown(() => socket[method]("inproc://x")),
      "EBADF",
      "Socket is closed",
    )
  })
  for (const blocking of ["bind", "unbind"]) {
    add(`${method} throws EBUSY at once while ${blocking} runs`, async (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      if (blocking === "unbind") await socket.bind(t.address())
      const running = socket[blocking](blocking === "bind" ? t.address() : socket.lastEndpoint)
      t.isErrno(
        t.thrown(() => socket[method](nobody)),
        "EBUSY",
        "Socket is blocked by a bind or unbind operation",
      )
      await running
    })
  }
  add(`${method} gives ${returnsPromise(method) ? "a promise of undefined" : "undefined"}`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    const address = t.address("inproc")
    if (method.startsWith("unbind")) await socket.bind(address)
    if (method === "disconnect") socket.connect(address)
    const result = socket[method](address)
    assert.equal(result instanceof Promise, returnsPromise(method))
    assert.equal(await result, undefined)
  })
}

for (const method of ["unbind", "unbindSync", "disconnect"]) {
  for (const transport of transports) {
    add(`${method} of an unknown ${transport} address gives ENOENT`, async (zmq, t) => {
      const address = transport === "tcp" ? "tcp://127.0.0.1:1" : t.address(transport)
      t.isErrno(await t.failure(() => t.open(zmq.Dealer)[method](address)), "ENOENT", "No such endpoint", address)
    })
  }
}
for (const method of ["bind", "bindSync"]) {
  for (const transport of ["tcp", "inproc"]) {
    add(`${method} to a ${transport} address in use gives EADDRINUSE`, async (zmq, t) => {
      const first = t.open(zmq.Dealer)
      await first.bind(t.address(transport))
      t.isErrno(
        await t.failure(() => t.open(zmq.Dealer)[method](first.lastEndpoint)),
        "EADDRINUSE",
        "Address already in use",
        first.lastEndpoint,
      )
    })
    add(`${method} to a ${transport} address can be done again after an unbind`, async (zmq, t) => {
      const first = t.open(zmq.Dealer)
      await first.bind(t.address(transport))
      const address = first.lastEndpoint
      await first.unbind(address)
      await t.eventually(() => t.open(zmq.Dealer)[method](address))
    })
    add(`${method} to a ${transport} address can be done again after a close`, async (zmq, t) => {
      const first = t.open(zmq.Dealer)
      await first.bind(t.address(transport))
      const address = first.lastEndpoint
      first.close()
      await t.eventually(() => t.open(zmq.Dealer)[method](address))
    })
  }
  for (const address of ["tcp://127.0.0.1:70000", "tcp://127.0.0.1:-1"]) {
    add(`${method} to ${address} gives EINVAL`, async (zmq, t) => {
      t.isErrno(await t.failure(() => t.open(zmq.Dealer)[method](address)), "EINVAL", "Invalid argument", address)
    })
  }
  add(`${method} to an address that this host has not gives its error and the address`, async (zmq, t) => {
    const error = await t.failure(() => t.open(zmq.Dealer)[method]("tcp://192.0.2.1:*"))
    assert.deepEqual([error.code, error.address], ["EADDRNOTAVAIL", "tcp://192.0.2.1:*"])
  })
  add(`${method} to all interfaces tells 0.0.0.0`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    await socket[method]("tcp://*:*")
    assert.match(socket.lastEndpoint, /^tcp:\/\/0\.0\.0\.0:\d+$/)
  })
  add(`${method} to an interface by name`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    await socket[method]("tcp://lo:*")
    assert.match(socket.lastEndpoint, /^tcp:\/\/127\.0\.0\.1:\d+$/)
  })
  add(`${method} to port 0 gets a free port`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    await socket[method]("tcp://127.0.0.1:0")
    assert.match(socket.lastEndpoint, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/)
  })
  for (const transport of transports) {
    add(`${method} over ${transport} sets lastEndpoint`, async (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      const address = t.address(transport)
      await socket[method](address)
      if (transport === "tcp") assert.match(socket.lastEndpoint, /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/)
      else assert.equal(socket.lastEndpoint, address)
    })
    add(`${method} over ${transport}: peers get messages`, async (zmq, t) => {
      const pull = t.open(zmq.Pull)
      await pull[method](t.address(transport))
      const push = t.open(zmq.Push)
      push.connect(pull.lastEndpoint)
      await push.send("x")
      assert.equal(String(await pull.receive()), "x")
    })
  }
  add(`${method} twice: lastEndpoint is the second`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    await socket[method](t.address("inproc"))
    const second = t.address("inproc")
    await socket[method](second)
    assert.equal(socket.lastEndpoint, second)
  })
}
add("bind to an ipc path with a wildcard makes one", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  await socket.bind("ipc://*")
  assert.match(socket.lastEndpoint, /^ipc:\/\/\/.+/)
  await socket.unbind(socket.lastEndpoint)
})
for (const method of ["bind", "bindSync"]) {
  add(`${method} to an abstract ipc address`, async (zmq, t) => {
    const [pull, push] = [t.open(zmq.Pull), t.open(zmq.Push)]
    const address = `ipc://@${t.address("inproc").slice(9)}`
    await pull[method](address)
    assert.equal(pull.lastEndpoint, address)
    push.connect(address)
    await push.send("x")
    assert.equal(String(await pull.receive()), "x")
  })
}
add("an ipc path is a file while it is bound", async (zmq, t) => {
  const address = t.address("ipc")
  await t.open(zmq.Dealer).bind(address)
  assert.ok(existsSync(address.slice("ipc://".length)))
})
add("bind to an ipc path with a file leaves the file", async (zmq, t) => {
  const address = t.address("ipc")
  const file = address.slice("ipc://".length)
  writeFileSync(file, "precious")
  await t.failure(() => t.open(zmq.Dealer).bind(address))
  assert.equal(readFileSync(file, "utf8"), "precious")
  rmSync(file)
})
add("bind to an ipc path that another socket listens on fails", async (zmq, t) => {
  const address = t.address("ipc")
  await t.open(zmq.Dealer).bind(address)
  assert.equal((await t.failure(() => t.open(zmq.Dealer).bind(address))).code, "EADDRINUSE")
})
add("the file of an ipc endpoint is gone after its socket is closed", async (zmq, t) => {
  const address = t.address("ipc")
  const socket = t.open(zmq.Dealer)
  await socket.bind(address)
  socket.close()
  await t.sleep(100)
  assert.ok(!existsSync(address.slice("ipc://".length)))
})
add("bind to an ipc path in a folder that there is not fails with its address", async (zmq, t) => {
  const address = "ipc:///not-there/at/all"
  const error = await t.failure(() => t.open(zmq.Dealer).bind(address))
  assert.equal(error.address, address)
  assert.equal(typeof error.errno, "number")
})
for (const method of ["unbind", "unbindSync"]) {
  for (const transport of transports) {
    add(`${method} over ${transport} frees the address`, async (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      await socket.bind(t.address(transport))
      const address = socket.lastEndpoint
      await socket[method](address)
      const other = t.open(zmq.Dealer)
      await t.eventually(() => other.bind(address))
    })
    add(`${method} twice over ${transport} gives ENOENT`, async (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      await socket.bind(t.address(transport))
      const address = socket.lastEndpoint
      await socket[method](address)
      t.isErrno(await t.failure(() => socket[method](address)), "ENOENT", "No such endpoint", address)
    })
  }
}
for (const transport of transports) {
  add(`disconnect over ${transport} ends the flow of messages`, async (zmq, t) => {
    const [pull, push] = await t.pair(zmq.Pull, zmq.Push, { transport, connected: { sendTimeout: 20 } })
    await push.send("x")
    await pull.receive()
    push.disconnect(pull.lastEndpoint)
    t.isErrno(await t.failure(() => push.send("y")), "EAGAIN", "Operation was not possible or timed out")
  })
  add(`disconnect twice over ${transport} gives ENOENT`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    const server = t.open(zmq.Dealer)
    await t.join(server, socket, transport)
    socket.disconnect(server.lastEndpoint)
    t.isErrno(
      t.thrown(() => socket.disconnect(server.lastEndpoint)),
      "ENOENT",
      "No such endpoint",
      server.lastEndpoint,
    )
  })
  add(`connect over ${transport} before the bind`, async (zmq, t) => {
    const address = transport === "tcp" ? `tcp://127.0.0.1:${await freePort()}` : t.address(transport)
    const [pull, push] = [t.open(zmq.Pull), t.open(zmq.Push, { reconnectInterval: 5 })]
    push.connect(address)
    await pull.bind(address)
    await push.send("x")
    assert.equal(String(await pull.receive()), "x")
  })
  add(`one socket connects to two addresses over ${transport}, and shares out`, async (zmq, t) => {
    const [one, two, push] = [t.open(zmq.Pull), t.open(zmq.Pull), t.open(zmq.Push, { immediate: true })]
    await t.join(one, push, transport)
    await t.join(two, push, transport)
    const first = Promise.all([one.receive(), two.receive()])
    let going = true
    const sending = (async () => {
      while (going) {
        await push.send("x")
        await t.sleep(1)
      }
    })()
    await first
    going = false
    await sending
  })
}
for (const method of ["bind", "bindSync"]) {
  add(`${method} to localhost`, async (zmq, t) => {
    const [pull, push] = [t.open(zmq.Pull), t.open(zmq.Push)]
    await pull[method]("tcp://localhost:*")
    push.connect(pull.lastEndpoint)
    await push.send("x")
    assert.equal(String(await pull.receive()), "x")
  })
}
for (const transport of transports) {
  add(`lastEndpoint after a connect over ${transport} is the address`, (zmq, t) => {
    const address = transport === "tcp" ? nobody : t.address(transport)
    const socket = t.open(zmq.Dealer)
    socket.connect(address)
    assert.equal(socket.lastEndpoint, address)
  })
}
add("connect to a name that nobody resolves now does not throw", (zmq, t) =>
  t.open(zmq.Dealer).connect("tcp://localhost:9"),
)
add("connect with a source address", async (zmq, t) => {
  const [pull, push] = [t.open(zmq.Pull), t.open(zmq.Push)]
  await pull.bind(t.address())
  push.connect(`tcp://127.0.0.1:0;${pull.lastEndpoint.slice("tcp://".length)}`)
  await push.send("x")
  assert.equal(String(await pull.receive()), "x")
})
for (const name of classNames.filter((one) => one !== "Stream")) {
  add(`${name} can bind and connect on each transport`, async (zmq, t) => {
    for (const transport of transports) {
      const socket = t.open(zmq[name])
      await socket.bind(t.address(transport))
      const peer = t.open(zmq[name])
      peer.connect(socket.lastEndpoint)
    }
  })
}
for (const name of ["Router", "Stream"]) {
  add(`${name}.connect takes a routing id`, (zmq, t) => t.open(zmq[name]).connect(nobody, { routingId: "peer" }))
  add(`${name}.connect takes no options`, (zmq, t) => t.open(zmq[name]).connect(nobody))
  add(`${name}.connect takes an empty object`, (zmq, t) => t.open(zmq[name]).connect(nobody, {}))
  add(`${name}.connect refuses a routing id that is no text`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq[name]).connect(nobody, { routingId: 7 })),
      "Option value must be a string or buffer",
    ),
  )
  add(`${name}.connect refuses a number for options`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq[name]).connect(nobody, 1)),
      "Options must be an object",
    ),
  )
  add(`${name}.connect refuses null for options`, (zmq, t) =>
    assert.ok(t.thrown(() => t.open(zmq[name]).connect(nobody, null)) instanceof TypeError),
  )
  add(`${name}.connect refuses an address that is no text`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq[name]).connect(7, {})),
      "Address must be a string",
    ),
  )
  add(`${name}.connect refuses more than two arguments`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq[name]).connect(nobody, {}, 1)),
      "Expected 2 arguments but received 3",
    ),
  )
}
add("operations go on after a bind that failed", async (zmq, t) => {
  const socket = t.open(zmq.Pull)
  await t.failure(() => socket.bind("foo://x"))
  await socket.bind(t.address("inproc"))
})
add("operations go on after an unbind that failed", async (zmq, t) => {
  const socket = t.open(zmq.Pull)
  await t.failure(() => socket.unbind("inproc://none"))
  await socket.bind(t.address("inproc"))
})
for (const access of ["readable", "writable", "events", "context", "closed", "lastEndpoint", "type"]) {
  add(`${access} can be read while a bind runs`, async (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    const running = socket.bind(t.address())
    void socket[access]
    await running
  })
}
add("readable and writable are false while a bind runs", async (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const running = socket.bind(t.address())
  assert.deepEqual([socket.readable, socket.writable], [false, false])
  await running
})

async function freePort() {
  const { createServer } = await import("node:net")
  const server = createServer()
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
