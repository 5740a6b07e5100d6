// Options of sockets: values at first, values that are set and read again, what is refused and how, warnings.

import assert from "node:assert/strict"

import { Checks } from "../checks.mjs"
import { classNames, nobody, readerNames, writerNames } from "../toolbox.mjs"

export const checks = new Checks()
const { add } = checks

const z85 = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
const number = (initial, good, more) => ({ kind: "number", initial, good, ...more })
const bool = (initial, more) => ({ kind: "boolean", initial, good: !initial, ...more })
const text = (good, more) => ({ kind: "string or buffer", initial: null, good, ...more })
const anytime = { anytime: true }
const writeOnly = { writeOnly: true }

/** Options of zeromq 6: value at first, another value, and the classes that have it where not all do. */
export const options = {
  affinity: number(0, 3),
  rate: number(100, 7),
  recoveryInterval: number(10_000, 7),
  linger: number(-1, 7, { initialOn: { Subscriber: 0, XSubscriber: 0 }, ...anytime }),
  reconnectInterval: number(100, 7),
  reconnectMaxInterval: number(0, 7),
  backlog: number(100, 7),
  maxMessageSize: number(-1, 1024),
  tcpKeepalive: number(-1, 1),
  tcpKeepaliveCount: number(-1, 7),
  tcpKeepaliveIdle: number(-1, 7),
  tcpKeepaliveInterval: number(-1, 7),
  tcpAcceptFilter: text("127.0.0.1"),
  immediate: bool(false),
  ipv6: bool(false),
  plainServer: bool(false),
  plainUsername: text("user"),
  plainPassword: text("pass"),
  curveServer: bool(false),
  curvePublicKey: text(z85),
  curveSecretKey: text(z85),
  curveServerKey: text(z85),
  zapDomain: text("global"),
  zapEnforceDomain: bool(false),
  typeOfService: number(0, 8),
  handshakeInterval: number(30_000, 7),
  socksProxy: text("127.0.0.1:1080"),
  heartbeatInterval: number(0, 7),
  heartbeatTimeToLive: number(0, 700),
  heartbeatTimeout: number(-1, 7),
  connectTimeout: number(0, 7),
  tcpMaxRetransmitTimeout: number(0, 7),
  multicastMaxTransportDataUnit: number(1500, 7),
  interface: text("lo"),
  loopbackFastPath: bool(false),
  sendBufferSize: number(-1, 7, { on: writerNames }),
  sendHighWaterMark: number(1000, 7, { on: writerNames, ...anytime }),
  sendTimeout: number(-1, 7, { on: writerNames, ...anytime }),
  multicastHops: number(1, 7, { on: writerNames }),
  receiveBufferSize: number(-1, 7, { on: readerNames }),
  receiveHighWaterMark: number(1000, 7, { on: readerNames, ...anytime }),
  receiveTimeout: number(-1, 7, { on: readerNames, ...anytime }),
  conflate: bool(false, { on: ["Publisher", "Subscriber", "Dealer", "Pull", "Push"], ...writeOnly }),
  routingId: text("name", { on: ["Request", "Reply", "Dealer", "Router"] }),
  mandatory: bool(false, { on: ["Router"], ...anytime }),
  handover: bool(false, { on: ["Router"], ...writeOnly, ...anytime }),
  probeRouter: bool(false, { on: ["Request", "Dealer", "Router"], ...writeOnly, ...anytime }),
  correlate: bool(false, { on: ["Request"], ...writeOnly, ...anytime }),
  relaxed: bool(false, { on: ["Request"], ...writeOnly, ...anytime }),
  notify: bool(true, { on: ["Stream"], ...writeOnly }),
  noDrop: bool(false, { on: ["Publisher", "XPublisher"], ...writeOnly }),
  invertMatching: bool(false, { on: ["Publisher", "Subscriber", "XPublisher"] }),
  manual: bool(false, { on: ["XPublisher"], ...writeOnly }),
  welcomeMessage: text("hello", { on: ["XPublisher"], ...writeOnly }),
}
const wrong = {
  number: ["7", true, {}, undefined],
  boolean: [1, "true", null, undefined],
  "string or buffer": [7, true, {}],
}

