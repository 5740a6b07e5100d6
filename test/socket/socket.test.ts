import * as zmq from "ohmq"
import * as draft from "ohmq/draft"
import { describe, expect, it } from "vitest"

import { type ClassName, classNames, socketClasses } from "../support/socket-classes.js"
import { closeAfterTest, eventually, join, open, texts, thrown } from "../support/sockets.js"

/** In the order of their numbers in zmq.h. */
const names = classNames
const cannotSend: ClassName[] = ["Subscriber", "Pull"]
const cannotReceive: ClassName[] = ["Publisher", "Push"]

const PUSH = 8
const DEALER = 5

const create = (name: ClassName) => open<zmq.Socket, object>(socketClasses[name])

/** The methods of all classes. */
const documented = new RegExp(
  `^(${[
    "constructor|bind|unbind|bindSync|unbindSync|connect|disconnect|close|ref|unref|connected|terminate|equals",
    "send|sendMany|trySend|toWritable|toWritableStream|receive|receiveMany|tryReceive|batches|messages|toReadable|toReadableStream",
    "receiveWithMetadata|withMetadata|subscribe|unsubscribe|join|leave|connectPeer",
    "[gs]et(Bool|Int32|Uint32|Int64|Uint64|String)Option",
    "waitFor|on|once|off|removeListener|removeAllListeners|all|watch|shutDown|peerOf|run|pause|resume|statistics",
  ].join("|")})$`,
)

/** A class of the user's own. */
class Custom extends zmq.Socket {
  constructor(...args: unknown[]) {
    super(...(args as [number, object?]))
  }
}

const closedError = expect.objectContaining({ code: "EBADF", message: "Socket is closed" })

describe.each(names)("%s", (name) => {
  it("can be iterated if it can receive, and not otherwise", () => {
    const socket = create(name) as unknown as Record<symbol, unknown>
    expect(typeof socket[Symbol.asyncIterator]).toBe(cannotReceive.includes(name) ? "undefined" : "function")
  })

  it("throws EBADF from every method and option once it is closed", () => {
    const socket = create(name) as zmq.Socket & Record<string, (...args: unknown[]) => unknown>
    socket.close()
    for (const method of ["bind", "unbind", "bindSync", "unbindSync", "connect", "disconnect"]) {
      expect(thrown(() => socket[method]?.("inproc://closed"))).toEqual(closedError)
    }
    for (const method of ["ref", "unref"]) expect(thrown(() => socket[method]?.())).toEqual(closedError)
    if (!cannotSend.includes(name)) expect(thrown(() => socket.send?.("x"))).toEqual(closedError)
    if (!cannotReceive.includes(name)) expect(thrown(() => socket.receive?.())).toEqual(closedError)
    for (const option of ["type", "lastEndpoint", "linger", "securityMechanism", "events"]) {
      expect(thrown(() => socket[option])).toEqual(closedError)
    }
    expect(thrown(() => Object.assign(socket, { linger: 0 }))).toEqual(closedError)
  })
})

