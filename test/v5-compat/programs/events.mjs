// Programs for monitor() and unmonitor().

const names = "listen accept connect connect_delay connect_retry bind_error close disconnect error".split(" ")

/** Records the events with their arguments except the first, which differs between the packages. */
function log(socket, list = []) {
  for (const name of names) {
    socket.on(name, (_value, address, error) =>
      list.push([name, /^(tcp:\/\/)?127/.test(address), error?.code ?? "none"]),
    )
  }
  return list
}

const has = (list, name) => list.some(([event]) => event === name)

export const events = [
  {
    name: "monitor: the events of a bound socket",
    async run(_zmq, { socket, until }) {
      const pull = socket("pull")
      const list = log(pull)
      pull.monitor(500, 0)
      pull.bindSync("tcp://127.0.0.1:*")
      const push = socket("push").connect(pull.last_endpoint)
      await until(() => has(list, "accept"))
      push.close()
      await until(() => has(list, "disconnect"))
      pull.close()
      await until(() => has(list, "close"))
      return list
    },
    expected: ["listen", "accept", "disconnect", "close"].map((name) => [name, true, "none"]),
  },
  {
    name: "monitor: the events of a connected socket",
    async run(_zmq, { socket, until }) {
      const pull = socket("pull")
      pull.bindSync("tcp://127.0.0.1:*")
      const push = socket("push").monitor()
      const list = log(push)
      push.connect(pull.last_endpoint)
      await until(() => has(list, "connect"))
      pull.close()
      await until(() => has(list, "connect_retry"))
      return list.slice(0, 4)
    },
    expected: ["connect_delay", "connect", "disconnect", "connect_retry"].map((name) => [name, true, "none"]),
  },
  {
    name: "monitor: connect_retry reports milliseconds",
    async run(_zmq, { socket, until }) {
      const push = socket("push").monitor()
      let told
      push.on("connect_retry", (value, address, error) => {
        told = [typeof value, value > 0, address, error ?? "none"]
      })
      push.connect("tcp://127.0.0.1:9")
      await until(() => told)
      return told
    },
    expected: ["number", true, "tcp://127.0.0.1:9", "none"],
  },
  {
    name: "monitor: bind_error reports the error",
    async run(_zmq, { socket, until }) {
      const taken = socket("pull")
      taken.bindSync("tcp://127.0.0.1:*")
      const pull = socket("pull").monitor()
      let told
      pull.on("bind_error", (value, address, error) => {
        told = [value === error.errno, error.code, taken.last_endpoint.endsWith(address)]
      })
      pull.bind(taken.last_endpoint, () => {})
      await until(() => told)
      return told
    },
    expected: [true, "EADDRINUSE", true],
  },
  {
    name: "monitor: the value of other events is the file descriptor",
    why: "as in zeromq 5; zeromq 6 does not report it",
    async run(_zmq, { socket, until }) {
      const pull = socket("pull").monitor()
      const told = []
      pull.on("listen", (value) => told.push(typeof value))
      pull.on("accept", (value) => told.push(typeof value))
      pull.bindSync("tcp://127.0.0.1:*")
      socket("push").connect(pull.last_endpoint)
      await until(() => told.length === 2)
      return told
    },
    expected: ["number", "number"],
    zeromq: ["undefined", "undefined"],
  },
  {
    name: "monitor: calling it twice has no further effect",
    hangs: true,
    why: "zeromq's two readers keep each other and the event loop busy",
    async run(_zmq, { socket, sleep }) {
      const pull = socket("pull").monitor().monitor()
      const list = log(pull)
      pull.bindSync("tcp://127.0.0.1:*")
      await sleep(50)
      return list
    },
    expected: [["listen", true, "none"]],
  },
  {
    name: "monitor: an error from a listener is uncaught, and later events are emitted",
    why: "zeromq emits it as an error event",
    async run(_zmq, { socket, until, loose }) {
      const pull = socket("pull").monitor()
      let accepted = false
      pull.on("listen", () => {
        throw new Error("mine")
      })
      pull.on("error", () => {})
      pull.on("accept", () => {
        accepted = true
      })
      pull.bindSync("tcp://127.0.0.1:*")
      socket("push").connect(pull.last_endpoint)
      await until(() => accepted)
      // The error is thrown by setImmediate, which may come after the next event.
      await new Promise((resolve) => setImmediate(resolve))
      return loose()
    },
    expected: ["uncaughtException: mine"],
    zeromq: [],
  },
  {
    name: "monitor: a client notices that its node stops and returns",
    async run(_zmq, { socket, until, messages }) {
      let pub = socket("pub")
      pub.bindSync("tcp://127.0.0.1:*")
      const { last_endpoint } = pub
      const sub = socket("sub", { reconnect_ivl: 20 })
      const list = []
      sub.on("connect", () => list.push("connect"))
      sub.on("disconnect", () => list.push("disconnect"))
      const got = messages(sub)
      sub.monitor(500, 0)
      sub.connect(last_endpoint).subscribe("hashblock")
      await until(() => pub.send(["hashblock", "00"]) && got.length > 0)
      pub.close()
      await until(() => list.length === 2)
      got.length = 0
      pub = socket("pub")
      await until(() => {
        try {
          pub.bindSync(last_endpoint)
          return true
        } catch {
          return false
        }
      })
      await until(() => pub.send(["hashblock", "01"]) && got.length > 0)
      return [list, got[0]]
    },
    expected: [
      ["connect", "disconnect", "connect"],
      ["hashblock", "01"],
    ],
  },
  // Last, because with zeromq, closing a monitor stops every socket of the process.
  {
    name: "monitor: chains, as does unmonitor",
    why: "zeromq's unmonitor causes an error in zeromq itself",
    async run(_zmq, { socket, sleep, loose }) {
      const pull = socket("pull")
      const chained = [pull.monitor() === pull, pull.unmonitor() === pull]
      await sleep(30)
      return [...chained, loose()]
    },
    expected: [true, true, []],
    zeromq: [true, true, ["unhandledRejection: Socket operation on non-socket"]],
  },
  {
    name: "monitor: again after unmonitor",
    why: "zeromq emits no more events",
    async run(_zmq, { socket, sleep }) {
      const pull = socket("pull")
      const list = log(pull)
      pull.monitor()
      pull.unmonitor()
      await sleep(20)
      list.length = 0
      pull.monitor()
      pull.bindSync("tcp://127.0.0.1:*")
      await sleep(50)
      return list
    },
    expected: [["listen", true, "none"]],
    zeromq: [],
  },
  {
    name: "unmonitor: no more events, and no error",
    why: "zeromq emits an error",
    async run(_zmq, { socket, sleep }) {
      const pull = socket("pull")
      const list = log(pull)
      pull.monitor()
      await sleep(10)
      pull.unmonitor()
      pull.bindSync("tcp://127.0.0.1:*")
      await sleep(50)
      return list
    },
    expected: [],
    zeromq: [["error", false, "none"]],
  },
  {
    name: "unmonitor: without monitor",
    run(_zmq, { socket }) {
      const pull = socket("pull")
      return pull.unmonitor() === pull
    },
    expected: true,
  },
]