for (const [name, { kind, initial, initialOn = {}, good, on = classNames, anytime: atOnce = false }] of Object.entries(
  options,
)) {
  const one = on[0]
  const each = (act) => {
    for (const className of on) act(className)
  }
  const where = on === classNames ? "every class" : on.length > 5 ? "every class that has it" : on.join(", ")

  add(`${name} is ${JSON.stringify(initial)} at first, on ${where}`, (zmq, t) =>
    each((className) => assert.equal(t.open(zmq[className])[name], initialOn[className] ?? initial, className)),
  )
  add(`${name} reads as it was set, on ${where}`, (zmq, t) =>
    each((className) => {
      const socket = t.open(zmq[className])
      socket[name] = good
      assert.equal(socket[name], good, className)
    }),
  )
  add(`${name} can be given to the constructor, on ${where}`, (zmq, t) =>
    each((className) => t.open(zmq[className], { [name]: good })),
  )
  add(`${name} refuses values of another type`, (zmq, t) => {
    const socket = t.open(zmq[one])
    for (const value of wrong[kind]) {
      t.isTypeError(
        t.thrown(() => {
          socket[name] = value
        }),
        `Option value must be a ${kind}`,
      )
    }
  })
  add(`${name} refuses values of another type in the constructor`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq[one], { [name]: {} })),
      `Option value must be a ${kind}`,
    ),
  )
  add(`${name} is a property of the prototype that is not enumerable`, (zmq) => {
    let holder = zmq[one].prototype
    while (!Object.hasOwn(holder, name)) holder = Object.getPrototypeOf(holder)
    const property = Object.getOwnPropertyDescriptor(holder, name)
    assert.deepEqual([typeof property.set, property.enumerable], ["function", false])
  })
  add(`${name} ${atOnce ? "gives no warning" : "warns"} when it is set after a connect`, (zmq, t) => {
    const socket = t.open(zmq[one], { linger: 0 })
    socket.connect(nobody)
    const found = t.warnings(() => {
      socket[name] = good
    })
    assert.deepEqual(found, atOnce ? [] : ["Socket option will not take effect until next connect/bind."])
  })
  // ohmq refuses these during a bind.
  if (!/^(?:curve|plain|zap|socksProxy)/.test(name)) {
    add(`${name} ${atOnce ? "gives no warning" : "warns"} when it is set during a bind`, async (zmq, t) => {
      const socket = t.open(zmq[one], { linger: 0 })
      const binding = socket.bind(t.address("inproc"))
      const found = t.warnings(() => {
        socket[name] = good
      })
      await binding
      assert.deepEqual(found, atOnce ? [] : ["Socket option will not take effect until next connect/bind."])
    })
  }
  add(`${name} gives no warning when it is set before a connect`, (zmq, t) => {
    const socket = t.open(zmq[one])
    assert.deepEqual(
      t.warnings(() => {
        socket[name] = good
      }),
      [],
    )
  })
  add(`${name} cannot be set on a closed socket`, (zmq, t) => {
    const socket = t.open(zmq[one])
    socket.close()
    const { code } = t.thrown(() => {
      socket[name] = good
    })
    assert.ok(code === "EBADF" || code === "ENOTSOCK", code)
  })
  if (on !== classNames) {
    const without = classNames.filter((className) => !on.includes(className))
    add(`${name} is no option of other classes than ${where}`, (zmq, t) => {
      for (const className of without) {
        const error = t.thrown(() => {
          t.open(zmq[className])[name] = good
        })
        t.isTypeError(error, `Cannot add property ${name}, object is not extensible`)
      }
    })
  }
}

