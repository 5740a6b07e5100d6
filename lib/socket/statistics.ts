// What has passed through a socket, and what waits: for programs that watch over their sockets.

import type { MessageCount } from "../message/count.js"
import type { NativeSocket } from "../native/addon.js"
import type { Endpoints } from "./endpoints.js"
import type { Traffic } from "./traffic.js"

/** What `socket.statistics()` returns. All counts begin at 0 when the socket is created. */
export interface SocketStatistics {
  /**
   * The messages that libzmq took from the program. Some may still be in libzmq's queue, or lost with it, and a Publisher's may have had no
   * subscriber. A message counts when its last part was taken, and a `sendMany` that waits counts as far as it got.
   */
  sent: MessageCount
  /**
   * The messages that the program was given, by whatever method or loop. Not those in `fetched`, and not the messages with which libzmq
   * reports peers to `peerEvents`. The routing id that a Router puts before a message is a part like others; that of a Server, and the
   * group of a Dish, are none.
   */
  received: MessageCount
  /** The number of messages that were taken out of libzmq's queue ahead of the program's next receive. More may be in that queue. */
  fetched: number
  /** The operations that wait for libzmq. */
  waiting: {
    /** The number of sends that wait for room. A `sendMany` counts once. */
    sends: number
    /** The number of receives, and steps of loops and streams, that wait for a message. */
    receives: number
  }
  /** The addresses that the socket uses, each once, oldest first. `unbind` and `disconnect` accept them. */
  endpoints: {
    /** Those it is bound to, with the port that the system chose. One whose `bind` still runs is not there yet. */
    bound: string[]
    /** Those it connects to, whether anybody answers there or not. */
    connected: string[]
  }
  /**
   * The number of connected peers, as in `events.peers`: without those over inproc, which reports no connections. Null if the socket is not
   * observed, that is, unless `events` was read or `connected()` called, and `events` is open.
   */
  peers: number | null
}

interface Parts {
  native: NativeSocket
  traffic: Traffic
  endpoints: Endpoints
}

/** Calls nothing of libzmq, so it can be used while another thread has the socket. */
export function readStatistics({ native, traffic, endpoints }: Parts): SocketStatistics {
  const [sent, sentBytes, taken, takenBytes] = native.traffic() as [number, number, number, number]
  const { readiness, sending, receiving } = traffic
  const { fetched, diverted } = receiving.inbox
  return {
    sent: { messages: sent - sending.fillers, bytes: sentBytes },
    received: {
      messages: taken - fetched.messages - diverted.messages,
      bytes: takenBytes - fetched.bytes - diverted.bytes,
    },
    fetched: fetched.messages,
    waiting: { sends: readiness.writers.length, receives: readiness.readers.length },
    endpoints: { bound: endpoints.list.of("bind"), connected: endpoints.list.of("connect") },
    peers: endpoints.countPeers?.() ?? null,
  }
}
