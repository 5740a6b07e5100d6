// Receives from a socket and writes to standard output, in groups of messages.

import process from "node:process"

import { CommandError } from "../command/exit.js"
import { warn } from "../command/terminal.js"
import { type Format, formatOf } from "../output/formats.js"
import type { Incoming } from "../output/incoming.js"
import { flushed, watchReader, writeOut } from "../output/standard-output.js"
import { Sequence, Statistics } from "../output/statistics.js"
import { datagramIncoming, inWords, plainIncoming, rethrow, type Session, toIncoming } from "./session.js"

/** Writes messages as the options say, and counts them. */
export class Printer {
  readonly format: Format
  readonly #statistics: Statistics
  readonly #sequence: Sequence | undefined
  readonly #counts: boolean
  readonly #signal: AbortSignal

  constructor({ values, signal }: Pick<Session, "values" | "signal">) {
    this.format = formatOf(values, process.stdout.isTTY === true)
    this.#sequence = values.sequence === undefined ? undefined : new Sequence(values.sequence)
    this.#counts = values.stats === true
    this.#statistics = new Statistics(values.stats)
    this.#signal = signal
  }

  async print(messages: readonly Incoming[]): Promise<void> {
    let bytes = 0
    if (this.#counts || this.#sequence !== undefined) {
      for (const { parts } of messages) {
        for (const part of parts) bytes += part.length
        this.#statistics.lost += this.#sequence?.gap(parts) ?? 0
      }
    }
    this.#statistics.add(messages.length, bytes)
    try {
      await writeOut(this.format.write(messages), this.#signal)
    } catch (error) {
      // Of V8, which gives it no code, and of Node.js.
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== "ERR_STRING_TOO_LONG" && message !== "Invalid string length") throw error
      throw new CommandError(
        "A message is too large for this output. --output raw has no limit, and --option maxMessageSize=BYTES sets one for peers",
      )
    }
  }

  async end(): Promise<void> {
    this.#statistics.end()
    if (this.#statistics.lost > 0) warn(`${this.#statistics.lost} messages were lost, by their sequence numbers`)
    await flushed()
  }
}

/**
 * Receives until --count, --timeout, --duration or a signal.
 * @param onGone Called when nobody reads standard output any more.
 */
export async function receiveAll(session: Session, onGone: () => void): Promise<void> {
  const { values, socket, pattern } = session
  const { count, timeout } = values
  const printer = new Printer(session)
  const reader = new AbortController()
  const signal = AbortSignal.any([session.signal, reader.signal])
  const unwatch = watchReader(() => {
    reader.abort()
    onGone()
  })
  const options = { signal, ...(timeout !== undefined && { timeout }) }
  const convert =
    pattern.tag !== undefined ? toIncoming : pattern.socket === "Datagram" ? datagramIncoming : plainIncoming
  let received = 0
  const groups = async function* (): AsyncGenerator<Incoming[]> {
    if (printer.format.needsDetails && pattern.socket !== "Stream") {
      for await (const { parts, ...details } of socket.withMetadata(options)) yield [{ ...convert(parts), details }]
    } else {
      const max = count === undefined ? {} : { max: Math.min(count, 256) }
      for await (const batch of socket.batches({ ...options, ...max })) yield batch.map(convert)
    }
  }
  try {
    for await (const group of groups()) {
      const wanted = count === undefined ? group : group.slice(0, count - received)
      received += wanted.length
      await printer.print(wanted)
      if (received === count) break
    }
  } catch (error) {
    if (!signal.aborted) {
      rethrow(error, () => `No message came for ${inWords(timeout as number)}; ${received} came before`)
    }
  } finally {
    unwatch()
    await printer.end()
  }
}
