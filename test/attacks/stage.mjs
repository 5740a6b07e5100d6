// One server with everything around it that an attack needs, and what is counted.

import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

import { Context } from "ohmq"
import { Authenticator, generateKeyPair } from "ohmq/security"

import { Relay } from "../support/relay.mjs"
import { Actor } from "./types.mjs"

export const serverKey = generateKeyPair({ name: "server" })
/** Known to the server: one who does no harm, and one whom it has to turn away all the same. */
export const good = generateKeyPair({ name: "good" })
export const mallory = generateKeyPair({ name: "mallory" })

/** Where attackers come from; good clients come from 127.0.0.1. */
export const ATTACKER = "127.0.0.2"

/**
 * How the server stands: "guarded" by CURVE and an authenticator; or open in some way, to see that an attack would get
 * through if it were not for that.
 */
const doors = {
  guarded: (authenticator) => ({ security: { server: serverKey, authenticator } }),
  any: () => ({ security: { server: serverKey, clients: "any" } }),
  null: () => ({}),
  plain: () => ({ plainServer: true, zapDomain: "global" }),
}

const portOf = (endpoint) => Number(/:(\d+)$/.exec(endpoint)[1])

export class Stage {
  /** One of `types`. */
  type
  /** One of `doors`. */
  door
  /** @type {Actor} */
  server
  /** @type {Authenticator | undefined} */
  authenticator
  endpoint = ""
  /** What the authenticator said. */
  told = []
  /** Messages that the attacker has sent. */
  sent = 0
  /** Connections that the attacker has made. */
  connections = 0
  /** Messages of the good client. */
  numbered = 0
  #attackers = []
  #raws = []
  #relays = []
  #clients = []
  #context = new Context()
  #open = true
  #discounted = 0
  #counted

  /** @param options Of the server, beside those of the door. */
  static async set(type, door, policy = {}, options = {}) {
    const stage = new Stage()
    stage.type = type
    stage.door = door
    const context = stage.#context
    // An authenticator is asked about all that connects in its context, so open doors have none, except for PLAIN.
    if (door === "guarded" || door === "plain") {
      stage.authenticator = new Authenticator({ context, curve: [good, mallory], plain: () => true, ...policy })
      for (const outcome of ["allowed", "denied"]) stage.authenticator.on(outcome, (event) => stage.told.push(event))
    }
    const begins = type.begins === "server"
    stage.server = new Actor(type.name, begins, { context, ...doors[door](stage.authenticator), ...options })
    stage.endpoint = await stage.server.bind()
    return stage
  }

  /** A client of libzmq. */
  client(key, { server = serverKey, from, to = this.endpoint, options = {} } = {}) {
    const security = this.door === "null" ? {} : { security: { client: key, serverKey: server } }
    const actor = new Actor(this.type.client, this.type.begins === "client", { ...security, ...options })
    this.#clients.push(actor)
    actor.connect(from === undefined ? to : to.replace("//", `//${from}:0;`))
    return actor
  }

  attacker(key, options) {
    this.connections += 1
    const actor = this.client(key, options)
    this.#attackers.push(actor)
    return actor
  }

  /** Has an attacker send what it can without being asked. */
  say(attacker, count = 3) {
    if (this.type.begins === "server") return
    for (let number = 1; number <= count; number += 1) if (attacker.offer(`evil ${number}`)) this.sent += 1
  }

