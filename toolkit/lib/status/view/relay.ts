// The relay on the status page: sources, routes, sinks, links, the store, and dead letters.

import type { DeadLetter, Selection } from "../../store/index.js"

/** A source. Counts are since the relay started. */
export interface SourceView {
  readonly name: string
  readonly type: string
  /** Events stored. */
  readonly stored: number
  readonly duplicates: number
  readonly unrouted: number
  readonly refused: number
}

/** A route. */
export interface RouteView {
  readonly name: string
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** How many events it took of each source. */
  readonly taken: Readonly<Record<string, number>>
}

/** Why a sink does not work, and since when, in milliseconds since 1970. */
export interface FailingView {
  readonly since: number
  readonly reason: string
  /** One event at a time tries whether the sink works. */
  readonly isOpen?: boolean
  /** A person must change something first. */
  readonly isHeld?: boolean
}

/** A sink. Counts are since the relay started, but for `waiting` and `dead`. */
export interface SinkView {
  readonly name: string
  /** Undefined if it is not configured any more. */
  readonly type: string | undefined
  readonly delivered: number
  readonly lost: number
  /** Positions of the store that it has not passed. */
  readonly waiting: number
  /** Its dead letters. */
  readonly dead: number
  /** When the oldest event under way was received, in milliseconds since 1970. */
  readonly oldest: number | undefined
  readonly failing: FailingView | undefined
  /** The relay that serves it, if it is another one. */
  readonly servedBy?: string | undefined
}

/** One end of a link to or from another relay. */
export interface LinkView {
  /** The sink or source. */
  readonly name: string
  readonly direction: "out" | "in"
  /** The name that the peer's certificate proves, or the key's file for a receiver. Undefined without CURVE. */
  readonly identity: string | undefined
  /** The endpoint of a receiver, or the stream of a sender. */
  readonly peer: string
  readonly state: string
  /** The last sequence that is stored at the receiver. */
  readonly acknowledged: number
  readonly underWayBytes: number
}

/** A peer of a socket with CURVE that is no link. Times are milliseconds since 1970, counts since the socket was opened. */
export interface PeerView {
  readonly role: "source" | "sink"
  /** The source or sink. */
  readonly name: string
  /** The user id that CURVE has proved, or the file of the key of a server. */
  readonly identity: string
  /** "" over ipc. */
  readonly address: string
  /** `unsure`: a connection belongs to it or to another one. */
  readonly state: "connected" | "unsure" | "gone"
  readonly since: number | undefined
  /** Undefined if this socket does not receive. */
  readonly messages: number | undefined
  readonly last: number | undefined
}

/** Who was not let in by a socket with CURVE that binds. */
export interface DenialView {
  readonly role: "source" | "sink"
  readonly name: string
  readonly count: number
  /** The last one. */
  readonly last: { readonly time: number; readonly address: string; readonly reason: string } | undefined
}

/** The store. Sizes are bytes, times milliseconds. */
export interface StoreView {
  readonly bytes: number
  readonly deadBytes: number
  readonly maxBytes: number
  readonly retention: number
  readonly first: number
  readonly last: number
  /** Appends that wait for room. */
  readonly waitingForRoom: number
  /** Appends that were refused because the store was full. */
  readonly refused: number
  /** Durable writes since the relay started. */
  readonly writes: number
  /** Half of the writes took at most this long. Undefined before the first, infinite if longer than what is measured. */
  readonly medianWrite: number | undefined
  /** 99 % of the writes took at most this long. */
  readonly slowWrite: number | undefined
}

/** What a relay consists of. */
export interface RelayView {
  readonly sources: readonly SourceView[]
  readonly routes: readonly RouteView[]
  readonly sinks: readonly SinkView[]
  readonly links: readonly LinkView[]
  readonly peers: readonly PeerView[]
  readonly denials: readonly DenialView[]
  readonly store: StoreView
}

/** What became of dead letters that were replayed. */
export interface ReplayView {
  readonly replayed: number
  /** Those that stay, because their route still cannot change them. */
  readonly held: number
}

/** A dead letter as the page shows it. Nothing of its data. */
export interface LetterView {
  readonly id: number
  readonly reason: string
  /** When the sink gave it up, in milliseconds since 1970. */
  readonly since: number
  /** The source of the relay that it came from. */
  readonly from: string
  readonly sender: string | undefined
  /** The attributes of the event. Undefined if a route has yet to remove something from it, or if it cannot be read. */
  readonly event:
    | { readonly id: string; readonly type: string; readonly source: string; readonly subject: string }
    | undefined
}

/** The dead letters of a relay, as the page needs them. */
export interface LetterSubject {
  /** The dead letters of a sink, oldest first. */
  list(sink: string, selection: Selection): AsyncIterable<DeadLetter>
  describe(letter: DeadLetter): LetterView
  /** Gives dead letters to the sink again. */
  replay(sink: string, selection: Selection): Promise<ReplayView>
  /** Deletes dead letters. Resolves to how many. */
  discard(sink: string, selection: Selection): Promise<number>
}
