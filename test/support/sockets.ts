// Sockets for tests: on every transport, on free endpoints, and closed after the test whatever happens in it.

import { randomUUID } from "node:crypto"
import { rmSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import path from "node:path"

import type * as zmq from "ohmq"
import { expect, onTestFinished, vi } from "vitest"

export const transports = ["tcp", "ipc", "inproc"] as const
export type Transport = (typeof transports)[number]

/** An address to bind to that nobody else uses; `lastEndpoint` tells the real one. */
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

/** Closes a socket when the test is over, without waiting for what it has not sent. */
export function closeAfterTest<S extends zmq.Socket>(socket: S): S {
  onTestFinished(() => socket.close(socket.closed ? undefined : { linger: 0 }))
  return socket
}

/** A socket of a class, closed when the test is over. */
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

/** Sends until the other side gets it: subscriptions take effect some time after they are made. */
export async function untilReceived(send: () => Promise<void>, receiver: zmq.Readable): Promise<Buffer[]> {
  for (;;) {
    await send()
    try {
      return await receiver.receive({ timeout: 20 })
    } catch (error) {
      if ((error as zmq.ErrnoError).code !== "EAGAIN") throw error
    }
  }
}

/** Sends one message after the other until there is no room any more, and tells how many there was room for. */
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

/** The parts of a message as text. */
export const texts = (message: Buffer[]) => message.map(String)

/** What an operation rejects or throws with; fails if it succeeds. */
export async function failure(operation: () => unknown): Promise<zmq.ErrnoError> {
  try {
    await operation()
  } catch (error) {
    return error as zmq.ErrnoError
  }
  throw new Error("The operation succeeded")
}

/** What a call throws at once; fails if it returns, be it a promise. */
export function thrown(call: () => unknown): zmq.ErrnoError {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    return error as zmq.ErrnoError
  }
  if (result instanceof Promise) result.catch(() => {})
  throw new Error("The call did not throw")
}

/** Tries again and again until it succeeds: for what libzmq's threads do some time later, and tell nobody. */
export const eventually = <T>(attempt: () => T | Promise<T>): Promise<T> =>
  vi.waitFor(attempt, { timeout: 10_000, interval: 5 })

const endpointMessages: Record<string, string> = {
  EINVAL: "Invalid argument",
  ENOENT: "No such endpoint",
  EPROTONOSUPPORT: "Protocol not supported",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
}

/** What an error of bind, unbind, connect or disconnect looks like, in full. */
export const endpointError = (code: keyof typeof constants.errno, address: string) =>
  expect.objectContaining({
    message: endpointMessages[code] ?? (expect.any(String) as string),
    code,
    errno: constants.errno[code],
    address,
  })
