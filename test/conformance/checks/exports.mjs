// What the package exports, and the shape of its classes and objects.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { classNames, readerNames, writerNames } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const exported = [
  "version",
  "capability",
  "curveKeyPair",
  "context",
  "Context",
  "Socket",
  "Observer",
  "Proxy",
  ...classNames,
]

add("exports exactly these names", (zmq) => {
  assert.deepEqual(
    Object.keys(zmq)
      .filter((name) => name !== "default")
      .sort(),
    [...exported].sort(),
  )
})
add("every name can be imported by name", async (_, t) => {
  const { stdout, stderr } = await t.program(
    `import { ${exported.join()} } from ${JSON.stringify(t.packageName)}; console.log([${exported.join()}].includes(undefined))`,
    { module: true },
  )
  assert.deepEqual({ stdout, stderr }, { stdout: "false\n", stderr: "" })
})
add("import default gives what require gives", async (_, t) => {
  const { stdout } = await t.program(
    `import zmq from "${t.packageName}"; import { createRequire } from "node:module"
     console.log(zmq === createRequire(process.cwd() + "/x.js")("${t.packageName}"))`,
    { module: true },
  )
  assert.equal(stdout, "true\n")
})
add("import * has the classes and functions by name", async (_, t) => {
  const { stdout } = await t.program(
    `import * as all from "${t.packageName}"; console.log(${JSON.stringify(exported)}.filter((name) => !(name in all)).join())`,
    { module: true },
  )
  assert.equal(stdout, "\n")
})
add("import() gives the same objects", async (_, t) => {
  const { stdout } = await t.program(
    `import { Push } from "${t.packageName}"; const all = await import("${t.packageName}"); console.log(all.Push === Push && all.default.Push === Push)`,
    { module: true },
  )
  assert.equal(stdout, "true\n")
})

// The others are getters in zeromq.
for (const name of classNames) {
  add(`${name} can be replaced by a test`, (zmq) => {
    const exports = zmq.default ?? zmq
    const value = exports[name]
    const descriptor = Object.getOwnPropertyDescriptor(exports, name)
    assert.deepEqual([descriptor.configurable, descriptor.writable], [true, true])
    exports[name] = "another"
    assert.equal(exports[name], "another")
    Object.defineProperty(exports, name, descriptor)
    assert.equal(exports[name], value)
  })
}