describe("the constructor", () => {
  it.each([
    ["null", null],
    ["a number", 1],
    ["a string", "tcp://127.0.0.1:*"],
    ["a boolean", true],
    ["a function", () => {}],
  ])("throws for options that are %s", (_, options) => {
    expect(thrown(() => new zmq.Dealer(options as never))).toEqual(new TypeError("Options must be an object"))
    expect(thrown(() => new Custom(DEALER, options))).toEqual(new TypeError("Options must be an object"))
  })

  it("takes undefined for no options, and for no context", () => {
    expect(open(zmq.Dealer, undefined).context).toBe(zmq.context)
    expect(open(zmq.Dealer, { context: undefined }).context).toBe(zmq.context)
  })

  it.each([
    ["lingr", "linger"],
    ["Linger", "linger"],
    ["sendHighwaterMark", "sendHighWaterMark"],
    ["sendHWM", undefined],
    ["recieveTimeout", "receiveTimeout"],
    ["curvPublicKey", "curvePublicKey"],
    ["conflated", "conflate"],
    ["fluff", undefined],
    // It cannot be set.
    ["lastEndpoin", undefined],
    // Options of other types, and names that are not options.
    ["subscribe", undefined],
    ["send", undefined],
    ["toString", undefined],
  ])("throws for an unknown option %s, with a hint at %s", (name, hint) => {
    const message = `Cannot add property ${name}, object is not extensible${hint === undefined ? "" : `. Did you mean "${hint}"?`}`
    expect(thrown(() => new zmq.Dealer({ [name]: 1 } as never))).toEqual(new TypeError(message))
  })

  it.each(["type", "lastEndpoint", "closed", "readable", "writable", "threadSafe"])(
    "throws for %s, which cannot be set",
    (name) => {
      expect(thrown(() => new zmq.Dealer({ [name]: 1 } as never))).toEqual(
        new TypeError(`Cannot set property ${name} of #<Socket> which has only a getter`),
      )
    },
  )

  it.each([
    ["null", null],
    ["an object", {}],
    ["its class", zmq.Context],
    ["a socket", "socket"],
  ])("throws EINVAL for a context that is %s", (_, context) => {
    const value = context === "socket" ? open(zmq.Dealer) : context
    expect(thrown(() => new zmq.Dealer({ context: value as never }))).toMatchObject({ code: "EINVAL" })
  })

  it.each([undefined, null, "5", {}, true])("of a subclass throws for a type that is %s", (type) => {
    expect(thrown(() => new Custom(type))).toEqual(new TypeError("Socket type must be a number"))
  })

  it.each([-1, 99, 2 ** 31])("of a subclass throws EINVAL for type %d", (type) => {
    expect(thrown(() => new Custom(type))).toMatchObject({ code: "EINVAL", message: "Invalid argument" })
  })

  it("takes no place in the context when it throws", async () => {
    const context = new zmq.Context({ maxSockets: 1 })
    for (let index = 0; index < 5; index += 1) {
      // Places become free a little later.
      await eventually(() => expect(thrown(() => new zmq.Dealer({ context, linger: -2 })).code).toBe("EINVAL"))
    }
    await eventually(() => open(zmq.Dealer, { context }))
  })
})

describe("a subclass", () => {
  it("of Socket is a socket of the type that it names", async () => {
    const custom = closeAfterTest(new Custom(PUSH, { linger: 0 })) as Custom & zmq.Writable
    const pull = open(zmq.Pull)
    await join(pull, custom)
    await custom.send("x")
    expect(texts(await pull.receive())).toEqual(["x"])
    expect([custom.type, custom.linger]).toEqual([PUSH, 0])
  })

  it("may have methods of any name that the documentation does not mention", async () => {
    class Acting extends zmq.Subscriber {
      act() {
        throw new Error("This is for the program to call")
      }
    }
    const subscriber = open(Acting)
    subscriber.subscribe("a")
    const publisher = open(zmq.XPublisher)
    await join(publisher, subscriber)
    expect(await publisher.receive()).toEqual([Buffer.from("\x01a")])
  })

  const { Server, Client, Radio, Dish, Gather, Scatter, Datagram, Peer, Channel } = draft
  const drafts = { Server, Client, Radio, Dish, Gather, Scatter, Datagram, Peer, Channel }
  const others = { Context: zmq.Context, Observer: zmq.Observer, Proxy: zmq.Proxy }
  it.each(Object.entries({ ...socketClasses, ...drafts, ...others }))(
    "of %s has only documented methods to beware of",
    (_, { prototype }) => {
      const methods: string[] = []
      for (let part: object = prototype; part !== Object.prototype; part = Object.getPrototypeOf(part))
        for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(part)))
          if (typeof value === "function") methods.push(name)
      expect(methods.filter((name) => !documented.test(name))).toEqual([])
    },
  )

  it("can hold what it needs in private fields", () => {
    class Counting extends zmq.Push {
      #count = 0

      count() {
        this.#count += 1
        return this.#count
      }
    }
    const socket = open(Counting)
    expect([socket.count(), socket.count()]).toEqual([1, 2])
  })
})

describe("methods and options on an object that is not a socket", () => {
  it.each<[string, () => unknown]>([
    ["send", () => zmq.Push.prototype.send.call({} as never, "x")],
    ["receive", () => zmq.Pull.prototype.receive.call(Object.create(zmq.Pull.prototype))],
    ["closed", () => Object.create(zmq.Push.prototype).closed],
    ["linger", () => Object.create(zmq.Push.prototype).linger],
  ])("throw a TypeError: %s", (_, call) => {
    expect(thrown(call)).toBeInstanceOf(TypeError)
  })
})
