// An outlet of a store that several relays share: it works while this relay serves the sink, and rests while another one does.

import type { Logger } from "pino"
import type { Leases } from "../../store/replicated/index.js"
import type { Outlet, Sink } from "../components.js"

/** A sink that delivers nothing once it may not, even if its process was stopped for a while and has not noticed. */
export const whileHeld = (name: string, leases: Leases, sink: Sink): Sink => ({
  start: () => sink.start(),
  stop: () => sink.stop(),
  deliver: async (batch, signal) => {
    if (!leases.isHeld(name)) throw new Error("Another relay may serve this sink now")
    return sink.deliver(batch, signal)
  },
})

/** An outlet that works while it may. */
export class LeasedOutlet implements Outlet {
  readonly #name: string
  readonly #leases: Leases
  readonly #make: () => Promise<Outlet>
  readonly #log: Logger
  #current: Outlet | undefined
  #changing: Promise<void> = Promise.resolve()
  #problem: { since: number; reason: string } | undefined

  /** @param make Makes an outlet that has not started. */
  constructor(name: string, leases: Leases, make: () => Promise<Outlet>, log: Logger) {
    this.#name = name
    this.#leases = leases
    this.#make = make
    this.#log = log
  }

  get oldest(): number | undefined {
    return this.#current?.oldest
  }

  get failing() {
    return this.#current?.failing ?? this.#problem
  }

  /** Who serves the sink, if it is another relay. */
  get servedBy(): string | undefined {
    return this.#current === undefined ? this.#leases.ownerOf(this.#name) : undefined
  }

  async start(): Promise<void> {
    this.#leases.want(this.#name, {
      granted: () => this.#change(() => this.#begin()),
      lost: () => this.#change(() => this.#end(AbortSignal.abort(), "Another relay may serve this sink now")),
    })
  }

  #change(step: () => Promise<void>): Promise<void> {
    this.#changing = this.#changing.then(step)
    return this.#changing
  }

  async #begin(): Promise<void> {
    if (!this.#leases.isHeld(this.#name)) return
    try {
      const outlet = await this.#make()
      await outlet.start()
      this.#current = outlet
      this.#problem = undefined
      this.#log.info({ sink: this.#name }, "This relay serves the sink")
    } catch (error) {
      const reason = (error as Error).message
      this.#problem ??= { since: Date.now(), reason }
      this.#log.error({ sink: this.#name, reason }, "This relay cannot serve the sink")
      // Another relay may be able to.
      await this.#leases.leave(this.#name)
    }
  }

  async #end(signal: AbortSignal, why: string): Promise<void> {
    const outlet = this.#current
    if (outlet === undefined) return
    await outlet.stop(signal)
    this.#current = undefined
    this.#log.info({ sink: this.#name, reason: why }, "This relay does not serve the sink any more")
  }

  hurry(): void {
    this.#current?.hurry?.()
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#change(() => this.#end(signal, "The relay stops, or its configuration has changed"))
    await this.#leases.leave(this.#name)
  }
}
