// The metrics of a responder: docs/respond.md lists them.

import { Counter, Gauge, type Registry } from "prom-client"
import type { State } from "./journal/state.js"

/** Counts what is decided and done. */
export class RespondMetrics {
  readonly decided
  readonly suppressed
  readonly undecided
  readonly outcomes
  readonly unrecorded

  /**
   * @param registry That of the relay inside.
   * @param state What is open, once it is known.
   */
  constructor(registry: Registry, state: () => State | undefined) {
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
      new Counter({ name: `ohmq_respond_${name}`, help, labelNames, registers: [registry] })
    this.decided = counter("decisions_total", "Responses that were decided", ["rule", "decision"])
    this.suppressed = counter("suppressed_total", "Events that met a rule and led to nothing, by reason", [
      "rule",
      "reason",
    ])
    this.undecided = counter("undecided_total", "Conditions that could not be decided", ["rule"])
    this.outcomes = counter("outcomes_total", "Runs of actions and of what undoes them, by outcome", [
      "action",
      "run",
      "outcome",
    ])
    this.unrecorded = counter("unrecorded_total", "Entries that the audit log did not take. They are tried again", [])
    new Gauge({
      name: "ohmq_respond_open",
      help: "Responses that have not ended, by status",
      labelNames: ["status"],
      registers: [registry],
      collect() {
        for (const status of ["waiting", "queued", "running", "active", "undoing"]) this.set({ status }, 0)
        for (const { status } of state()?.open.values() ?? []) this.inc({ status })
      },
    })
  }
}
