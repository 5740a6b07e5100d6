// What programs do with the errors that they catch.

import type { Push, Reply } from "zeromq"

export async function bindOrNext(socket: Reply, port: number): Promise<number> {
  try {
    await socket.bind(`tcp://127.0.0.1:${port}`)
    return port
  } catch (error: any) {
    if (error.code === "EADDRINUSE") return bindOrNext(socket, port + 1)
    throw error
  }
}

export async function trySend(socket: Push, message: string): Promise<boolean> {
  try {
    await socket.send(message)
    return true
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "EAGAIN" || error.code === "EBUSY")) return false
    throw error
  }
}

export const withTimeout = <T>(work: Promise<T>, ms: number): Promise<T> =>
  Promise.race([work, new Promise<never>((_, reject) => setTimeout(() => reject(new Error("late")), ms))])

export const reply = (socket: Reply) => withTimeout(socket.receive(), 1000).then(([part]) => part.toString())