for (const [name, { kind, good, writeOnly: silent, on = classNames }] of Object.entries(options)) {
  if (kind !== "string or buffer" || silent || name.startsWith("curve")) continue
  add(`${name} takes a Buffer, and reads as text`, (zmq, t) =>
    assert.equal(t.open(zmq[on[0]], { [name]: Buffer.from(good) })[name], good),
  )
}
for (const name of ["tcpAcceptFilter", "plainUsername", "plainPassword", "socksProxy", "interface"]) {
  add(`${name} takes null`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    socket[name] = null
    assert.equal(socket[name], null)
  })
}
for (const name of ["socksProxy", "interface"]) {
  add(`${name} is cleared by null`, (zmq, t) => {
    const socket = t.open(zmq.Dealer, { [name]: options[name].good })
    socket[name] = null
    assert.equal(socket[name], null)
  })
  add(`${name} reads an empty string as null`, (zmq, t) => assert.equal(t.open(zmq.Dealer, { [name]: "" })[name], null))
}
add("text of options is UTF-8", (zmq, t) => {
  for (const value of ["ünï", "日本", "👋"]) {
    assert.equal(t.open(zmq.Dealer, { routingId: value }).routingId, value)
    assert.equal(t.open(zmq.Dealer, { plainUsername: value }).plainUsername, value)
  }
})

const invalid = (name, socketClass, values) => {
  for (const value of values) {
    const shown = typeof value === "string" ? `text of ${value.length} characters` : JSON.stringify(value)
    add(`${name} of ${shown} gives EINVAL`, (zmq, t) => {
      const socket = t.open(zmq[socketClass])
      t.isErrno(
        t.thrown(() => {
          socket[name] = value
        }),
        "EINVAL",
        "Invalid argument",
      )
    })
  }
}
invalid("linger", "Dealer", [-2])
invalid("sendHighWaterMark", "Dealer", [-1])
invalid("receiveHighWaterMark", "Dealer", [-1])
invalid("sendTimeout", "Dealer", [-2])
invalid("receiveTimeout", "Dealer", [-2])
invalid("rate", "Dealer", [0])
invalid("recoveryInterval", "Dealer", [-1])
invalid("reconnectInterval", "Dealer", [-2])
invalid("reconnectMaxInterval", "Dealer", [-1])
invalid("backlog", "Dealer", [-1])
invalid("tcpKeepalive", "Dealer", [-2, 2])
invalid("tcpKeepaliveCount", "Dealer", [-2])
invalid("tcpKeepaliveIdle", "Dealer", [-2])
invalid("tcpKeepaliveInterval", "Dealer", [-2])
invalid("tcpMaxRetransmitTimeout", "Dealer", [-1])
invalid("connectTimeout", "Dealer", [-1])
invalid("handshakeInterval", "Dealer", [-1])
invalid("heartbeatInterval", "Dealer", [-1])
invalid("heartbeatTimeout", "Dealer", [-1])
invalid("heartbeatTimeToLive", "Dealer", [-100, 6_553_600])
invalid("multicastHops", "Dealer", [0])
invalid("multicastMaxTransportDataUnit", "Dealer", [0])
invalid("routingId", "Dealer", ["", "x".repeat(256)])
invalid("plainUsername", "Dealer", ["x".repeat(256)])
invalid("plainPassword", "Dealer", ["x".repeat(256)])
invalid("zapDomain", "Dealer", ["x".repeat(256)])
invalid("interface", "Dealer", ["x".repeat(17)])
invalid("tcpAcceptFilter", "Dealer", ["nowhere"])
invalid("curvePublicKey", "Dealer", ["short", z85.slice(1)])
invalid("curveSecretKey", "Dealer", ["short", z85.slice(1)])
invalid("curveServerKey", "Dealer", ["short", z85.slice(1)])
for (const name of ["curvePublicKey", "curveSecretKey", "curveServerKey"]) {
  add(`${name} takes 32 bytes`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    socket[name] = Buffer.alloc(32, 7)
    assert.equal(socket.securityMechanism, "curve")
  })
  for (const length of [0, 31, 33]) {
    add(`${name} of ${length} bytes gives EINVAL`, (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      t.isErrno(
        t.thrown(() => {
          socket[name] = Buffer.alloc(length)
        }),
        "EINVAL",
        "Invalid argument",
      )
    })
  }
}

