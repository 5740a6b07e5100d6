// Programs for setsockopt, getsockopt, and options as properties.

const z85 = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"

/** The option's name in zmq.h, and a value to set. */
const settable = {
  ZMQ_AFFINITY: 1,
  ZMQ_IDENTITY: "worker",
  ZMQ_RATE: 50,
  ZMQ_RECOVERY_IVL: 5000,
  ZMQ_SNDBUF: 4096,
  ZMQ_RCVBUF: 4096,
  ZMQ_LINGER: 100,
  ZMQ_RECONNECT_IVL: 50,
  ZMQ_BACKLOG: 10,
  ZMQ_RECOVERY_IVL_MSEC: 4000,
  ZMQ_RECONNECT_IVL_MAX: 1000,
  ZMQ_MAXMSGSIZE: 1024,
  ZMQ_SNDHWM: 5,
  ZMQ_RCVHWM: 5,
  ZMQ_MULTICAST_HOPS: 3,
  ZMQ_RCVTIMEO: 1000,
  ZMQ_SNDTIMEO: 1000,
  ZMQ_IPV4ONLY: 0,
  ZMQ_TCP_KEEPALIVE: 1,
  ZMQ_TCP_KEEPALIVE_CNT: 3,
  ZMQ_TCP_KEEPALIVE_IDLE: 30,
  ZMQ_TCP_KEEPALIVE_INTVL: 5,
  ZMQ_DELAY_ATTACH_ON_CONNECT: 1,
  ZMQ_IPV6: 1,
  ZMQ_PLAIN_SERVER: 1,
  ZMQ_PLAIN_USERNAME: "admin",
  ZMQ_PLAIN_PASSWORD: "1234",
  ZMQ_CURVE_SERVER: 1,
  ZMQ_CURVE_PUBLICKEY: z85,
  ZMQ_CURVE_SECRETKEY: z85,
  ZMQ_CURVE_SERVERKEY: z85,
  ZMQ_ZAP_DOMAIN: "global",
  ZMQ_HEARTBEAT_IVL: 1000,
  ZMQ_HEARTBEAT_TTL: 2000,
  ZMQ_HEARTBEAT_TIMEOUT: 3000,
  ZMQ_CONNECT_TIMEOUT: 4000,
}

/** The option's short name, and a value to set. */
const properties = {
  affinity: 1,
  backlog: 7,
  identity: "ünï",
  linger: 5,
  rate: 10,
  rcvbuf: 8192,
  reconnect_ivl: 20,
  recovery_ivl: 30,
  sndbuf: 8192,
  plain_server: true,
  plain_username: "user",
  plain_password: "word",
  curve_server: true,
  curve_publickey: z85,
  curve_secretkey: z85,
  curve_serverkey: z85,
  zap_domain: "here",
  heartbeat_ivl: 100,
  heartbeat_ttl: 200,
  heartbeat_timeout: 300,
  connect_timeout: 400,
}

const unreadable = /^ZMQ_CURVE_.*KEY$/
const keysAreRead = "zeromq cannot read CURVE keys"
const einval = "Error: Invalid argument"

/** The socket type, instead of a dealer, and the value. */
const onAnyType = [
  ["sub", "ZMQ_IDENTITY", "me", "me", "routingId"],
  ["pub", "ZMQ_IDENTITY", "me", "me", "routingId"],
  ["pub", "ZMQ_RCVHWM", 10, 10, "receiveHighWaterMark"],
  ["pub", "ZMQ_RCVBUF", 10, 10, "receiveBufferSize"],
  ["push", "ZMQ_RCVTIMEO", 10, 10, "receiveTimeout"],
  ["pull", "ZMQ_SNDHWM", 10, 10, "sendHighWaterMark"],
  ["pull", "ZMQ_SNDBUF", 10, 10, "sendBufferSize"],
  ["sub", "ZMQ_SNDTIMEO", 10, 10, "sendTimeout"],
]

const notSupported = (name) => `Error: ${name} is not supported in compatibility mode`

