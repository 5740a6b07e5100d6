// What the checks share: plain JavaScript, for every runtime.

import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

export const transports = ["tcp", "ipc", "inproc"]

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** The sockets of one check, which are closed when it is over. */
export class Toolbox {
  #sockets = []
  #files = []

  /** Makes a socket. */
  open(socketClass, options) {
    const socket = new socketClass(options)
    this.#sockets.push(socket)
    return socket
  }

  address(transport) {
    if (transport === "tcp") return "tcp://127.0.0.1:*"
    if (transport === "inproc") return `inproc://${randomUUID()}`
    const file = path.join(tmpdir(), `ohmq-${randomUUID()}`)
    this.#files.push(file)
    return `ipc://${file}`
  }

  /** Binds one socket and connects the other. Returns the endpoint. */
  async join(bound, connected, transport = "tcp") {
    await bound.bind(this.address(transport))
    connected.connect(bound.lastEndpoint)
    return bound.lastEndpoint
  }

  end() {
    for (const socket of this.#sockets) socket.close(socket.closed ? undefined : { linger: 0 })
    for (const file of this.#files) rmSync(file, { force: true })
  }
}

export const texts = (message) => message.map(String)

/** What an operation throws or rejects with. */
export async function failure(operation) {
  try {
    await operation()
  } catch (error) {
    return error
  }
  throw new Error("The operation succeeded")
}

/** Publishes until the subscriber gets it: subscriptions take effect some time after they are made. */
export async function untilReceived(send, receiver) {
  for (;;) {
    await send()
    try {
      return await receiver.receive({ timeout: 20 })
    } catch (error) {
      if (error.code !== "EAGAIN") throw error
    }
  }
}
