// Tries whether our key or password is let in, with a real socket. It connects through a relay of ours, which sees the names of the
// commands that pass (RFC 26, CURVE, https://rfc.zeromq.org/spec/26/: HELLO, WELCOME, INITIATE, READY or ERROR; RFC 24 for PLAIN) and so
// knows how far the handshake came. libzmq alone says little of a server that closes the connection.

import { Buffer } from "node:buffer"
import { mkdtemp, rm } from "node:fs/promises"
import { createServer, type Socket as NetSocket } from "node:net"
import { tmpdir } from "node:os"
import path from "node:path"
import process from "node:process"

import type { Event, Socket } from "../../index.js"
import { socketClass } from "../patterns/sockets.js"
import { openAgain } from "./connection.js"
import type { Examination } from "./examination.js"
import { noteMetadata } from "./greeting.js"
import type { Target } from "./target.js"
import { printable } from "./wire.js"
import { readCommand, readFrame, readGreeting, readMetadata, readReason } from "./zmtp.js"

/** How a handshake ended. */
export type Outcome =
  /** Messages could flow. */
  | "ready"
  /** The server's ZAP handler said no. */
  | "refused"
  /** The server did not answer our HELLO: it could not decrypt it. */
  | "no-welcome"
  /** The server closed the connection after it had our key: our socket type does not fit, or its handler said 300. */
  | "closed"
  /** The socket types do not fit. */
  | "unfit"
  /** The mechanisms differ. */
  | "mismatch"
  /** The other side is a client, too. */
  | "client"
  | "silent"

/** Follows one direction of a connection: the greeting, and the commands up to the end of the handshake. */
class Listener {
  #bytes = Buffer.alloc(0)
  #isGreeted = false
  #isDone = false
  readonly commands: { name: string; data: Buffer }[] = []

  has(name: string): boolean {
    return this.commands.some((command) => command.name === name)
  }