export const options = [
  ...Object.keys(settable).map((name) => ({
    name: `getsockopt(${name}) returns the default`,
    run: (zmq, { socket }) => socket("dealer").getsockopt(zmq[name]),
    ...(unreadable.test(name) && { expected: null, zeromq: einval, why: keysAreRead }),
  })),
  ...Object.entries(settable).map(([name, value]) => ({
    name: `setsockopt(${name}) sets the value, and chains`,
    run(zmq, { socket }) {
      const dealer = socket("dealer")
      return [dealer.setsockopt(zmq[name], value) === dealer, dealer.getsockopt(zmq[name])]
    },
    expected: [true, name === "ZMQ_IPV4ONLY" ? false : value],
    ...(unreadable.test(name) && { zeromq: einval, why: keysAreRead }),
  })),
  ...Object.entries(properties).map(([name, value]) => ({
    name: `${name} as a property and by its short name`,
    run(_zmq, { socket }) {
      const dealer = socket("dealer")
      dealer[name] = value
      return [dealer[name], dealer.getsockopt(name)]
    },
    expected: [value === true ? 1 : value, value === true ? 1 : value],
    ...(unreadable.test(`ZMQ_${name.toUpperCase()}`) && { zeromq: einval, why: keysAreRead }),
  })),
  ...onAnyType.map(([type, name, value, read, property]) => ({
    name: `setsockopt(${name}) on ${type}`,
    why: "in zeromq 5 and libzmq, every socket has it",
    run(zmq, { socket }) {
      const made = socket(type)
      made.setsockopt(zmq[name], value)
      return made.getsockopt(zmq[name])
    },
    expected: read,
    zeromq: `TypeError: Cannot add property ${property}, object is not extensible`,
  })),
  {
    name: "getsockopt for an option of another type",
    run: (zmq, { socket }) => [socket("push").getsockopt(zmq.ZMQ_XPUB_VERBOSE) ?? "none"],
    why: "it returns the value that was set last",
    expected: [0],
    zeromq: "Error: Reading ZMQ_XPUB_VERBOSE is not supported",
  },
  {
    name: "last_endpoint",
    run(_zmq, { socket }) {
      const pull = socket("pull")
      const before = pull.last_endpoint
      pull.bindSync("tcp://127.0.0.1:*")
      return [before, /^tcp:\/\/127\.0\.0\.1:\d+$/.test(pull.last_endpoint), pull.getsockopt(32) === pull.last_endpoint]
    },
    expected: [null, true, true],
  },
  {
    name: "last_endpoint is read-only",
    run(_zmq, { socket }) {
      socket("pull").last_endpoint = "x"
    },
    expected: "Error: Unknown option",
  },
  { name: "mechanism: none", run: (_zmq, { socket }) => socket("pull").mechanism, expected: 0 },
  {
    name: "mechanism: plain",
    run: (_zmq, { socket }) => socket("pull", { plain_server: 1 }).mechanism,
    expected: 1,
  },
  {
    name: "mechanism: curve",
    run: (zmq, { socket }) =>
      socket("pull", { curve_server: 1, curve_secretkey: zmq.curveKeypair().secret }).getsockopt("mechanism"),
    expected: 2,
  },
  {
    name: "_ioevents",
    run: (zmq, { socket }) => [
      socket("pub")._ioevents,
      socket("push")._ioevents,
      socket("pub").getsockopt(zmq.ZMQ_EVENTS),
    ],
    expected: [2, 0, 2],
  },
  ...["_fd", "_receiveMore"].map((name) => ({
    name: `${name} is not supported`,
    run: (_zmq, { socket }) => socket("pub")[name],
    expected: notSupported(name === "_fd" ? "ZMQ_FD" : "ZMQ_RCVMORE"),
  })),
  ...["getsockopt", "setsockopt"].map((method) => ({
    name: `${method}(ZMQ_ROUTER_RAW) is not supported`,
    run: (zmq, { socket }) => socket("router")[method](zmq.ZMQ_ROUTER_RAW, 1),
    expected: notSupported("ZMQ_ROUTER_RAW"),
  })),
  ...[999, "nix", "constructor", undefined, -1].flatMap((option) =>
    ["getsockopt", "setsockopt"].map((method) => ({
      name: `${method}(${option}): unknown option`,
      run: (_zmq, { socket }) => socket("pub")[method](option, 1),
      expected: "Error: Unknown option",
    })),
  ),
  {
    name: "ZMQ_ROUTER_MANDATORY",
    why: "zeromq cannot read it",
    run: (zmq, { socket }) =>
      socket("router").setsockopt(zmq.ZMQ_ROUTER_MANDATORY, 1).getsockopt(zmq.ZMQ_ROUTER_MANDATORY),
    expected: 1,
    zeromq: einval,
  },
  {
    name: "ZMQ_ROUTER_MANDATORY: a message to an unknown peer is an error for the callback",
    async run(zmq, { socket, until }) {
      const router = socket("router").setsockopt(zmq.ZMQ_ROUTER_MANDATORY, 1)
      let told
      router.send(["nobody", "x"], 0, (error) => {
        told = error
      })
      await until(() => told)
      return told.code
    },
    expected: "EHOSTUNREACH",
    zeromq: "timed out",
    why: "zeromq waits forever",
  },
  {
    name: "ZMQ_ROUTER_HANDOVER chains",
    run(zmq, { socket }) {
      const router = socket("router")
      return router.setsockopt(zmq.ZMQ_ROUTER_HANDOVER, 1) === router
    },
    expected: true,
  },
  {
    name: "ZMQ_XPUB_VERBOSE passes on every subscription",
    async run(zmq, { pair, messages, until, socket }) {
      const [xpub, sub] = pair("xpub", "sub")
      xpub.setsockopt(zmq.ZMQ_XPUB_VERBOSE, 1)
      const got = messages(xpub)
      sub.subscribe("a")
      const other = socket("sub").connect(xpub.last_endpoint).subscribe("a")
      await until(() => got.length === 2)
      other.close()
      return got
    },
    expected: [["\u0001a"], ["\u0001a"]],
  },
  {
    name: "ZMQ_TCP_ACCEPT_FILTER throws for an invalid filter",
    run: (zmq, { socket }) => socket("pub").setsockopt(zmq.ZMQ_TCP_ACCEPT_FILTER, "nowhere") && 1,
    expected: einval,
  },
  {
    name: "ZMQ_IPV6 and ZMQ_IPV4ONLY are one option",
    run: (zmq, { socket }) => {
      const pub = socket("pub").setsockopt(zmq.ZMQ_IPV6, 1)
      return [pub.getsockopt(zmq.ZMQ_IPV6), pub.getsockopt(zmq.ZMQ_IPV4ONLY)]
    },
    expected: [1, false],
  },
  ...[
    ["linger", "5", "TypeError: Option value must be a number"],
    ["linger", null, "TypeError: Option value must be a number"],
    ["backlog", -5, einval],
    ["curve_publickey", "short", einval],
    ["identity", 5, "TypeError: Option value must be a string or buffer"],
  ].map(([name, value, expected]) => ({
    name: `${name} = ${JSON.stringify(value)} throws`,
    run(_zmq, { socket }) {
      socket("dealer")[name] = value
    },
    expected,
  })),
  {
    name: "ZMQ_SUBSCRIBE and _subscribe call subscribe()",
    async run(zmq, { pair, messages, until, sleep }) {
      const [pub, sub] = pair("pub", "sub")
      const got = messages(sub)
      sub.setsockopt(zmq.ZMQ_SUBSCRIBE, "a").setsockopt("_subscribe", "b")
      sub._subscribe = "c"
      await until(() => pub.send("a").send("b").send("c").send("d") && got.length >= 6)
      sub.setsockopt(zmq.ZMQ_UNSUBSCRIBE, "a")
      sub._unsubscribe = "b"
      await sleep(100)
      got.length = 0
      pub.send("a").send("b").send("c")
      await until(() => got.length > 0)
      return got
    },
    expected: [["c"]],
  },
]
