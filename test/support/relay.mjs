// A TCP relay that records every byte in both directions, and can change bytes.

import { once } from "node:events"
import { connect, createServer } from "node:net"

import { Cutter } from "./zmtp.mjs"

const portOf = (endpoint) => Number(/:(\d+)$/.exec(endpoint)[1])

/**
 * @typedef {{ toServer: Buffer[], toClient: Buffer[], said: { bytes: Buffer, answers: number }[], end: () => void,
 *   closed: Promise<void> }} Connection
 * `said` has what the client sent, each with the number of answer bytes that it had received by then.
 */

export class Relay {
  /** The recorded connections. @type {Connection[]} */
  connections = []
  #server
  #target
  #change

  /**
   * @param {string} target An endpoint on loopback.
   * @param change Gets each piece of a ZMTP 3 connection (see Cutter) and "toServer" or "toClient", and says which bytes
   * go on in its place.
   */
  static async open(target, change) {
    const relay = new Relay()
    relay.#target = target
    relay.#change = change
    relay.#server = createServer((socket) => relay.#accept(socket))
    relay.#server.listen(0, "127.0.0.1")
    await once(relay.#server, "listening")
    return relay
  }

  /** The endpoint to connect to instead of the target. */
  get endpoint() {
    return `tcp://127.0.0.1:${this.#server.address().port}`
  }

  /** All bytes of all connections in a direction. */
  bytes(direction) {
    return Buffer.concat(this.connections.flatMap((connection) => connection[direction]))
  }

  close() {
    this.#server.close()
    for (const { end } of this.connections) end()
  }

  #accept(client) {
    const server = connect(portOf(this.#target), "127.0.0.1")
    const end = () => {
      client.destroy()
      server.destroy()
    }
    const closed = new Promise((resolve) => {
      for (const socket of [client, server]) socket.once("close", resolve)
    })
    const connection = { toServer: [], toClient: [], said: [], end, closed }
    this.connections.push(connection)
    this.#pass(connection, client, server, "toServer")
    this.#pass(connection, server, client, "toClient")
    for (const socket of [client, server]) socket.setNoDelay(true).on("error", end).on("close", end)
  }

  #pass(connection, from, to, direction) {
    const cutter = new Cutter()
    from.on("data", (bytes) => {
      connection[direction].push(bytes)
      if (direction === "toServer") {
        connection.said.push({ bytes, answers: connection.toClient.reduce((sum, { length }) => sum + length, 0) })
      }
      if (this.#change === undefined) to.write(bytes)
      else for (const piece of cutter.take(bytes)) to.write(this.#change(piece, direction))
    })
  }
}
