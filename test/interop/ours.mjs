// A socket of ohmq, with the methods of a peer, so that an exchange is written once for both; and who may connect to it.

import * as zmq from "ohmq"
import { Authenticator } from "ohmq/security"

import { typesOf } from "./types.mjs"

const types = typesOf(zmq)

export class Ours {
  constructor({ clients, password }) {
    this.context = new zmq.Context()
    /** The decisions about those who have come to the socket that is open. */
    this.decisions = []
    this.authenticator = new Authenticator({
      context: this.context,
      curve: clients,
      plain: (applicant) => applicant.username === "alice" && applicant.password === password,
      failureLimit: null,
    })
    const note = (decision) => this.decisions.push(decision)
    this.authenticator.on("allowed", note).on("denied", note)
  }

  async open(type, options, { name } = {}) {
    this.type = type
    this.name = name
    this.decisions.length = 0
    this.socket = new types[type]({ context: this.context, linger: 0, ...options })
    if (name !== undefined) this.socket.routingId = name
  }

  async bind(address) {
    await this.socket.bind(address)
    return this.socket.lastEndpoint
  }

  connect = async (endpoint) => this.socket.connect(endpoint)
  subscribe = async (topic) => this.socket.subscribe(topic)
  unsubscribe = async (topic) => this.socket.unsubscribe(topic)
  send = (parts) => this.socket.send(parts, { timeout: 5000 })
  close = async () => this.socket?.close()

  /** A message, or undefined when none comes. */
  async receive(timeout = 10_000) {
    try {
      return await this.socket.receive({ timeout })
    } catch (error) {
      if (error.code !== "EAGAIN") throw error
      return undefined
    }
  }

  end = () => this.authenticator.close()
}