  /**
   * A client by hand. It says what it has to say in steps, each when the server's answers are such that it can go on, or
   * all at once. Resolves when the server has ended the connection, or all is said.
   */
  async raw(steps, { messages, atOnce = false }) {
    this.connections += 1
    const socket = connect(portOf(this.endpoint), "127.0.0.1")
    const raw = { bytes: "", socket, closed: new Promise((resolve) => socket.once("close", resolve)) }
    this.#raws.push(raw)
    socket.on("error", () => {})
    const asked = (when) =>
      new Promise((resolve) => {
        const look = () => (when === undefined || atOnce || when(raw.bytes) || socket.destroyed ? resolve() : undefined)
        socket.on("data", look).once("close", resolve)
        look()
      })
    socket.on("data", (data) => {
      raw.bytes += data.toString("latin1")
    })
    for (const [index, { bytes, when }] of steps.entries()) {
      await asked(when)
      if (socket.destroyed) break
      await new Promise((resolve) => socket.write(bytes, resolve))
      if (index === steps.length - 1) this.sent += messages
    }
    return raw
  }

  async relay(change) {
    const relay = await Relay.open(this.endpoint, change)
    this.#relays.push(relay)
    return relay
  }

  /** Who begins, and who gets that. */
  ends(client) {
    return this.type.begins === "server" ? [this.server, client] : [client, this.server]
  }

  /** Has messages flow between the server and a client until one of them has come. */
  async flow(client, text) {
    const [from, to] = this.ends(client)
    const came = () => to.having(text).length > 0
    for (let tries = 0; !came() && this.#open; tries += 1) {
      if (tries > 500) throw new Error(`Nothing passes between ${this.type.name} and a client that may connect`)
      await from.send(`${text} ${tries} ~`)
      if (to.drops || from.drops || this.type.begins === "server") await to.until(came, 5)
      else await to.until(came)
    }
  }

  /** Numbered messages between the server and the good client; resolves when they have come. */
  async round(client, count) {
    const [from, to] = this.ends(client)
    for (let index = 0; index < count; index += 1) {
      this.numbered += 1
      await from.send(`good ${this.numbered}`)
    }
    await to.until(() => to.having("good").length >= this.numbered)
  }

  /** How many of the good client's messages are missing, come twice or out of order. */
  lost(client) {
    const [, to] = this.ends(client)
    const came = to.having("good").map((text) => Number(/good (\d+)/.exec(text)[1]))
    return Array.from({ length: this.numbered }, (_, index) => came[index] !== index + 1).filter(Boolean).length
  }

  /** So many of the messages that have come are not the attacker's. */
  discount(messages) {
    this.#discounted = messages
  }

  /** Has something else counted in the place of messages that came to the one who does not begin. */
  count(count) {
    this.#counted = count
  }

  /** Messages of the attacker that the server got. */
  get arrived() {
    if (this.#counted !== undefined) return this.type.begins === "client" ? this.#counted() : 0
    return this.server.having("evil").length - this.#discounted
  }

  /** Messages of the server that the attacker got and could read. */
  get received() {
    if (this.#counted !== undefined) return this.type.begins === "server" ? this.#counted() : 0
    const read = (text) => /evil|good/.test(text)
    const actors = this.#attackers.flatMap((actor) => actor.received.filter(read)).length
    return actors + this.#raws.reduce((sum, { bytes }) => sum + (bytes.match(/evil|good/g) ?? []).length, 0)
  }

  /** At an open door: has the server speak, if it is the one to begin, until something has got through. */
  async through(timeout = 5000) {
    const ends = performance.now() + timeout
    while (this.#open && this.arrived + this.received === 0 && performance.now() < ends) {
      if (this.type.begins === "server") this.server.offer("good 0 ~")
      else for (const attacker of this.#attackers) attacker.offer("evil again ~")
      await sleep(2)
    }
  }

  /** Has some clients go, or all, until so many peers are left. */
  async leave(clients = this.#clients, left = 0) {
    for (const client of clients) client.close()
    while (this.server.socket.events.peers > left) await sleep(2)
    // libzmq reports the end before it stops sending to the peer.
    await sleep(20)
  }

  async close() {
    this.#open = false
    for (const actor of [...this.#clients, this.server]) actor.close()
    for (const { socket } of this.#raws) socket.destroy()
    for (const relay of this.#relays) relay.close()
    await this.authenticator?.close()
    await this.#context.terminate()
  }
}
