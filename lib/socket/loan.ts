// What a proxy needs of a socket that it takes over for a while.

import type { OperationOptions } from "../base/checks.js"
import { busyReadingError, busyWritingError } from "../base/errors.js"
import { getOption } from "../base/symbols.js"
import type { Message } from "../message/message.js"
import type { NativeSocket } from "../native/addon.js"
import { type Option, socketOptions } from "../options/table/index.js"
import type { Endpoints } from "./endpoints.js"
import type { Readiness } from "./readiness.js"
import type { Traffic } from "./traffic.js"

interface Parts {
  native: NativeSocket
  readiness: Readiness
  traffic: Traffic
  endpoints: Endpoints
}

export class Loan {
  readonly #owner: { [getOption](option: Option): unknown }
  readonly #parts: Parts
  readonly #returned: () => void
  /** Values of options, for as long as the socket is lent: a libzmq socket must be used by one thread at a time. */
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
    const { readiness } = this.#parts
    readiness.checkUsable()
    if (!readiness.readers.isEmpty) throw busyReadingError()
    if (!readiness.writers.isEmpty) throw busyWritingError()
  }

  /** What was taken off the socket and not received. */
  takeFetched(): Message[][] {
    return this.#parts.traffic.receiving.inbox.takeAll()
  }

  send(message: Message[], options: OperationOptions): Promise<void> {
    return this.#parts.traffic.sending.send(message, options)
  }

  /**
   * From now on nobody else may use the socket, until `end`.
   *
   * @param giveBack Ends what has the socket.
   */
  begin(giveBack: () => Promise<void>): NativeSocket {
    const { native, readiness } = this.#parts
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
    this.#parts.readiness.takeBack()
    this.#returned()
  }

  /** Resolves when whoever has the socket has given it back. */
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
