// The messages of the stream, put together again: a large batch comes in parts, between those of other writers.

import type { Buffer } from "node:buffer"
import { StoreError } from "../log/errors.js"
import { type CommandBatch, decodeBatch, readPart } from "./command.js"
import type { LogMessage } from "./stream.js"

/** More messages than this are not between the parts of a batch. */
const maxDistance = 10_000

/** The parts of batches that are not complete. */
export class Parts {
  /** By writer, with the number of the first message. */
  readonly #open = new Map<string, { first: number; bytes: Buffer[] }>()

  /** The batch that a message completes. Undefined if it completes none. */
  take({ sequence, data }: LogMessage): CommandBatch | undefined {
    try {
      const { from, part, parts, bytes } = readPart(data)
      if (parts === 1) return decodeBatch([bytes])
      // A writer that ended within a batch never completes it. All copies forget it at the same message.
      for (const [name, { first }] of this.#open) if (sequence - first > maxDistance) this.#open.delete(name)
      if (part === 0) this.#open.set(from, { first: sequence, bytes: [] })
      const known = this.#open.get(from)
      // The rest of a batch that was forgotten, or a part that came twice.
      if (known === undefined || known.bytes.length !== part) return undefined
      known.bytes.push(bytes)
      if (known.bytes.length < parts) return undefined
      this.#open.delete(from)
      return decodeBatch(known.bytes)
    } catch (error) {
      const message = `Message ${sequence} of the stream cannot be read: ${(error as Error).message}`
      throw new StoreError("UNKNOWN_FORMAT", message, error)
    }
  }

  /** The last message, up to `sequence`, after which all can be read again without a part that is known now. */
  restartAt(sequence: number): number {
    return Math.min(sequence, ...[...this.#open.values()].map(({ first }) => first - 1))
  }

  clear(): void {
    this.#open.clear()
  }
}
