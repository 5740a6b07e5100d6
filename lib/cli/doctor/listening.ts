// Takes the place of a socket that is bound, for a moment, to see who connects: two sockets that both connect wait for each other for ever.

import { createServer, type ListenOptions, type Socket } from "node:net"
import { networkInterfaces } from "node:os"

import type { Examination } from "./examination.js"
import { noteMetadata } from "./greeting.js"
import { Wire } from "./wire.js"
import { closingOf, opening, readCommand, readFrame, readGreeting, readMetadata } from "./zmtp.js"

/** What came of it: whether a ZeroMQ socket connected, or why the address could not be taken. */
export type Listened = "zmtp-connects" | "other-connects" | "nobody" | { code: string }

/** The address of a host as it is bound: "*", an address, or the name of a network interface. */
export function bindAddress(host: string): string {
  if (host === "*") return "0.0.0.0"
  const own = networkInterfaces()[host]
  return (own?.find(({ family }) => family === "IPv4") ?? own?.[0])?.address ?? host
}

/** Speaks with a client as far as it does not become a peer. */
async function meet(examination: Examination, socket: Socket): Promise<Listened> {
  const { facts } = examination
  const wire = examination.adopt(new Wire(socket))
  const { remoteAddress = "", remotePort = 0 } = socket
  if (remoteAddress !== "")
    facts.peer = `${remoteAddress.includes(":") ? `[${remoteAddress}]` : remoteAddress}:${remotePort}`
  const end = examination.begin("greeting")
  wire.write(opening)
  await wire.until((bytes) => readGreeting(bytes) !== "incomplete", Math.min(1000, examination.timeout))
  const greeting = readGreeting(wire.bytes)
  if (typeof greeting === "string") {
    end("it is not ZMTP", false)
    wire.close()
    return "other-connects"
  }
  Object.assign(facts, { protocol: "ZMTP", version: greeting.version })
  if (greeting.mechanism !== undefined) facts.mechanism = greeting.mechanism
  if (greeting.socketType !== undefined) facts.socketTypes = [greeting.socketType]
  wire.take(greeting.length)
  if (greeting.mechanism === "NULL") {
    wire.write(closingOf("NULL"))
    await wire.until((bytes) => readFrame(bytes) !== "incomplete", Math.min(1000, examination.timeout))
    const frame = readFrame(wire.bytes)
    const command = typeof frame === "string" ? undefined : readCommand(frame.body)
    if (command?.name === "READY") noteMetadata(examination, readMetadata(command.data))
  }
  end([`ZMTP ${greeting.version}`, greeting.mechanism, facts.socketTypes?.[0]].filter(Boolean).join(", "))
  wire.close()
  return "zmtp-connects"
}

/** Listens at an address until somebody connects, or the time is over. */
export function listen(examination: Examination, options: ListenOptions, milliseconds: number): Promise<Listened> {
  const end = examination.begin("listening")
  const where = options.path ?? `${options.host}:${options.port}`
  return new Promise((resolve) => {
    const server = createServer()
    examination.adopt(server)
    const timer = setTimeout(() => {
      server.close()
      end(`nobody connects to ${where}`, false)
      resolve("nobody")
    }, milliseconds)
    server.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      end(`cannot bind to ${where} (${error.code})`, false)
      resolve({ code: error.code ?? error.message })
    })
    server.once("connection", (socket) => {
      clearTimeout(timer)
      server.close()
      end(`somebody connects to ${where}`)
      resolve(meet(examination, socket))
    })
    server.listen({ ...options, exclusive: true })
  })
}
