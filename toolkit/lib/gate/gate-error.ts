// Why a gate cannot be asked.

/** A gate refused something, or cannot be talked to. */
export class GateError extends Error {
  override readonly name = "GateError"
  /**
   * Why: a code of the gate, such as `own-request`, which docs/relay.md lists; `not-admitted` if the relay refused the certificate;
   * `no-talk` if the two sides have different security or sockets; `answer-invalid` if the answer cannot be read.
   */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
