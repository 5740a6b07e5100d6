// The loan of a socket to a proxy, which uses it on another thread.

import type { OperationOptions } from "../base/checks.js"
import { busyReadingError, busyWritingError } from "../base/errors.js"
import { getOption } from "../base/symbols.js"
import type { Message } from "../message/message.js"
import type { NativeSocket } from "../native/addon.js"
import { type Option, socketOptions } from "../options/table/index.js"
import type { Endpoints } from "./endpoints.js"
import type { Traffic } from "./traffic.js"

interface Parts {
  native: NativeSocket
  traffic: Traffic
  endpoints: Endpoints
}

export class Loan {
  readonly #owner: { [getOption](option: Option): unknown }
  readonly #parts: Parts
  readonly #returned: () => void
  /** Values of options during the loan, because only one thread at a time may use a libzmq socket. */
  readonly #kept = new Map<Option, unknown>()
  #giveBack: (() => Promise<void>) | undefined

  /** @param returned Called at the end of a loan. */
  constructor(owner: { [getOption](option: Option): unknown }, parts: Parts, returned: () => void) {
    this.#owner = owner
    this.#parts = parts
    this.#returned = returned
  }

  /** Whether the socket is bound or connected. */
  get isAttached(): boolean {
    return !this.#parts.endpoints.isEmpty
  }

  /** Throws if the socket is closed or in use. */
  check(): void {
    const { readiness } = this.#parts.traffic
    readiness.checkUsable()
    if (!readiness.readers.isEmpty) throw busyReadingError()
    if (!readiness.writers.isEmpty) throw busyWritingError()
  }

  /** Takes the messages that were prefetched but not received. */
  takeFetched(): Message[][] {
    return this.#parts.traffic.receiving.inbox.takeAll()
  }

  send(message: Message[], options: OperationOptions): Promise<void> {
    return this.#parts.traffic.sending.send(message, options)
  }

  /**
   * Starts the loan. Until `end`, only the borrower may use the socket.
   *
   * @param giveBack Makes the borrower end the loan.
   */
  begin(giveBack: () => Promise<void>): NativeSocket {
    const { native, traffic } = this.#parts
    const { readiness } = traffic
    readiness.checkUsable()
    this.#giveBack = giveBack
    for (const option of [socketOptions.lastEndpoint, socketOptions.type]) {
      this.#kept.set(option, this.#owner[getOption](option))
    }
    readiness.lend()
    return native
  }

  end(): void {
    this.#giveBack = undefined
    this.#kept.clear()
    this.#parts.traffic.readiness.resume()
    this.#returned()
  }

  /** Asks the borrower for the socket. Resolves when the loan has ended. */
  async recall(): Promise<void> {
    await this.#giveBack?.()
  }

  has(option: Option): boolean {
    return this.#kept.has(option)
  }

  get(option: Option): unknown {
    return this.#kept.get(option)
  }
}
