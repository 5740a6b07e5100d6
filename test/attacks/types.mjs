// The socket types that a server can be of, who speaks with each, and how: for tests that go through all of them.

import * as zmq from "ohmq"
import * as draft from "ohmq/draft"

const classes = { ...zmq, ...draft, Peer: draft.Peer, Channel: draft.Channel }

/** Of Radio and Dish. */
export const GROUP = "SECRET-GROUP"

/**
 * What a socket does by itself, by class: who asks ("asks"), answers ("answers"), says ("says") or listens ("listens").
 * `drops` are those that send to whoever listens, and to nobody if nobody does.
 */
const roles = {
  asks: ["Request", "Dealer", "Client"],
  answers: ["Reply", "Router", "Server"],
  says: ["Publisher", "XPublisher", "Push", "Radio", "Scatter"],
  listens: ["Subscriber", "XSubscriber", "Pull", "Dish", "Gather"],
}
/** A Request goes on after the peer that it has asked is gone. */
const extra = { Radio: { noDrop: true }, Request: { relaxed: true, correlate: true } }
const dropping = ["Publisher", "XPublisher", "Radio"]

/**
 * By the server's class: the client's; what the client is called in ZMTP; who begins; `one` if there can be one client only.
 */
const table = {
  Pair: { client: "Pair", zmtp: "PAIR", begins: "client", one: true },
  Publisher: { client: "Subscriber", zmtp: "SUB", begins: "server" },
  Subscriber: { client: "Publisher", zmtp: "PUB", begins: "client" },
  XPublisher: { client: "XSubscriber", zmtp: "XSUB", begins: "server" },
  XSubscriber: { client: "XPublisher", zmtp: "XPUB", begins: "client" },
  Push: { client: "Pull", zmtp: "PULL", begins: "server" },
  Pull: { client: "Push", zmtp: "PUSH", begins: "client" },
  Request: { client: "Reply", zmtp: "REP", begins: "server" },
  Reply: { client: "Request", zmtp: "REQ", begins: "client" },
  Dealer: { client: "Router", zmtp: "ROUTER", begins: "server" },
  Router: { client: "Dealer", zmtp: "DEALER", begins: "client" },
  Server: { client: "Client", zmtp: "CLIENT", begins: "client" },
  Client: { client: "Server", zmtp: "SERVER", begins: "server" },
  Radio: { client: "Dish", zmtp: "DISH", begins: "server" },
  Dish: { client: "Radio", zmtp: "RADIO", begins: "client" },
  Scatter: { client: "Gather", zmtp: "GATHER", begins: "server" },
  Gather: { client: "Scatter", zmtp: "SCATTER", begins: "client" },
  Peer: { client: "Peer", zmtp: "PEER", begins: "client" },
  Channel: { client: "Channel", zmtp: "CHANNEL", begins: "client", one: true },
}

const isDraft = (name) => name in draft || name === "Peer" || name === "Channel"

export const types = Object.entries(table).map(([name, entry]) => ({
  name,
  one: false,
  ...entry,
  draft: isDraft(name),
  /** What a client by hand sends as a message. */
  parts: (text) => (name === "Reply" || name === "Request" ? ["", text] : name === "Dish" ? [GROUP, text] : [text]),
  /** What a client by hand must say first, so that the server sends to it. */
  hello: { Publisher: { subscribe: "" }, XPublisher: { subscribe: "" }, Radio: { join: GROUP } }[name] ?? {},
}))

/** A socket that does what its class is for, and keeps what it gets. */
export class Actor {
  /** What has come, as text; the parts of a message joined. */
  received = []
  #role
  #name
  #tag
  #waiting = new Set()

  /** @param begins Whether it begins; else it answers, or listens. */
  constructor(name, begins, options = {}) {
    this.#name = name
    const either = begins ? "asks" : "answers"
    this.#role = Object.keys(roles).find((role) => roles[role].includes(name)) ?? either
    const all = { linger: 0, reconnectInterval: 5, ...(extra[name] ?? {}), ...options }
    this.socket = new classes[name](all)
    if (name === "Subscriber") this.socket.subscribe("")
    if (name === "XSubscriber") this.socket.trySend(Buffer.of(1))
    if (name === "Dish") this.socket.join(GROUP)
    // A Request gets its answer where it asks.
    if (this.#role !== "says" && name !== "Request") void this.#listen()
    else if (name === "XPublisher") void this.#listen()
  }

  async bind() {
    await this.socket.bind("tcp://127.0.0.1:*")
    return this.socket.lastEndpoint
  }

  connect(endpoint) {
    if (this.#name === "Peer") this.#tag = { routingId: this.socket.connectPeer(endpoint) }
    else this.socket.connect(endpoint)
  }

  /** Whether messages are dropped that nobody listens to yet. */
  get drops() {
    return dropping.includes(this.#name)
  }

  /** Sends one message; a Request waits for the answer, too. */
  async send(text, timeout = 5000) {
    if (this.#name === "Radio") return this.socket.send(text, { group: GROUP, timeout })
    if (this.#tag !== undefined) return this.socket.send(text, { ...this.#tag, timeout })
    await this.socket.send(text, { timeout })
    if (this.#name === "Request") this.#keep(String((await this.socket.receive({ timeout })).at(-1)))
  }

  /** Sends one message if that can be done now, and says whether it was; no answer is waited for. */
  offer(text) {
    const tag = this.#name === "Radio" ? { group: GROUP } : this.#tag
    try {
      return tag === undefined ? this.socket.trySend(text) : this.socket.trySend(text, tag)
    } catch {
      // The peer that it names is gone.
      return false
    }
  }

  /** The messages in which a text occurs. */
  having(text) {
    return this.received.filter((message) => message.includes(text))
  }

  /** Resolves once a condition holds; it is looked at after each message. False after `timeout` milliseconds. */
  until(condition, timeout = 5000) {
    if (condition()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const settle = (value) => {
        clearTimeout(timer)
        this.#waiting.delete(look)
        resolve(value)
      }
      const look = () => condition() && settle(true)
      const timer = setTimeout(settle, timeout, false)
      this.#waiting.add(look)
    })
  }

  close() {
    this.socket.close({ linger: 0 })
  }

  #keep(text) {
    this.received.push(text)
    for (const look of this.#waiting) look()
  }

  async #listen() {
    try {
      for await (const message of this.socket) {
        const parts = message.filter((part) => part instanceof Uint8Array)
        const [tag] = message.filter((part) => !(part instanceof Uint8Array))
        this.#keep(parts.map((part) => part.toString("latin1")).join("|"))
        if (this.#role === "answers") await this.#answer(message, tag)
      }
    } catch (error) {
      if (!this.socket.closed) this.#keep(`failed: ${error.message}`)
    }
  }

  /** The same again. Whoever is gone meanwhile gets none. */
  #answer(message, tag) {
    const answer = tag === undefined ? this.socket.send(message) : this.socket.send(message[0], tag)
    return answer.catch(() => {})
  }
}
