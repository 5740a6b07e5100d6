// Programs for send() and the event "message".

/** A REP that answers each request with its body twice. */
function echo(rep) {
  rep.on("message", (...parts) => rep.send(parts.map((part) => `${part}${part}`)))
}

const sent = [
  ["text", "text", [["text"]]],
  ["ünï", "ünï", [["ünï"]]],
  ["a Buffer", Buffer.from("bytes"), [["bytes"]]],
  ["a Uint8Array", new Uint8Array([97, 98]), [["ab"]]],
  ["an ArrayBuffer", new Uint8Array([97, 98]).buffer, [["ab"]]],
  ["a number", 5, [["5"]]],
  ["a boolean", true, [["true"]]],
  ["null", null, [[""]]],
  ["undefined", undefined, [["undefined"]]],
  ["an object", {}, [["[object Object]"]]],
  ["an empty string", "", [[""]]],
  ["an array", ["a", "b", "c"], [["a", "b", "c"]]],
  ["an array of different types", ["a", Buffer.from("b"), 3, null], [["a", "b", "3", ""]]],
  ["nested arrays", [["a", "b"], "c"], [["a,b", "c"]]],
  ["300 parts", Array(300).fill("p"), [Array(300).fill("p")]],
  ["a large Buffer", Buffer.alloc(100_000, "x"), [["x".repeat(100_000)]]],
]