  take(chunk: Buffer): void {
    if (this.#isDone) return
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    if (!this.#isGreeted) {
      const greeting = readGreeting(this.#bytes)
      if (typeof greeting === "string") return
      this.#isGreeted = true
      this.#bytes = this.#bytes.subarray(greeting.length)
    }
    for (;;) {
      const frame = readFrame(this.#bytes)
      if (frame === "incomplete") return
      const command = frame === "other" ? undefined : readCommand(frame.body)
      if (frame === "other" || command === undefined) break
      this.#bytes = this.#bytes.subarray(frame.length)
      this.commands.push(command)
      if (command.name === "READY" || command.name === "ERROR" || this.commands.length > 8) break
    }
    this.#isDone = true
    this.#bytes = Buffer.alloc(0)
  }
}

interface Relay {
  readonly endpoint: string
  readonly server: Listener
  /** Resolves when the peer has closed the connection, and false when there was none. */
  readonly ended: Promise<boolean>
  close(): Promise<void>
}

/** A relay for one connection. It is a socket in a folder that only this user can enter, so nobody else uses it. */
async function startRelay(examination: Examination, target: Target): Promise<Relay> {
  const { capability } = require("../../index.js") as typeof import("../../index.js")
  const isLocal = process.platform !== "win32" && capability.ipc === true
  const folder = isLocal ? await mkdtemp(path.join(tmpdir(), "ohmq-doctor-")) : undefined
  const listener = new Listener()
  const sockets = new Set<NetSocket>()
  const relay = createServer({ pauseOnConnect: true })
  relay.maxConnections = 1
  const ended = new Promise<boolean>((resolve) => {
    relay.once("connection", async (ours) => {
      sockets.add(ours)
      ours.on("error", () => {})
      const upstream = await openAgain(examination, target)
      if (upstream === undefined) {
        ours.destroy()
        resolve(false)
        return
      }
      const theirs = upstream.socket
      sockets.add(theirs)
      theirs.on("data", (chunk: Buffer) => {
        listener.take(chunk)
        if (!ours.destroyed) ours.write(chunk)
      })
      // What has come before is in the wire.
      if (upstream.bytes.length > 0) {
        listener.take(upstream.bytes)
        ours.write(upstream.bytes)
      }
      theirs.on("close", () => {
        ours.end()
        resolve(true)
      })
      theirs.on("end", () => resolve(true))
      ours.on("data", (chunk: Buffer) => theirs.write(chunk))
      ours.on("close", () => theirs.destroy())
      ours.resume()
    })
  })
  const where = folder === undefined ? { host: "127.0.0.1", port: 0 } : { path: path.join(folder, "relay") }
  await new Promise<void>((resolve, reject) => {
    relay.once("error", reject)
    relay.listen(where, resolve)
  })
  const address = relay.address()
  return {
    endpoint: typeof address === "string" ? `ipc://${address}` : `tcp://127.0.0.1:${address?.port}`,
    server: listener,
    ended,
    close: async () => {
      relay.close()
      for (const socket of sockets) socket.destroy()
      if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The first event that ends the handshake. */
function verdict(socket: Socket): Promise<Event> {
  return new Promise((resolve) => {
    for (const type of [
      "handshake",
      "handshake:error:auth",
      "handshake:error:protocol",
      "handshake:error:other",
      // libzmq says no more of socket types that do not fit.
      "disconnect",
    ] as const) {
      socket.events.on(type, (event) => resolve(event as Event))
    }
  })
}

const sleep = (milliseconds: number) =>
  new Promise<undefined>((resolve) => {
    setTimeout(resolve, milliseconds, undefined)
  })

/** libzmq reports what it has read a little after the relay has seen it. */
const SETTLING = 200

function judge(examination: Examination, event: Event | undefined, server: Listener | undefined): Outcome {
  const error = server?.commands.find(({ name }) => name === "ERROR")
  if (error !== undefined) examination.facts.status = printable(readReason(error.data))
  if (event?.type === "handshake:error:auth") examination.facts.status ??= String(event.error.status)
  if (event?.type === "handshake") return "ready"
  if (error !== undefined || event?.type === "handshake:error:auth") return "refused"
  const code = event?.type === "handshake:error:protocol" ? event.error.code : undefined
  if (code === "ERR_ZMTP_INVALID_METADATA") return "unfit"
  if (code === "ERR_ZMTP_MECHANISM_MISMATCH") return "mismatch"
  const isWelcome = server?.has("WELCOME") ?? true
  if (server?.has("HELLO")) return "client"
  if (server?.has("READY")) return "unfit"
  if (examination.wishes.mechanism === "PLAIN") return isWelcome ? "unfit" : "closed"
  return isWelcome ? "closed" : "no-welcome"
}

/** The endpoint, where the relay cannot be: inside WebSocket it understands nothing, and to abstract sockets it may have no way. */
function directEndpoint({ address }: Examination, target: Target): string | undefined {
  if (target.transport === "ipc") return target.path.startsWith("@") ? `ipc://${target.path}` : undefined
  if (target.transport !== "ws" && target.transport !== "wss") return undefined
  const host = address?.includes(":") ? `[${address}]` : target.host
  return `${target.transport}://${host}:${target.port}${target.path}`
}

/** Connects a socket of a type, with the security of the examination, and says how far it came. */
export async function tryHandshake(examination: Examination, target: Target, type: string): Promise<Outcome> {
  const end = examination.begin("handshake")
  const Class = await socketClass(type.toLowerCase())
  const direct = directEndpoint(examination, target)
  const relay = direct === undefined ? await startRelay(examination, target) : undefined
  const { security } = examination.wishes
  const socket = new Class({
    linger: 0,
    // One attempt, and as few messages as possible of a peer that sends some.
    reconnectInterval: -1,
    ...(security !== undefined && { security }),
  })
  if ("receiveHighWaterMark" in socket) socket.receiveHighWaterMark = 1
  examination.adopt({ close: () => !socket.closed && socket.close() })
  try {
    const told = verdict(socket)
    socket.connect(direct ?? (relay?.endpoint as string))
    const late = sleep(examination.timeout)
    let isClosed = false
    const closed = relay?.ended.then(async () => {
      isClosed = true
      await sleep(SETTLING)
      return undefined
    })
    const event = await Promise.race([told, late, ...(closed === undefined ? [] : [closed])])
    const ready = relay?.server.commands.find(({ name }) => name === "READY")
    // With PLAIN, the metadata is readable.
    if (ready !== undefined && examination.wishes.mechanism === "PLAIN") {
      noteMetadata(examination, readMetadata(ready.data))
    }
    // If nothing was closed, the server is still thinking.
    const outcome = event === undefined && !isClosed ? "silent" : judge(examination, event, relay?.server)
    end(
      `${type}: ${outcomes[outcome]}${outcome === "refused" ? ` (${examination.facts.status})` : ""}`,
      outcome === "ready",
    )
    return outcome
  } finally {
    if (!socket.closed) socket.close({ linger: 0 })
    await relay?.close()
  }
}

const outcomes: Readonly<Record<Outcome, string>> = {
  ready: "accepted",
  refused: "refused",
  "no-welcome": "the server does not answer our HELLO",
  closed: "the server closes the connection after it had our key",
  unfit: "the socket types do not fit",
  mismatch: "the security mechanisms differ",
  client: "the peer is a client, too",
  silent: "no answer in time",
}
