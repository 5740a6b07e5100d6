// What ends a command early: a signal, or a reader of standard output that has gone.

import process from "node:process"

import { Exit } from "./exit.js"
import { say } from "./terminal.js"

/** After how long an end that takes time is said, in milliseconds. */
const PATIENCE = 500

const codes = { SIGINT: Exit.interrupted, SIGTERM: Exit.terminated, SIGHUP: 129 } as const

/** The first signal asks the command to end; the second one ends it at once. */
export class Interruption {
  readonly #controller = new AbortController()
  readonly #onSignal = (name: NodeJS.Signals) => {
    const code = codes[name as keyof typeof codes]
    if (this.exitCode !== undefined) process.exit(code)
    this.exitCode = code
    this.#controller.abort()
    setTimeout(
      () => say("delivering what is queued, for at most --linger; a second signal ends it at once"),
      PATIENCE,
    ).unref()
  }
  readonly #onOutputError = (error: NodeJS.ErrnoException) => {
    // As with `head`: whoever reads has enough, which is no failure. For others see output-failure.ts.
    if (error.code === "EPIPE") this.exitCode ??= Exit.done
    this.#controller.abort()
  }
  /** The exit code if the command was ended early. */
  exitCode: number | undefined

  constructor() {
    for (const name of Object.keys(codes)) process.on(name, this.#onSignal)
    process.stdout.on("error", this.#onOutputError)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    for (const name of Object.keys(codes)) process.off(name, this.#onSignal)
  }
}
