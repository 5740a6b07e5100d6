// For sinks that send each event by itself.

import type { Outcome, Outgoing, Retry } from "../components.js"

/** What became of a batch. */
export interface Delivered {
  readonly outcomes: Outcome[]
  /** The first event that is to be tried again, if there is one. */
  readonly failure: Retry | undefined
}

/**
 * Sends the events of a batch. With a concurrency of one, one after the other, so that they arrive in order. After one that is to be tried
 * again, none is begun.
 */
export async function deliverEach(
  batch: readonly Outgoing[],
  concurrency: number,
  send: (outgoing: Outgoing) => Promise<Outcome>,
): Promise<Delivered> {
  const outcomes: Outcome[] = []
  let failure: Retry | undefined
  let next = 0
  const sender = async () => {
    while (next < batch.length && failure === undefined) {
      const index = next++
      const outcome = await send(batch[index] as Outgoing)
      outcomes[index] = outcome
      if (outcome !== "done" && "retry" in outcome) failure ??= outcome
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, batch.length) }, sender))
  return {
    outcomes: Array.from(batch, (_, index) => outcomes[index] ?? failure ?? { retry: "It was not sent" }),
    failure,
  }
}
