// Sockets for tests: on every transport, on free endpoints, and always closed after the test.

import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import path from "node:path"

import type * as zmq from "ohmq"
import { expect, onTestFinished, vi } from "vitest"

import * as basics from "./basics.mjs"

const { texts, transports, untilReceived } = basics

export { texts, transports, untilReceived }
export type Transport = (typeof transports)[number]

/** An unused address to bind to. After the bind, `lastEndpoint` is the actual one. */
export function freeAddress(transport: Transport | "abstract"): string {
  switch (transport) {
    case "tcp":
      return "tcp://127.0.0.1:*"
    case "ipc": {
      const file = path.join(tmpdir(), randomUUID())
      onTestFinished(() => rmSync(file, { force: true }))
      return `ipc://${file}`
    }
    case "abstract":
      return `ipc://@ohmq-${randomUUID()}`
    case "inproc":
      return `inproc://${randomUUID()}`
  }
}

/** Closes a socket after the test, and discards unsent messages. */
export function closeAfterTest<S extends zmq.Socket>(socket: S): S {
  onTestFinished(() => socket.close(socket.closed ? undefined : { linger: 0 }))
  return socket
}

/** A socket of a class, closed after the test. */
export function open<S extends zmq.Socket, O>(socketClass: new (options?: O) => S, options?: O): S {
  return closeAfterTest(new socketClass(options))
}

/** Binds one socket and connects the other. Returns the endpoint. */
export async function join(bound: zmq.Socket, connected: zmq.Socket, transport: Transport | "abstract" = "tcp") {
  await bound.bind(freeAddress(transport))
  const endpoint = bound.lastEndpoint as string
  connected.connect(endpoint)
  return endpoint
}

/** Sends messages until the queue is full, and returns how many had room. */
export async function sendUntilFull(socket: zmq.Socket & zmq.Writable, message: (index: number) => zmq.MessageLike[]) {
  for (let sent = 0; ; ) {
    try {
      await socket.send(message(sent), { timeout: 100 })
      sent += 1
    } catch (error) {
      if ((error as zmq.ErrnoError).code !== "EAGAIN") throw error
      if (!socket.writable) return sent
    }
  }
}

/** The error with which an operation rejects or throws. Throws if it succeeds. */
export const failure: (operation: () => unknown) => Promise<zmq.ErrnoError> = basics.failure

/** The error that a call throws synchronously. Throws if it returns, even a promise. */
export const thrown: (call: () => unknown) => zmq.ErrnoError = basics.thrown

/** Tries repeatedly until it succeeds, for things that libzmq's threads do later without an event. */
export const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(attempt, { timeout: 10_000, interval: 5 })

const endpointMessages: Record<string, string> = {
  EINVAL: "Invalid argument",
  ENOENT: "No such endpoint",
  EPROTONOSUPPORT: "Protocol not supported",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
}

/** The complete error of bind, unbind, connect or disconnect. */
export const endpointError = (code: keyof typeof constants.errno, address: string) =>
  expect.objectContaining({
    message: endpointMessages[code] ?? (expect.any(String) as string),
    code,
    errno: constants.errno[code],
    address,
  })
