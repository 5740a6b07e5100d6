// The exports, and the members of sockets.

const types = "pair req rep pub sub dealer xreq router xrep pull push xpub xsub stream".split(" ")
const numbers = [0, 3, 4, 1, 2, 5, 5, 6, 6, 7, 8, 9, 10, 11]

/** The members that only zeromq has, and those that only ohmq has. */
const internal = ["_recv", "_send"]
const added = ["on", "addListener", "prependListener", "ref", "unref"]

export const api = [
  { name: "exports: names", run: (zmq) => Object.keys(zmq).sort() },
  {
    name: "exports: types",
    run: (zmq) =>
      Object.entries(zmq)
        .map(([name, value]) => `${name} ${typeof value}`)
        .sort(),
  },
  {
    name: "exports: the value of every number",
    run: (zmq) =>
      Object.fromEntries(
        Object.entries(zmq)
          .filter(([, value]) => typeof value === "number")
          .sort(),
      ),
  },
  { name: "exports: options", run: (zmq) => Object.entries(zmq.options).sort() },
  { name: "exports: socket is createSocket", run: (zmq) => zmq.socket === zmq.createSocket, expected: true },
  { name: "exports: a version", run: (zmq) => /^4\.\d+\.\d+$/.test(zmq.version), expected: true },
  {
    name: "curveKeypair() gives public and secret",
    run: (zmq) => Object.entries(zmq.curveKeypair()).map(([name, key]) => [name, typeof key, key.length]),
    expected: [
      ["public", "string", 40],
      ["secret", "string", 40],
    ],
  },
  {
    name: "Context: cannot be instantiated",
    run: (zmq) => new zmq.Context(),
    expected: "Error: Context cannot be instantiated in compatibility mode",
  },
  {
    name: "Context: threads and sockets",
    run(zmq) {
      const before = [zmq.Context.getMaxThreads(), zmq.Context.getMaxSockets()]
      zmq.Context.setMaxThreads(2)
      zmq.Context.setMaxSockets(512)
      const after = [zmq.Context.getMaxThreads(), zmq.Context.getMaxSockets()]
      zmq.Context.setMaxSockets(before[1])
      zmq.Context.setMaxThreads(before[0])
      return after
    },
    expected: [2, 512],
  },
  {
    name: "Context: static members",
    run: (zmq) =>
      Object.getOwnPropertyNames(zmq.Context)
        .filter((name) => name.includes("Max"))
        .sort(),
  },
  {
    name: "Socket: the members of its prototype",
    run: (zmq) =>
      Object.entries(Object.getOwnPropertyDescriptors(zmq.Socket.prototype))
        .filter(([name]) => ![...internal, ...added].includes(name))
        .map(([name, { value, get, set, enumerable }]) => [name, typeof value, typeof get, typeof set, enumerable])
        .sort(),
  },
  {
    name: "Socket: own properties",
    run: (_zmq, { socket }) => Object.keys(socket("sub")).filter((name) => !name.startsWith("_")),
    expected: ["type"],
  },
  {
    name: "Socket: is an event emitter named Socket",
    run: (zmq, { socket }) => [
      zmq.Socket.name,
      socket("sub") instanceof zmq.Socket,
      typeof socket("sub").setMaxListeners,
      zmq.Socket.prototype.constructor === zmq.Socket,
      socket("sub").constructor === zmq.Socket,
    ],
    expected: ["Socket", true, "function", true, true],
  },
  {
    name: "Socket: cannot be called without new",
    run: (zmq) => zmq.Socket("sub"),
    expected: "TypeError: Class constructor Socket cannot be invoked without 'new'",
  },
  {
    name: "Socket: cannot be called on an unrelated object",
    run: (zmq) => zmq.Socket.call({}, "sub"),
    expected: "TypeError: Class constructor Socket cannot be invoked without 'new'",
  },
  {
    name: "Socket: Socket.call(this, type) works in a constructor function",
    why: "programs for zeromq 5, such as jmp, use it",
    run(zmq) {
      function Own(type) {
        zmq.Socket.call(this, type)
        this.own = true
      }
      Own.prototype = Object.create(zmq.Socket.prototype)
      Own.prototype.constructor = Own
      const socket = new Own("dealer")
      const told = [socket instanceof zmq.Socket, socket.type, socket.getsockopt("linger"), socket.own]
      socket.close()
      return [...told, socket.closed]
    },
    expected: [true, "dealer", -1, true, true],
    zeromq: "TypeError: Class constructor Socket cannot be invoked without 'new'",
  },
  ...types.map((type, index) => ({
    name: `Socket: ${type}`,
    run(zmq) {
      const socket = new zmq.Socket(type)
      const open = [socket.type, socket.getsockopt(zmq.ZMQ_TYPE), socket.closed]
      return [...open, socket.close() === socket, socket.closed, socket.close() === socket]
    },
    expected: [type, numbers[index], false, true, true, true],
  })),
  ...[["nix"], [5], [undefined], ["constructor"], ["SUB"]].map(([type]) => ({
    name: `Socket: unknown type ${type}`,
    run: (zmq) => new zmq.Socket(type),
    expected: `Error: Invalid socket type: ${type}`,
  })),
  {
    name: "createSocket: sets options and other properties",
    run(_zmq, { socket }) {
      const made = socket("dealer", { identity: "me", linger: 7, own: "mine" })
      return [made.identity, made.linger, made.own]
    },
    expected: ["me", 7, "mine"],
  },
  {
    name: "createSocket: throws for an invalid option value",
    run: (_zmq, { socket }) => socket("dealer", { linger: true }).linger,
    expected: "TypeError: Option value must be a number",
  },
  {
    name: "read() throws",
    run: (_zmq, { socket }) => socket("sub").read(),
    expected: "Error: read() has been removed from compatibility mode; use on('message', ...) instead.",
  },
  ...["bind", "unbind", "connect", "disconnect", "bindSync", "unbindSync"].map((method) => ({
    name: `${method}: the address must be a string`,
    run: (_zmq, { socket }) => socket("sub")[method](5) && 1,
    expected: "TypeError: Address must be a string",
  })),
  ...["bind", "unbind", "connect", "disconnect", "bindSync", "unbindSync"].map((method) => ({
    name: `${method}: throws on a closed socket`,
    run: (_zmq, { socket }) => socket("sub").close()[method]("tcp://127.0.0.1:9") && 1,
    expected: "Error: Socket is closed",
  })),
  {
    name: "properties of a closed socket throw",
    why: "the message of the main API",
    run: (_zmq, { socket }) => socket("sub").close().linger,
    expected: "Error: Socket is closed",
    zeromq: "Error: Socket operation on non-socket",
  },
]
