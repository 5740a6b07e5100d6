// A connection to a peer that may send anything: what is read from it is bounded, and every wait ends.

import { Buffer } from "node:buffer"
import type { Socket } from "node:net"

/** Nothing that the doctor looks at is longer. */
const LIMIT = 64 * 1024

/** Why a wait has ended. */
export type Ending = "met" | "ended" | "timeout" | "full"

/** The bytes of a connection as they come. */
export class Wire {
  readonly socket: Socket
  #bytes = Buffer.alloc(0)
  #watcher: (() => void) | undefined
  /** Whether the peer has closed the connection. */
  hasEnded = false
  /** The system's code if it broke. */
  failure: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.on("data", (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk.subarray(0, LIMIT - this.#bytes.length)])
      if (this.#bytes.length >= LIMIT) socket.pause()
      this.#watcher?.()
    })
    const end = () => {
      this.hasEnded = true
      this.#watcher?.()
    }
    socket.on("end", end).on("close", end)
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.failure = error.code ?? error.message
      end()
    })
  }

  /** What has come and was not taken. */
  get bytes(): Buffer {
    return this.#bytes
  }

  /** Takes bytes off. */
  take(length: number): void {
    this.#bytes = this.#bytes.subarray(length)
  }

  write(bytes: Uint8Array | string): void {
    if (!this.hasEnded) this.socket.write(bytes)
  }

  /** Waits until the bytes satisfy a condition, the peer closes, or the time is over. */
  until(condition: (bytes: Buffer) => boolean, milliseconds: number): Promise<Ending> {
    return new Promise((resolve) => {
      const finish = (ending: Ending) => {
        clearTimeout(timer)
        this.#watcher = undefined
        resolve(ending)
      }
      const timer = setTimeout(() => finish("timeout"), milliseconds)
      this.#watcher = () => {
        if (condition(this.#bytes)) finish("met")
        else if (this.#bytes.length >= LIMIT) finish("full")
        else if (this.hasEnded) finish("ended")
      }
      this.#watcher()
    })
  }

  close(): void {
    this.socket.destroy()
  }
}

/** Bytes of a peer as text that cannot harm a terminal: one line of printable characters, cut to a length. */
export function printable(bytes: Buffer | string, longest = 100): string {
  const text = typeof bytes === "string" ? bytes : bytes.subarray(0, longest * 2).toString("latin1")
  // Formatting characters change the direction of writing.
  const safe = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = (character.codePointAt(0) as number).toString(16)
    return code.length > 2 ? `\\u{${code}}` : `\\x${code.padStart(2, "0")}`
  })
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe
}