add("version is that of libzmq, in three numbers", (zmq) => assert.match(zmq.version, /^4\.3\.\d+$/))
add("capability has booleans only", (zmq) => {
  assert.ok(Object.keys(zmq.capability).length > 0)
  for (const value of Object.values(zmq.capability)) assert.equal(typeof value, "boolean")
})
for (const name of ["ipc", "curve", "draft"]) {
  add(`capability.${name} is true`, (zmq) => assert.equal(zmq.capability[name], true))
}
add("curveKeyPair gives two keys of 40 characters of Z85", (zmq) => {
  const keys = zmq.curveKeyPair()
  assert.deepEqual(Object.keys(keys).sort(), ["publicKey", "secretKey"])
  for (const key of Object.values(keys)) assert.match(key, /^[0-9a-zA-Z.\-:+=^!/*?&<>()[\]{}@%$#]{40}$/)
})
add("curveKeyPair gives other keys each time", (zmq) => assert.notDeepEqual(zmq.curveKeyPair(), zmq.curveKeyPair()))
add("curveKeyPair takes no argument", (zmq) => assert.equal(zmq.curveKeyPair.length, 0))

for (const name of ["Context", "Socket", "Observer", "Proxy", ...classNames]) {
  add(`${name} is a class of that name`, (zmq) => {
    assert.equal(typeof zmq[name], "function")
    assert.equal(zmq[name].name, name)
  })
  add(`${name} cannot be called without new`, (zmq, t) => {
    const error = t.thrown(() => zmq[name]())
    assert.ok(error instanceof TypeError)
    assert.match(error.message, /^Class constructor.* cannot be invoked without 'new'$/)
  })
  add(`${name}.prototype.constructor is ${name}`, (zmq) => assert.equal(zmq[name].prototype.constructor, zmq[name]))
  add(`${name} has no enumerable properties of its own`, (zmq) => assert.deepEqual(Object.keys(zmq[name]), []))
}
for (const name of ["Context", "Socket", "Observer", "Proxy"]) {
  add(`${name} says that new is missing`, (zmq, t) => {
    for (const call of [
      () => zmq[name](),
      () => zmq[name].call({}, 1),
      () => Reflect.apply(zmq[name], undefined, []),
    ]) {
      t.isTypeError(t.thrown(call), "Class constructors cannot be invoked without 'new'")
    }
  })
}
for (const name of classNames) {
  add(`${name} takes one argument`, (zmq) => assert.equal(zmq[name].length, 1))
  add(`${name} inherits from Socket`, (zmq) => assert.equal(Object.getPrototypeOf(zmq[name]), zmq.Socket))
  add(`a ${name} is an instance of ${name} and of Socket`, (zmq, t) => {
    const socket = t.open(zmq[name])
    assert.ok(socket instanceof zmq[name] && socket instanceof zmq.Socket)
  })
  add(`a ${name} is sealed`, (zmq, t) => assert.ok(Object.isSealed(t.open(zmq[name]))))
  add(`a ${name} has no enumerable properties of its own`, (zmq, t) =>
    assert.deepEqual(Object.keys(t.open(zmq[name])), []),
  )
  add(`a ${name} tells its class to util.inspect`, (zmq, t) => assert.equal(t.open(zmq[name]).constructor.name, name))
  add(`writing an unknown property of a ${name} throws`, (zmq, t) => {
    const socket = t.open(zmq[name])
    t.isTypeError(
      t.thrown(() => {
        socket.doesNotExist = 1
      }),
      "Cannot add property doesNotExist, object is not extensible",
    )
  })
  add(`an unknown option for the constructor of ${name} throws`, (zmq, t) => {
    const error = t.thrown(() => new zmq[name]({ doesNotExist: 1 }))
    assert.ok(error instanceof TypeError)
    assert.ok(error.message.startsWith("Cannot add property doesNotExist, object is not extensible"))
  })
  add(`a ${name} can send: ${writerNames.includes(name)}`, (zmq, t) =>
    assert.equal(typeof t.open(zmq[name]).send, writerNames.includes(name) ? "function" : "undefined"),
  )
  add(`a ${name} can receive: ${readerNames.includes(name)}`, (zmq, t) =>
    assert.equal(typeof t.open(zmq[name]).receive, readerNames.includes(name) ? "function" : "undefined"),
  )
  add(`subclasses of ${name} can add methods and override`, (zmq, t) => {
    const Base = zmq[name]
    class Mine extends Base {
      constructor(options) {
        super({ linger: 7, ...options })
      }
      close() {
        super.close()
      }
      twice(number) {
        return 2 * number
      }
    }
    const socket = t.open(Mine)
    assert.ok(socket instanceof zmq[name])
    assert.equal(socket.twice(4), 8)
    assert.equal(socket.linger, 7)
    socket.close()
    assert.equal(socket.closed, true)
  })
}

for (const name of [
  "events",
  "context",
  "closed",
  "readable",
  "writable",
  "type",
  "lastEndpoint",
  "securityMechanism",
  "threadSafe",
]) {
  add(`${name} of a socket is an accessor of the prototype without a setter`, (zmq) => {
    const property = Object.getOwnPropertyDescriptor(zmq.Socket.prototype, name)
    assert.equal(typeof property.get, "function")
    assert.equal(property.set, undefined)
    assert.equal(property.enumerable, false)
  })
  add(`writing ${name} of a socket throws`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    t.isTypeError(
      t.thrown(() => {
        socket[name] = null
      }),
      `Cannot set property ${name} of #<Socket> which has only a getter`,
    )
  })
}
for (const name of ["bind", "unbind", "bindSync", "unbindSync", "connect", "disconnect", "close"]) {
  add(`${name} is a method of Socket.prototype that is not enumerable`, (zmq) => {
    const property = Object.getOwnPropertyDescriptor(zmq.Socket.prototype, name)
    assert.equal(property.value.name, name)
    assert.equal(property.enumerable, false)
  })
}
add("for (… in socket) names nothing", (zmq, t) => {
  const names = []
  for (const name in t.open(zmq.Dealer)) names.push(name)
  assert.deepEqual(names, [])
})
for (const name of ["send", "receive"]) {
  add(`${name} is a method of Socket.prototype`, (zmq) => {
    const property = Object.getOwnPropertyDescriptor(zmq.Socket.prototype, name)
    assert.equal(property.value.name, name)
    assert.equal(property.enumerable, false)
    assert.equal(property.configurable, true)
  })
}
add("Socket.prototype has an async iterator", (zmq) =>
  assert.equal(typeof zmq.Socket.prototype[Symbol.asyncIterator], "function"),
)
for (const name of ["subscribe", "unsubscribe"]) {
  add(`Subscriber has ${name}, Publisher and XSubscriber have not`, (zmq) => {
    assert.equal(typeof zmq.Subscriber.prototype[name], "function")
    for (const other of ["Publisher", "XSubscriber", "Dealer"]) assert.ok(!(name in zmq[other].prototype), other)
  })
  add(`Subscriber.${name} takes any number of arguments`, (zmq) =>
    assert.equal(zmq.Subscriber.prototype[name].length, 0),
  )
}

add("an Observer is sealed like a socket, but for its mode", (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  assert.ok(events instanceof zmq.Observer)
  assert.deepEqual(Object.keys(events), [])
})
for (const name of ["close", "receive", "on", "off"]) {
  add(`Observer has ${name}`, (zmq) => assert.equal(zmq.Observer.prototype[name].name, name))
}
add("Observer has an async iterator", (zmq) =>
  assert.equal(typeof zmq.Observer.prototype[Symbol.asyncIterator], "function"),
)
add("Observer.closed is an accessor without a setter", (zmq, t) => {
  const { events } = t.open(zmq.Dealer)
  t.isTypeError(
    t.thrown(() => {
      events.closed = true
    }),
    "Cannot set property closed of #<Observer> which has only a getter",
  )
})
for (const name of ["run", "pause", "resume", "terminate"]) {
  add(`Proxy has ${name}, which takes nothing that it needs`, (zmq) => {
    assert.equal(zmq.Proxy.prototype[name].name, name)
    assert.equal(zmq.Proxy.prototype[name].length, 0)
  })
}
for (const name of ["frontEnd", "backEnd"]) {
  add(`Proxy.${name} is the socket that it was given`, (zmq, t) => {
    const sockets = { frontEnd: t.open(zmq.Pull), backEnd: t.open(zmq.Push) }
    assert.equal(new zmq.Proxy(sockets.frontEnd, sockets.backEnd)[name], sockets[name])
  })
  add(`Proxy.${name} cannot be written`, (zmq, t) => {
    const proxy = new zmq.Proxy(t.open(zmq.Pull), t.open(zmq.Push))
    assert.ok(
      t.thrown(() => {
        proxy[name] = null
      }) instanceof TypeError,
    )
  })
}

add("Socket itself is constructed with a number for its type", (zmq, t) => {
  t.isTypeError(
    t.thrown(() => new zmq.Socket("Push")),
    "Socket type must be a number",
  )
})
add("Socket of a type that there is not gives EINVAL", (zmq, t) => {
  t.isErrno(
    t.thrown(() => new zmq.Socket(37)),
    "EINVAL",
    "Invalid argument",
  )
})
add("Socket of a type works like the class for it", (zmq, t) => {
  const socket = t.open(
    class extends zmq.Socket {
      constructor() {
        super(5)
      }
    },
  )
  assert.equal(socket.type, 5)
})
for (const [what, options] of [
  ["a number", 3],
  ["a string", "x"],
  ["true", true],
  ["null", null],
]) {
  add(`${what} for a socket's options is refused`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => new zmq.Dealer(options)),
      "Options must be an object",
    ),
  )
  add(`${what} for a context's options is refused`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => new zmq.Context(options)),
      "Options must be an object",
    ),
  )
}
add("undefined for a socket's options is as none", (zmq, t) => assert.equal(t.open(zmq.Dealer, undefined).type, 5))
add("a context that is none is refused", (zmq, t) => {
  assert.ok(t.thrown(() => new zmq.Dealer({ context: {} })) instanceof Error)
})
for (const [what, args] of [
  ["no socket", []],
  ["a string", ["tcp://127.0.0.1:1"]],
  ["an object", [{}]],
]) {
  add(`new Observer of ${what} is refused`, (zmq, t) => {
    assert.ok(t.thrown(() => new zmq.Observer(...args)) instanceof TypeError)
  })
}
add("methods of a socket refuse another receiver", (zmq, t) => {
  for (const name of ["close", "connect", "bindSync", "disconnect"]) {
    assert.ok(t.thrown(() => zmq.Socket.prototype[name].call({}, "inproc://x")) instanceof TypeError, name)
  }
})
add("accessors of a socket refuse another receiver", (zmq, t) => {
  for (const name of ["closed", "readable", "context", "linger"]) {
    assert.ok(t.thrown(() => Reflect.get(zmq.Socket.prototype, name, {})) instanceof TypeError, name)
  }
})

for (const [what, call] of [
  ["Observer.close", (_zmq, socket) => socket.events.close(1)],
  ["getInt32Option", (_zmq, socket) => socket.getInt32Option(17, 1)],
]) {
  add(`${what} ignores extra arguments`, (zmq, t) => call(zmq, t.open(zmq.Dealer)))
}
for (const [what, message, call] of [
  ["new Context", "Expected 1 argument but received 2", (zmq) => new zmq.Context({}, 1)],
  ["new Context", "Expected 1 argument but received 3", (zmq) => new zmq.Context({}, undefined, 2)],
  ["new Context without options", "Expected 1 argument but received 2", (zmq) => new zmq.Context(undefined, 1)],
  ["new Observer", "Expected 1 argument but received 2", (zmq, socket) => new zmq.Observer(socket, 1)],
  [
    "new of a subclass of Socket",
    "Expected 2 arguments but received 3",
    (zmq) => new (class extends zmq.Socket {})(5, {}, 1),
  ],
]) {
  add(`${what} says "${message}"`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => call(zmq, t.open(zmq.Dealer))),
      message,
    ),
  )
}
add("new Dealer ignores extra arguments", (zmq) => new zmq.Dealer({}, 1).close())