for (const [mechanism, settings] of [
  [null, {}],
  [null, { zapDomain: "x" }],
  ["plain", { plainServer: true }],
  ["plain", { plainUsername: "x" }],
  ["plain", { plainPassword: "x" }],
  ["curve", { curveServer: true }],
  ["curve", { curveServerKey: z85 }],
  ["curve", { curvePublicKey: z85 }],
  ["curve", { curveSecretKey: z85 }],
  ["plain", { curveServer: true, plainServer: true }],
  [null, { plainServer: true, plainUsername: null }],
]) {
  add(`securityMechanism is ${mechanism} with ${JSON.stringify(settings)}`, (zmq, t) =>
    assert.equal(t.open(zmq.Dealer, settings).securityMechanism, mechanism),
  )
}

for (const [type, name] of classNames.entries()) {
  add(`type of ${name} is ${type}`, (zmq, t) => assert.equal(t.open(zmq[name]).type, type))
  add(`threadSafe of ${name} is false`, (zmq, t) => assert.equal(t.open(zmq[name]).threadSafe, false))
  add(`lastEndpoint of ${name} is null at first`, (zmq, t) => assert.equal(t.open(zmq[name]).lastEndpoint, null))
  add(`context of ${name} is the default one`, (zmq, t) => assert.equal(t.open(zmq[name]).context, zmq.context))
  add(`${name} takes a context`, (zmq, t) => {
    const context = new zmq.Context()
    assert.equal(t.open(zmq[name], { context }).context, context)
  })
}

for (const value of ["allSubs", "allSubsUnsubs", null]) {
  add(`verbosity takes ${value}, without a warning on a bound socket`, (zmq, t) => {
    const socket = t.open(zmq.XPublisher)
    socket.bindSync(t.address("inproc"))
    assert.deepEqual(
      t.warnings(() => {
        socket.verbosity = value
      }),
      [],
    )
  })
  add(`verbosity reads as it was set: ${value}`, (zmq, t) =>
    assert.equal(t.open(zmq.XPublisher, { verbosity: value }).verbosity, value),
  )
}
add("verbosity refuses an unknown name", (zmq, t) =>
  assert.ok(
    t.thrown(() => {
      t.open(zmq.XPublisher).verbosity = "loud"
    }) instanceof TypeError,
  ),
)

for (const [name, value] of [
  ["linger", Number.NaN],
  ["linger", 2 ** 31],
  ["typeOfService", -1],
  ["affinity", -1],
  ["maxMessageSize", Number.POSITIVE_INFINITY],
]) {
  add(`${name} refuses ${value}, which its type in C cannot hold`, (zmq, t) =>
    assert.ok(
      t.thrown(() => {
        t.open(zmq.Dealer)[name] = value
      }) instanceof RangeError,
    ),
  )
}
add("numbers of options lose their fraction", (zmq, t) => assert.equal(t.open(zmq.Dealer, { linger: 8.9 }).linger, 8))
for (const name of ["affinity", "maxMessageSize"]) {
  add(`${name} takes numbers above 32 bits`, (zmq, t) =>
    assert.equal(t.open(zmq.Dealer, { [name]: 2 ** 40 })[name], 2 ** 40),
  )
  add(`${name} takes MAX_SAFE_INTEGER without a warning`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    assert.deepEqual(
      t.warnings(() => {
        socket[name] = Number.MAX_SAFE_INTEGER
      }),
      [],
    )
    assert.equal(socket[name], Number.MAX_SAFE_INTEGER)
  })
}
add("2 ** 64 - 1 sets a number of 64 bits, with a warning", (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  const id = 4 // ZMQ_AFFINITY
  for (const set of [
    () => socket.setUint64Option(id, 2 ** 64 - 1),
    () => {
      socket.affinity = 2 ** 64 - 1
    },
  ]) {
    socket.affinity = 0
    const found = t.warnings(set)
    assert.deepEqual(found, ["Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately."])
    assert.equal(socket.affinity, 2 ** 64)
    assert.equal(socket.getUint64Option(id), 2 ** 64)
  }
})
add("affinity above MAX_SAFE_INTEGER warns", (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  assert.deepEqual(
    t.warnings(() => {
      socket.affinity = 2 ** 60
    }),
    ["Value is larger than Number.MAX_SAFE_INTEGER and may have been rounded inaccurately."],
  )
})

