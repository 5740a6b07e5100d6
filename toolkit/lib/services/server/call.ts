// A request at the server: what its handler learns of it, and what becomes of it.

import type { Request } from "../protocol.js"
import type { ServiceError } from "../service-error.js"

/** What a handler learns about a request, beside its body. */
export interface CallContext {
  /** The name of the service. */
  readonly service: string
  /** The authenticated user who asks. Undefined without security, and if security lets anybody in. */
  readonly caller: string | undefined
  /** Aborted when nobody waits for the reply any more: the caller has cancelled or is gone, the deadline has passed, or the server closes. */
  readonly signal: AbortSignal
  /** How long the caller still waits, in milliseconds. Infinity without a deadline. Pass it on as the `timeout` of further requests. */
  readonly timeLeft: number
}

/** A request at the server. */
export class Call implements CallContext {
  readonly request: Request
  readonly caller: string | undefined
  readonly #deadline: number
  readonly #timer: NodeJS.Timeout | undefined
  #controller: AbortController | undefined
  #reason: ServiceError | undefined
  #credit: number
  #wake = () => {}

  constructor(request: Request, caller: string | undefined, late: () => void) {
    this.request = request
    this.caller = caller
    this.#credit = request.credit
    const { timeout } = request
    this.#deadline = timeout > 0 ? performance.now() + timeout : Number.POSITIVE_INFINITY
    if (timeout > 0) this.#timer = setTimeout(late, Math.min(timeout, 0x7fff_ffff))
  }

  get service(): string {
    return this.request.service
  }

  get timeLeft(): number {
    return Math.max(this.#deadline - performance.now(), 0)
  }

  // Made when it is asked for: most handlers never look at it.
  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** Whether nobody waits for the reply any more. */
  get isOver(): boolean {
    return this.#reason !== undefined
  }

  /** Tells the handler that nobody waits any more. */
  abort(reason: ServiceError): void {
    if (this.#reason) return
    this.#reason = reason
    this.done()
    this.#controller?.abort(reason)
    this.#wake()
  }

  /** The request is answered. */
  done(): void {
    clearTimeout(this.#timer)
  }

  /** Lets the handler send more items. */
  addCredit(count: number): void {
    this.#credit = Math.min(this.#credit + count, 0xffff_ffff)
    this.#wake()
  }

  /** Waits until an item may be sent. Resolves to false if nobody wants it any more. */
  async spendCredit(): Promise<boolean> {
    while (this.#credit === 0 && !this.isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.isOver) return false
    this.#credit--
    return true
  }
}
