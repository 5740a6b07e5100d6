// The gates of a relay, for the sinks that bring decisions to them.

import type { GateDecision } from "../../gate/index.js"
import type { Verdict } from "./book.js"

/** A gate that is open. */
export interface OpenGate {
  /**
   * Takes in a decision that the relay has stored. Resolves once it counts, on disk.
   *
   * @param by Who decided.
   */
  decide(decision: GateDecision, by: string): Promise<Verdict>
}

/** Gates by the names of their sources. */
export class Gates {
  readonly #open = new Map<string, OpenGate>()

  /** Adds a gate. @returns What removes it. */
  add(name: string, gate: OpenGate): () => void {
    this.#open.set(name, gate)
    return () => this.#open.delete(name)
  }

  /** The gate of a source, if that runs. */
  find(name: string): OpenGate | undefined {
    return this.#open.get(name)
  }
}