for (const method of ["subscribe", "unsubscribe"]) {
  add(`${method} gives no warning on a connected socket`, (zmq, t) => {
    const socket = t.open(zmq.Subscriber)
    socket.connect(nobody)
    socket.subscribe("a")
    assert.deepEqual(
      t.warnings(() => socket[method]("a")),
      [],
    )
  })
  for (const value of [7, true, {}]) {
    add(`${method}(${JSON.stringify(value)}) is refused`, (zmq, t) =>
      t.isTypeError(
        t.thrown(() => t.open(zmq.Subscriber)[method](value)),
        "Option value must be a string or buffer",
      ),
    )
  }
  for (const [what, prefixes] of [
    ["", ["x"]],
    [" without a prefix", []],
  ]) {
    add(`${method}${what} is refused on a closed socket`, (zmq, t) => {
      const socket = t.open(zmq.Subscriber)
      socket.close()
      const { code } = t.thrown(() => socket[method](...prefixes))
      assert.ok(code === "EBADF" || code === "ENOTSOCK", code)
    })
  }
}

/** Option access by number: a method's kind, an option's number in zmq.h, a value at first and another. */
const byNumber = [
  ["Bool", 39, false, true],
  ["Int32", 17, -1, 7],
  ["Uint32", 57, 0, 8],
  ["Int64", 22, -1, 1024],
  ["Uint64", 4, 0, 3],
  ["String", 55, null, "domain"],
]
for (const [kind, id, initial, good] of byNumber) {
  add(`get${kind}Option reads option ${id}`, (zmq, t) =>
    assert.equal(t.open(zmq.Dealer)[`get${kind}Option`](id), initial),
  )
  add(`set${kind}Option sets option ${id}`, (zmq, t) => {
    const socket = t.open(zmq.Dealer)
    socket[`set${kind}Option`](id, good)
    assert.equal(socket[`get${kind}Option`](id), good)
  })
  add(`set${kind}Option refuses a value of another type`, (zmq, t) =>
    t.isTypeError(
      t.thrown(() => t.open(zmq.Dealer)[`set${kind}Option`](id, {})),
      `Option value must be a ${{ Bool: "boolean", String: "string or buffer" }[kind] ?? "number"}`,
    ),
  )
  for (const access of ["get", "set"]) {
    const rest = access === "get" ? [] : [good]
    add(`${access}${kind}Option refuses an option that is no number`, (zmq, t) =>
      t.isTypeError(
        t.thrown(() => t.open(zmq.Dealer)[`${access}${kind}Option`]("linger", ...rest)),
        "Identifier must be a number",
      ),
    )
    add(`${access}${kind}Option gives EINVAL for an option that there is not`, (zmq, t) =>
      t.isErrno(
        t.thrown(() => t.open(zmq.Dealer)[`${access}${kind}Option`](9999, ...rest)),
        "EINVAL",
        "Invalid argument",
      ),
    )
    add(`${access}${kind}Option is refused on a closed socket`, (zmq, t) => {
      const socket = t.open(zmq.Dealer)
      socket.close()
      const { code } = t.thrown(() => socket[`${access}${kind}Option`](id, ...rest))
      assert.ok(code === "EBADF" || code === "ENOTSOCK", code)
    })
  }
  add(`subclasses can make properties with get${kind}Option and set${kind}Option`, (zmq, t) => {
    class Mine extends zmq.Dealer {
      get mine() {
        return this[`get${kind}Option`](id)
      }
      set mine(value) {
        this[`set${kind}Option`](id, value)
      }
    }
    assert.equal(t.open(Mine, { mine: good }).mine, good)
  })
}

add("an option of a closed socket gives the same error as its other methods", (zmq, t) => {
  const socket = t.open(zmq.Dealer)
  socket.close()
  t.isErrno(
    t.thrown(() => socket.linger),
    "EBADF",
    "Socket is closed",
  )
})
