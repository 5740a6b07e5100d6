// Programs for bind, unbind, connect, disconnect and close.

const blocked = "Socket is blocked by a bind or unbind operation"

export const endpoints = [
  {
    name: "bind: emits first, then calls back, both asynchronously",
    async run(_zmq, { socket, until }) {
      const log = []
      const pull = socket("pull")
      pull.on("bind", (address) => log.push(["event", address]))
      const chained = pull.bind("tcp://127.0.0.1:*", (...error) => log.push(["callback", ...error]))
      log.push(chained === pull)
      await until(() => log.length === 3)
      return log
    },
    expected: [true, ["event", "tcp://127.0.0.1:*"], ["callback"]],
  },
  {
    name: "bind: an error goes to the callback",
    async run(_zmq, { socket, sleep, until }) {
      const log = []
      const pull = socket("pull")
      pull.on("error", () => log.push("event"))
      pull.bind("tcp://nix", ({ code, address }) => log.push([code, address]))
      await until(() => log.length > 0)
      await sleep(20)
      return log
    },
    expected: [["EINVAL", "tcp://nix"]],
  },
  {
    name: "bind: an error without a callback is emitted",
    async run(_zmq, { socket, once }) {
      const pull = socket("pull")
      const emitted = once(pull, "never").catch((error) => error)
      pull.bind("foo://nix")
      const { code, address } = await emitted
      return [code, address]
    },
    expected: ["EPROTONOSUPPORT", "foo://nix"],
  },
  {
    name: "bind: an error without a listener ends the process",
    async run(_zmq, { socket, loose, until }) {
      socket("pull").bind("foo://nix")
      await until(() => loose().length > 0)
      return loose()
    },
    expected: ["uncaughtException: Protocol not supported"],
  },
  {
    name: "bind: an address in use",
    async run(_zmq, { socket, until }) {
      const first = socket("pull")
      first.bindSync("tcp://127.0.0.1:*")
      let told
      socket("pull").bind(first.last_endpoint, (error) => {
        told = error
      })
      await until(() => told)
      return told.code
    },
    expected: "EADDRINUSE",
  },
  {
    name: "bind: an error from its callback is uncaught",
    async run(_zmq, { socket, loose, until }) {
      socket("pull").bind("tcp://127.0.0.1:*", () => {
        throw new Error("mine")
      })
      await until(() => loose().length > 0)
      return loose()
    },
    expected: ["uncaughtException: mine"],
  },
  {
    name: "bind: a callback must be a function",
    why: "zeromq fails only later",
    run: (_zmq, { socket }) => socket("pull").bind("tcp://127.0.0.1:*", "later").type,
    expected: "TypeError: Callback must be a function",
    zeromq: "pull",
  },
  ...["bind", "unbind", "connect", "disconnect", "bindSync", "unbindSync"].map((method) => ({
    name: `${method} during a bind throws`,
    run: (_zmq, { socket }) => socket("pull").bind("tcp://127.0.0.1:*")[method]("tcp://127.0.0.1:9") && 1,
    expected: `Error: ${blocked}`,
  })),
  {
    name: "subscribe and options during a bind",
    async run(_zmq, { socket, once }) {
      const sub = socket("sub").bind("tcp://127.0.0.1:*")
      sub.subscribe("").linger = 5
      await once(sub, "bind")
      return sub.linger
    },
    expected: 5,
  },
  {
    name: "close during a bind: closes when the bind has finished",
    async run(_zmq, { socket, once }) {
      const pull = socket("pull").bind("tcp://127.0.0.1:*")
      pull.close()
      const before = pull.closed
      await once(pull, "bind")
      return [before, pull.closed]
    },
    expected: [false, true],
  },
  {
    name: "bind twice, one after the other",
    async run(_zmq, { socket, once }) {
      const pull = socket("pull").bind("tcp://127.0.0.1:*")
      await once(pull, "bind")
      pull.bind("tcp://127.0.0.1:*")
      return (await once(pull, "bind"))[0]
    },
    expected: "tcp://127.0.0.1:*",
  },
  {
    name: "unbind: emits and calls back",
    // Over inproc: nobody else can take the address once it is free, as with a port.
    async run(_zmq, { socket, until, inproc }) {
      const log = []
      const pull = socket("pull")
      const endpoint = inproc()
      pull.bindSync(endpoint)
      pull.on("unbind", (address) => log.push(address === endpoint))
      const chained = pull.unbind(endpoint, (...error) => log.push(["callback", ...error]))
      await until(() => log.length === 2)
      socket("pull").bindSync(endpoint)
      return [chained === pull, ...log]
    },
    expected: [true, true, ["callback"]],
  },
  {
    name: "unbind: an address that is not bound",
    async run(_zmq, { socket, until }) {
      let told
      socket("pull").unbind("tcp://127.0.0.1:9", (error) => {
        told = error
      })
      await until(() => told)
      return [told.code, told.address]
    },
    expected: ["ENOENT", "tcp://127.0.0.1:9"],
  },
  {
    name: "unbind: an error without a callback is emitted",
    async run(_zmq, { socket, once }) {
      const pull = socket("pull")
      const emitted = once(pull, "never").catch((error) => error)
      pull.unbind("tcp://127.0.0.1:9")
      return (await emitted).code
    },
    expected: "ENOENT",
  },
  {
    name: "bindSync: binds before it returns",
    async run(_zmq, { pair, messages, until }) {
      const [pull, push] = pair("pull", "push")
      const got = messages(pull)
      push.send("x")
      await until(() => got.length > 0)
      return got
    },
    expected: [["x"]],
  },
  {
    name: "bindSync: accepts localhost",
    run(_zmq, { socket }) {
      const pull = socket("pull")
      pull.bindSync("tcp://localhost:*")
      return pull.last_endpoint.replace(/\d+$/, "*")
    },
    expected: "tcp://127.0.0.1:*",
  },
  {
    name: "bindSync: throws the error that bind would report",
    run(_zmq, { socket }) {
      try {
        socket("pull").bindSync("tcp://nix")
      } catch (error) {
        return [error.code, error.address]
      }
    },
    expected: ["EINVAL", "tcp://nix"],
  },
  {
    name: "bindSync chains",
    why: "as in zeromq 5",
    run: (_zmq, { socket }) => socket("pull").bindSync("tcp://127.0.0.1:*")?.type ?? "undefined",
    expected: "pull",
    zeromq: "undefined",
  },
  {
    name: "unbindSync unbinds",
    why: "zeromq's binds instead",
    async run(_zmq, { socket, until }) {
      const pull = socket("pull")
      pull.bindSync("tcp://127.0.0.1:*")
      const { last_endpoint } = pull
      pull.unbindSync(last_endpoint)
      // libzmq's I/O thread frees the address a little later.
      await until(() => {
        try {
          socket("pull").bindSync(last_endpoint)
          return true
        } catch {
          return false
        }
      })
      return "free"
    },
    expected: "free",
    zeromq: "Error: Address already in use",
  },
  {
    name: "connect and disconnect chain",
    run(_zmq, { socket }) {
      const push = socket("push")
      return [push.connect("tcp://127.0.0.1:9") === push, push.disconnect("tcp://127.0.0.1:9") === push]
    },
    expected: [true, true],
  },
  ...[
    ["connect", "foo://x", "Protocol not supported"],
    ["connect", "nonsense", "Invalid argument"],
    ["disconnect", "tcp://127.0.0.1:9", "No such endpoint"],
    ["bindSync", "foo://x", "Protocol not supported"],
  ].map(([method, address, message]) => ({
    name: `${method}(${address}) throws`,
    run: (_zmq, { socket }) => socket("push")[method](address) && 1,
    expected: `Error: ${message}`,
  })),
  {
    name: "connect and bindSync emit nothing without monitor()",
    async run(_zmq, { pair, sleep }) {
      const log = []
      const [pull, push] = pair("pull", "push")
      for (const event of ["bind", "listen", "connect", "accept"]) {
        pull.on(event, () => log.push(event))
        push.on(event, () => log.push(event))
      }
      await sleep(50)
      return log
    },
    expected: [],
  },
  {
    name: "disconnect: messages go to the other peer",
    async run(_zmq, { socket, messages, until }) {
      const [one, two] = [socket("pull"), socket("pull")]
      for (const pull of [one, two]) pull.bindSync("tcp://127.0.0.1:*")
      const [first, second] = [messages(one), messages(two)]
      const push = socket("push").connect(one.last_endpoint)
      push.connect(two.last_endpoint).disconnect(one.last_endpoint)
      push.send("a").send("b")
      await until(() => second.length === 2)
      return [first, second]
    },
    expected: [[], [["a"], ["b"]]],
  },
  {
    name: "close: messages that were sent arrive",
    why: "zeromq passes them to libzmq one at a time, later",
    async run(_zmq, { pair, messages, sleep }) {
      const [pull, push] = pair("pull", "push", "inproc://close-linger")
      const got = messages(pull)
      push.send("a").send("b").send("c").close()
      await sleep(100)
      return got
    },
    expected: [["a"], ["b"], ["c"]],
    zeromq: [["a"]],
  },
  {
    name: "close: emits no more errors or messages",
    why: "zeromq emits events that it has scheduled",
    async run(_zmq, { pair, sleep, loose }) {
      const [pull, push] = pair("pull", "push")
      const log = []
      pull.on("message", () => {
        log.push("message")
        pull.close()
      })
      push.send("a").send("b").send("c")
      await sleep(100)
      return [log, loose()]
    },
    expected: [["message"], []],
    varies: true,
  },
  {
    name: "close: callbacks of waiting messages get an error, in order",
    why: "zeromq calls only the first",
    async run(_zmq, { socket, sleep }) {
      const log = []
      const push = socket("push")
      for (const name of ["a", "b", "c"]) push.send(name, 0, (error) => log.push([name, error.code]))
      push.close()
      await sleep(20)
      return log
    },
    expected: [
      ["a", "EAGAIN"],
      ["b", "EAGAIN"],
      ["c", "EAGAIN"],
    ],
    zeromq: [["a", "EAGAIN"]],
  },
  {
    name: "close: a waiting message without a callback causes no error",
    why: "zeromq ends the process",
    async run(_zmq, { socket, sleep, loose }) {
      socket("push").send("x").close()
      await sleep(20)
      return loose()
    },
    expected: [],
    zeromq: ["unhandledRejection: Operation was not possible or timed out"],
  },
  {
    name: "close: a later send passes an error to its callback",
    why: "zeromq does not call it",
    async run(_zmq, { socket, sleep }) {
      const log = []
      socket("push")
        .close()
        .send("x", 0, (error) => log.push(error.code))
        .send("y")
      await sleep(20)
      return log
    },
    expected: ["EBADF"],
    zeromq: [],
  },
]