export const messages = [
  ...sent.map(([name, value, expected]) => ({
    name: `send: ${name}`,
    async run(_zmq, { pair, messages, until }) {
      const [pull, push] = pair("pull", "push")
      const got = messages(pull)
      push.send(value)
      await until(() => got.length > 0)
      return got
    },
    expected,
  })),
  {
    name: "send: chains",
    run: (_zmq, { socket }) => {
      const pub = socket("pub")
      return pub.send("a").send(["b"]).send("c", 0) === pub
    },
    expected: true,
  },
  {
    name: "send: listeners get Buffers",
    async run(_zmq, { pair, until }) {
      const [pull, push] = pair("pull", "push")
      let got
      pull.on("message", (...parts) => {
        got = parts.map((part) => Buffer.isBuffer(part))
      })
      push.send(["a", 1])
      await until(() => got)
      return got
    },
    expected: [true, true],
  },
  {
    name: "send: ZMQ_SNDMORE",
    async run(zmq, { pair, messages, until }) {
      const [pull, push] = pair("pull", "push")
      const got = messages(pull)
      push.send("a", zmq.ZMQ_SNDMORE).send(["b", "c"], zmq.ZMQ_SNDMORE).send("d").send("e")
      await until(() => got.length === 2)
      return got
    },
    expected: [["a", "b", "c", "d"], ["e"]],
  },
  {
    name: "send: null, undefined and other flags than ZMQ_SNDMORE",
    async run(_zmq, { pair, messages, until }) {
      const [pull, push] = pair("pull", "push")
      const got = messages(pull)
      push.send("a", null).send("b", undefined).send("c", 1)
      await until(() => got.length === 3)
      return got
    },
    expected: [["a"], ["b"], ["c"]],
  },
  {
    name: "send: calls back asynchronously, without an error",
    async run(_zmq, { pair, until }) {
      const [, push] = pair("pull", "push")
      const log = []
      push.send("a", 0, (...values) => log.push(values.map((value) => value ?? "none")))
      log.push("returned")
      await until(() => log.length === 2)
      return log
    },
    expected: ["returned", []],
  },
  {
    name: "send: calls every callback of a multipart message",
    why: "as in zeromq 5; zeromq 6 calls only the last one",
    async run(zmq, { pair, sleep }) {
      const [, push] = pair("pull", "push")
      const log = []
      push.send("a", zmq.ZMQ_SNDMORE, () => log.push("a"))
      push.send("b", 0, () => log.push("b"))
      await sleep(50)
      return log
    },
    expected: ["a", "b"],
    zeromq: ["b"],
  },
  {
    name: "send: callbacks come in the order of the messages",
    async run(_zmq, { pair, until }) {
      const [, push] = pair("pull", "push")
      const log = []
      for (let index = 0; index < 50; index += 1) push.send("x", 0, () => log.push(index))
      await until(() => log.length === 50)
      return log
    },
    expected: Array.from({ length: 50 }, (_, index) => index),
  },
  {
    name: "send: an error from a callback is uncaught, and it is called once",
    why: "zeromq calls it again with its own error",
    async run(_zmq, { pair, messages, sleep, loose }) {
      const [pull, push] = pair("pull", "push")
      const got = messages(pull)
      let calls = 0
      push.send("a", 0, () => {
        calls += 1
        throw new Error("mine")
      })
      push.send("b")
      await sleep(100)
      return [calls, loose(), got]
    },
    expected: [1, ["uncaughtException: mine"], [["a"], ["b"]]],
    zeromq: [2, ["unhandledRejection: mine"], [["a"]]],
  },
  {
    name: "send: an invalid message is an error for the callback",
    async run(_zmq, { socket, until }) {
      let told
      socket("pub").send(Symbol("x"), 0, (error) => {
        told = error
      })
      await until(() => told)
      return told.message
    },
    expected: "Cannot convert a Symbol value to a string",
  },
  {
    name: "send: an invalid message is an error event, and later messages are sent",
    async run(_zmq, { pair, messages, once, until }) {
      const [pull, push] = pair("pull", "push")
      const got = messages(pull)
      const emitted = once(push, "never").catch((error) => error)
      push.send(Symbol("x")).send("next")
      const { message } = await emitted
      await until(() => got.length === 1)
      return [message, got]
    },
    expected: ["Cannot convert a Symbol value to a string", [["next"]]],
  },
  {
    name: "send: a callback must be a function",
    why: "zeromq fails only later",
    async run(_zmq, { socket, sleep }) {
      const { type } = socket("pub").send("x", 0, "later")
      await sleep(20)
      return type
    },
    expected: "TypeError: Callback must be a function",
    zeromq: "pub",
  },
  ...["sub", "pull"].map((type) => ({
    name: `send: a ${type} socket cannot send`,
    why: "zeromq rejects a promise, which ends the process",
    async run(_zmq, { socket, sleep, loose }) {
      const log = []
      socket(type).send("x", 0, (error) => log.push(error.message))
      await sleep(20)
      return [...log, ...loose()]
    },
    expected: ["Cannot send on this socket type."],
    zeromq: ["unhandledRejection: Cannot send on this socket type."],
  })),
  {
    name: "send: any number of messages wait for a peer, in order",
    async run(_zmq, { socket, until }) {
      const push = socket("push")
      for (let index = 0; index < 5000; index += 1) push.send(String(index))
      const pull = socket("pull")
      let next = 0
      pull.on("message", (part) => {
        if (String(part) === String(next)) next += 1
      })
      pull.bindSync("tcp://127.0.0.1:*")
      push.connect(pull.last_endpoint)
      await until(() => next === 5000)
      return next
    },
    expected: 5000,
  },
  {
    name: "send: waits until a bind has finished",
    why: "zeromq's fails with EBUSY",
    async run(_zmq, { socket, until, messages }) {
      const push = socket("push")
      const log = []
      push.bind("tcp://127.0.0.1:*")
      push.send("x", 0, (error) => log.push(error?.code ?? "sent"))
      push.on("bind", () => {
        const pull = socket("pull").connect(push.last_endpoint)
        messages(pull)
      })
      await until(() => log.length > 0)
      return log
    },
    expected: ["sent"],
    zeromq: ["EBUSY"],
  },
  {
    name: "send: the caller may change the array afterwards",
    async run(_zmq, { socket, messages, until }) {
      const push = socket("push")
      const parts = ["a", "b"]
      push.send("first").send(parts)
      parts[0] = "changed"
      const pull = socket("pull")
      const got = messages(pull)
      pull.bindSync("tcp://127.0.0.1:*")
      push.connect(pull.last_endpoint)
      await until(() => got.length === 2)
      return got
    },
    expected: [["first"], ["a", "b"]],
  },
  {
    name: "ZMQ_SNDTIMEO: a message that waits too long fails",
    async run(zmq, { socket, until }) {
      const log = []
      const push = socket("push").setsockopt(zmq.ZMQ_SNDTIMEO, 20)
      push.send("x", 0, (error) => log.push(error.code))
      await until(() => log.length > 0)
      return log
    },
    expected: ["EAGAIN"],
  },
  {
    name: "ZMQ_RCVTIMEO: a listener waits forever",
    why: "as in zeromq 5; zeromq 6 emits an error each time, which ends the process without a listener",
    async run(zmq, { pair, messages, until, sleep, loose }) {
      const [pull, push] = pair("pull", "push")
      pull.setsockopt(zmq.ZMQ_RCVTIMEO, 60)
      const got = messages(pull)
      push.send("a")
      await until(() => got.length === 1)
      await sleep(100)
      push.send("b")
      await until(() => got.length === 2)
      return [got, loose().length]
    },
    expected: [[["a"], ["b"]], 0],
    zeromq: [[["a"], ["b"]], 1],
  },
  {
    name: "req and rep: requests wait for the replies to earlier ones",
    async run(_zmq, { pair, messages, until }) {
      const [rep, req] = pair("rep", "req")
      echo(rep)
      const got = messages(req)
      req.send("a").send(["b", "c"]).send("d")
      await until(() => got.length === 3)
      return got
    },
    expected: [["aa"], ["bb", "cc"], ["dd"]],
  },
  {
    name: "req and rep: a delayed reply",
    async run(_zmq, { pair, messages, until, sleep }) {
      const [rep, req] = pair("rep", "req")
      rep.on("message", (part) => sleep(10).then(() => rep.send(`late ${part}`)))
      const got = messages(req)
      req.send("a").send("b")
      await until(() => got.length === 2)
      return got
    },
    expected: [["late a"], ["late b"]],
  },
  {
    name: "req and rep: requests sent by the listener",
    async run(_zmq, { pair, until }) {
      const [rep, req] = pair("rep", "req")
      echo(rep)
      let text = "x"
      req.on("message", (part) => {
        text = String(part)
        if (text.length < 64) req.send(text)
      })
      req.send(text)
      await until(() => text.length === 64)
      return text.length
    },
    expected: 64,
  },
  {
    name: "req: may connect after sending",
    async run(_zmq, { socket, messages, until }) {
      const rep = socket("rep")
      rep.bindSync("tcp://127.0.0.1:*")
      echo(rep)
      const req = socket("req").send("a")
      const got = messages(req)
      req.connect(rep.last_endpoint)
      await until(() => got.length === 1)
      return got
    },
    expected: [["aa"]],
  },
  {
    name: "rep: two requesters",
    async run(_zmq, { pair, socket, messages, until }) {
      const [rep, one] = pair("rep", "req")
      echo(rep)
      const two = socket("req").connect(rep.last_endpoint)
      const [first, second] = [messages(one), messages(two)]
      for (const text of ["1", "2", "3"]) one.send(text) && two.send(text)
      await until(() => first.length === 3 && second.length === 3)
      return [first, second]
    },
    expected: [
      [["11"], ["22"], ["33"]],
      [["11"], ["22"], ["33"]],
    ],
  },
  ...[
    ["router", "dealer"],
    ["xrep", "xreq"],
  ].map(([back, front]) => ({
    name: `${front} and ${back}: identities`,
    async run(_zmq, { socket, messages, until }) {
      const router = socket(back)
      router.bindSync("tcp://127.0.0.1:*")
      router.on("message", (id, ...rest) => router.send([id, "to", id, ...rest]))
      const dealer = socket(front, { identity: "me" }).connect(router.last_endpoint)
      const got = messages(dealer)
      dealer.send(["a", "b"])
      await until(() => got.length === 1)
      return got
    },
    expected: [["to", "me", "a", "b"]],
  })),
  {
    name: "pair and pair",
    async run(_zmq, { pair, messages, until }) {
      const [one, two] = pair("pair", "pair", "inproc://v5-pair")
      const [first, second] = [messages(one), messages(two)]
      one.send("a")
      two.send("b")
      await until(() => first.length === 1 && second.length === 1)
      return [first, second]
    },
    expected: [[["b"]], [["a"]]],
  },
  {
    name: "pub and sub: subscribe, unsubscribe, chained",
    async run(_zmq, { pair, messages, until }) {
      const [pub, sub] = pair("pub", "sub")
      const got = messages(sub)
      sub.subscribe("a").subscribe(Buffer.from("b")).unsubscribe("b").subscribe("end")
      await until(() => pub.send(["b", "0"]).send(["a", "1"]).send("end") && got.some(([topic]) => topic === "end"))
      return [...new Set(got.map(([topic]) => topic))]
    },
    expected: ["a", "end"],
  },
  ...["subscribe", "unsubscribe"].map((method) => ({
    name: `${method} on another type throws`,
    run: (_zmq, { socket }) => socket("pull")[method]("") && 1,
    expected: "Error: Subscriber socket required",
  })),
  ...[5, undefined, {}].map((prefix) => ({
    name: `subscribe(${JSON.stringify(prefix)}) throws`,
    run: (_zmq, { socket }) => socket("sub").subscribe(prefix) && 1,
    expected: "TypeError: Option value must be a string or buffer",
  })),
  {
    name: "xpub and xsub: subscriptions are messages",
    async run(_zmq, { pair, messages, until }) {
      const [xpub, xsub] = pair("xpub", "xsub")
      const got = messages(xpub)
      const data = messages(xsub)
      xsub.send(Buffer.from("\u0001a"))
      await until(() => got.length === 1)
      xpub.send(["a", "1"])
      await until(() => data.length === 1)
      return [got, data]
    },
    expected: [[["\u0001a"]], [["a", "1"]]],
  },
  {
    name: "stream: an empty part reports a connection",
    async run(_zmq, { pair, until }) {
      const [stream] = pair("stream", "stream")
      let got
      stream.on("message", (id, bytes) => {
        got = [id.length, bytes.length]
      })
      await until(() => got)
      return got
    },
    expected: [5, 0],
  },
  {
    name: "message: messages wait for the first listener",
    why: "zeromq loses them",
    async run(_zmq, { pair, messages, sleep }) {
      const [pull, push] = pair("pull", "push")
      push.send("a").send("b")
      await sleep(50)
      const got = messages(pull)
      push.send("c")
      await sleep(100)
      return got
    },
    expected: [["a"], ["b"], ["c"]],
    zeromq: [["c"]],
  },
  {
    name: "message: once() gets one, and the next once() the next",
    why: "zeromq loses those in between",
    async run(_zmq, { pair, once }) {
      const [pull, push] = pair("pull", "push")
      for (const text of ["a", "b", "c", "d"]) push.send(text)
      const got = []
      for (let index = 0; index < 4; index += 1) got.push(String((await once(pull, "message"))[0]))
      return got
    },
    expected: ["a", "b", "c", "d"],
    zeromq: "timed out",
  },
  {
    name: "message: once() and on()",
    async run(_zmq, { pair, messages, until }) {
      const [pull, push] = pair("pull", "push")
      const first = []
      pull.once("message", (part) => first.push(String(part)))
      const got = messages(pull)
      push.send("a").send("b")
      await until(() => got.length === 2)
      return [first, got]
    },
    expected: [["a"], [["a"], ["b"]]],
  },
  {
    name: "message: events.on()",
    async run(_zmq, { pair }) {
      const { on } = await import("node:events")
      const [pull, push] = pair("pull", "push")
      push.send(["a", "1"]).send("b")
      const got = []
      for await (const parts of on(pull, "message")) {
        got.push(parts.map(String))
        if (got.length === 2) break
      }
      return got
    },
    expected: [["a", "1"], ["b"]],
  },
  {
    name: "message: calls all listeners in order, with the socket as this",
    async run(_zmq, { pair, until }) {
      const [pull, push] = pair("pull", "push")
      const log = []
      pull.on("message", function () {
        log.push(["second", this === pull])
      })
      pull.prependListener("message", () => log.push("first"))
      pull.addListener("message", () => log.push("third"))
      push.send("a")
      await until(() => log.length === 3)
      return log
    },
    expected: ["first", ["second", true], "third"],
  },
  {
    name: "message: a removed listener",
    async run(_zmq, { pair, messages, until }) {
      const [pull, push] = pair("pull", "push")
      const never = () => {
        throw new Error("called")
      }
      pull.on("message", never)
      pull.removeListener("message", never)
      const got = messages(pull)
      push.send("a")
      await until(() => got.length === 1)
      return got
    },
    expected: [["a"]],
  },
  {
    name: "message: the socket works after removeAllListeners()",
    why: "zeromq's socket listens to itself, and stops sending",
    async run(_zmq, { pair, messages, sleep }) {
      const [pull, push] = pair("pull", "push")
      pull.removeAllListeners()
      push.removeAllListeners()
      const got = messages(pull)
      push.send("a")
      await sleep(50)
      return [got, push.eventNames().length]
    },
    expected: [[["a"]], 0],
    zeromq: [[], 0],
  },
  {
    name: "message: an error from a listener is uncaught, and later messages are emitted",
    async run(_zmq, { pair, until, loose }) {
      const [pull, push] = pair("pull", "push")
      const log = []
      pull.on("message", (part) => {
        log.push(String(part))
        if (log.length === 1) throw new Error("mine")
      })
      push.send("a").send("b").send("c")
      await until(() => log.length === 3)
      return [log, loose()]
    },
    expected: [["a", "b", "c"], ["uncaughtException: mine"]],
  },
  {
    name: "message: an error from an async listener is an unhandled rejection",
    async run(_zmq, { pair, until, loose }) {
      const [pull, push] = pair("pull", "push")
      pull.on("message", async () => {
        throw new Error("mine")
      })
      push.send("a")
      await until(() => loose().length > 0)
      return loose()
    },
    expected: ["unhandledRejection: mine"],
  },
  {
    name: "pause: emits and sends nothing until resume",
    async run(_zmq, { pair, messages, sleep, until }) {
      const [one, two] = pair("pair", "pair")
      const [first, second] = [messages(one), messages(two)]
      one.pause()
      one.send("from one")
      two.send("from two")
      await sleep(50)
      const paused = [first.length, second.length]
      one.resume()
      await until(() => first.length === 1 && second.length === 1)
      return [paused, first, second]
    },
    expected: [[0, 0], [["from two"]], [["from one"]]],
  },
  {
    name: "pause: takes effect at once in a listener",
    why: "zeromq emits events that it has scheduled",
    async run(_zmq, { pair, sleep, until }) {
      const [pull, push] = pair("pull", "push")
      const got = []
      for (const text of ["a", "b", "c", "d"]) push.send(text)
      await sleep(50)
      pull.on("message", (part) => {
        got.push(String(part))
        pull.pause()
      })
      push.send("e")
      await sleep(50)
      const paused = got.length
      while (got.length < 5) {
        pull.resume()
        await sleep(10)
      }
      await until(() => got.length === 5)
      return [paused, got]
    },
    expected: [1, ["a", "b", "c", "d", "e"]],
    varies: true,
  },
  {
    name: "a class that extends Socket and overrides on, once and send",
    async run(zmq, { until }) {
      class Text extends zmq.Socket {
        constructor(type, mark) {
          super(type)
          this.mark = mark
        }
        on(event, listener) {
          if (event !== "message") return super.on(event, listener)
          return super.on(event, (...parts) => listener(parts.map(String).join("+"), this.mark))
        }
        once(event, listener) {
          const wrapped = (...values) => {
            this.removeAllListeners(event)
            listener(...values)
          }
          return this.on(event, wrapped)
        }
        send(message, flags, callback) {
          return super.send(["sent", ...message], flags, callback)
        }
      }
      const [pull, push] = [new Text("pull", "here"), new Text("push", "there")]
      const got = []
      pull.bindSync("tcp://127.0.0.1:*")
      push.connect(pull.last_endpoint)
      pull.once("message", (...values) => got.push(values))
      push.send(["a", "b"])
      await until(() => got.length === 1)
      pull.on("message", (...values) => got.push(values))
      push.send(["c"])
      await until(() => got.length === 2)
      pull.close()
      push.close()
      return got
    },
    expected: [
      ["sent+a+b", "here"],
      ["sent+c", "here"],
    ],
  },
  {
    name: "a subclass that overrides emit gets messages without a listener",
    async run(zmq, { until }) {
      const got = []
      class Tap extends zmq.Socket {
        emit(event, ...values) {
          if (event === "message") got.push(values.map(String))
          return super.emit(event, ...values)
        }
      }
      const [pull, push] = [new Tap("pull"), new zmq.Socket("push")]
      pull.bindSync("tcp://127.0.0.1:*")
      push.connect(pull.last_endpoint)
      push.send(["a", "b"])
      await until(() => got.length === 1)
      pull.close()
      push.close()
      return got
    },
    expected: [["a", "b"]],
  },
  ...[
    ["pull", "push"],
    ["push", "pull"],
    ["xpub", "xsub"],
    ["router", "dealer"],
    ["xrep", "xreq"],
  ].map(([front, back]) => ({
    name: `proxy: ${front} and ${back} forward messages, and capture them`,
    ...(front === "pull" && { why: "zeromq does not capture messages from the front end" }),
    async run(zmq, { socket, messages, until }) {
      const [frontend, backend, capture] = [socket(front), socket(back), socket("push")]
      for (const one of [frontend, backend, capture]) one.bindSync("tcp://127.0.0.1:*")
      const captured = messages(socket("pull").connect(capture.last_endpoint))
      zmq.proxy(frontend, backend, capture)
      const routed = front === "router" || front === "xrep"
      const types = { pull: ["push", "pull"], push: ["push", "pull"], xpub: ["pub", "sub"] }[front] ?? ["req", "rep"]
      const [source, sink] = types.map((type) => socket(type))
      source.connect(front === "pull" || routed ? frontend.last_endpoint : backend.last_endpoint)
      sink.connect(front === "pull" || routed ? backend.last_endpoint : frontend.last_endpoint)
      const got = messages(routed ? source : sink)
      if (front === "xpub") sink.subscribe("")
      if (routed) echo(sink)
      if (front === "xpub") {
        await until(() => source.send("ready") && got.length > 0)
        captured.length = 0
        got.length = 0
        await until(() => source.send(["x", "y"]) && got.some(([part]) => part === "x"))
      } else {
        source.send(["x", "y"])
        await until(() => got.length > 0)
      }
      const wanted = (list) => list.find(([part]) => part !== "ready")
      if (front === "pull" && captured.length === 0) await new Promise((resolve) => setTimeout(resolve, 100))
      else await until(() => wanted(captured))
      return [wanted(got), wanted(captured) ?? "nothing"]
    },
    expected: ["router", "xrep"].includes(front)
      ? [
          ["xx", "yy"],
          ["xx", "yy"],
        ]
      : [
          ["x", "y"],
          ["x", "y"],
        ],
    ...(front === "pull" && { zeromq: [["x", "y"], "nothing"] }),
  })),
  ...[
    ["xsub", "xpub"],
    ["dealer", "router"],
    ["pub", "sub"],
    ["req", "rep"],
  ].map(([front, back]) => ({
    name: `proxy: ${front} and ${back} are not supported in this order`,
    run: (zmq, { socket }) => zmq.proxy(socket(front), socket(back)),
    expected: "Error: This socket type order is not supported in compatibility mode",
  })),
  {
    name: "curve: an encrypted connection",
    async run(zmq, { socket, messages, until }) {
      const [server, client] = [zmq.curveKeypair(), zmq.curveKeypair()]
      const rep = socket("rep", { curve_server: 1, curve_secretkey: server.secret })
      rep.bindSync("tcp://127.0.0.1:*")
      echo(rep)
      const req = socket("req", {
        curve_serverkey: server.public,
        curve_publickey: client.public,
        curve_secretkey: client.secret,
      })
      const got = messages(req.connect(rep.last_endpoint))
      req.send("a")
      await until(() => got.length === 1)
      return [got, req.mechanism]
    },
    expected: [[["aa"]], 2],
  },
]
