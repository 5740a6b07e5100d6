// How a receiver's store takes events, if not as they come. A relay's routes decide that.

import type { Accepted } from "../events/index.js"
import type { NewEvent, WhenFull } from "../store/index.js"

/** A session, as listeners and `stats` see it. */
export interface SessionInfo {
  /** The name of the stream that the sender sends. */
  stream: string
  /** The authenticated user. Undefined without security. */
  sender: string | undefined
}

/** What is appended of an event, and what to do if the store is full. */
export interface Admitted {
  /** What is stored. */
  event: NewEvent
  /** What to do if a bound of the store is reached. */
  whenFull: WhenFull
  /** Stores what must be on disk before the event. A crash in between repeats that. */
  before?(): Promise<unknown>
}

/** Decides what is stored of the events that a receiver has accepted. Each is stored in the same write as its sequence. */
export interface Admission {
  /** Called once for each new event. If it returns nothing, the event counts as done and is not kept. */
  admit(event: Accepted & { sender?: string }, session: SessionInfo): Admitted | undefined
  /** The cursors that miss what a sender has lost. By default all do. */
  losers?(session: SessionInfo): readonly string[]
  /** So many events are on disk, the last one here. */
  appended?(count: number, position: number): void
}
