// Options for queues, timing and reconnection.

import { readers, writers } from "../../base/socket-types.js"
import type { Option } from "./entry.js"

export const generalOptions = {
  /**
   * ZMQ_SNDHWM: how many messages to one peer may be queued. Beyond that, a send waits, or drops if the socket is a publisher or router.
   * 0 means no limit. Messages. Default 1000.
   */
  sendHighWaterMark: { zmq: "ZMQ_SNDHWM", wire: "int32", on: writers, anytime: true },
  /**
   * ZMQ_RCVHWM: how many messages from one peer may be queued. Beyond that, the peer must wait.
   * 0 means no limit. Messages. Default 1000.
   */
  receiveHighWaterMark: { zmq: "ZMQ_RCVHWM", wire: "int32", on: readers, anytime: true },
  /**
   * ZMQ_SNDTIMEO: how long a send may wait for room in the queue before it rejects with EAGAIN.
   * Milliseconds, unaffected by fake clocks; 0 does not wait, -1 (the default) waits forever.
   */
  sendTimeout: { zmq: "ZMQ_SNDTIMEO", wire: "int32", on: writers, anytime: true },
  /**
   * ZMQ_RCVTIMEO: how long a receive may wait for a message before it rejects with EAGAIN.
   * Milliseconds, unaffected by fake clocks; 0 does not wait, -1 (the default) waits forever.
   */
  receiveTimeout: { zmq: "ZMQ_RCVTIMEO", wire: "int32", on: readers, anytime: true },
  /** ZMQ_SNDBUF: the size of the kernel's transmit buffer. Bytes; -1 (the default) uses the system's default. */
  sendBufferSize: { zmq: "ZMQ_SNDBUF", wire: "int32", on: writers },
  /** ZMQ_RCVBUF: the size of the kernel's receive buffer. Bytes; -1 (the default) uses the system's default. */
  receiveBufferSize: { zmq: "ZMQ_RCVBUF", wire: "int32", on: readers },
  /**
   * ZMQ_LINGER: how long unsent messages are kept after the socket was closed.
   * Milliseconds; -1 (the default) keeps them until they are sent, 0 drops them.
   */
  linger: { zmq: "ZMQ_LINGER", wire: "int32", anytime: true },
  /**
   * ZMQ_IMMEDIATE: queues messages only for established connections, and not for peers that are not there yet. Default
   * false.
   */
  immediate: { zmq: "ZMQ_IMMEDIATE", wire: "bool" },
  /**
   * ZMQ_CONFLATE: keeps only the last message, in either direction. For messages of one part. Gather and Scatter accept
   * it, but libzmq ignores it there. Default false.
   */
  conflate: {
    zmq: "ZMQ_CONFLATE",
    wire: "bool",
    on: ["Pull", "Push", "Subscriber", "Publisher", "Dealer", "Gather", "Scatter"],
    stopsPrefetch: true,
  },
  /** ZMQ_MAXMSGSIZE: the size of the largest message that a peer may send; a larger one disconnects it. Bytes; -1 (the default) means no limit. */
  maxMessageSize: { zmq: "ZMQ_MAXMSGSIZE", wire: "int64" },
  /**
   * ZMQ_AFFINITY: the I/O threads of the context that serve new connections, as a bit mask: bit 0 is the first thread, 0
   * (the default) means all. Not exact above Number.MAX_SAFE_INTEGER.
   */
  affinity: { zmq: "ZMQ_AFFINITY", wire: "uint64" },
  /** ZMQ_BACKLOG: how many connections may wait to be accepted. Default 100. */
  backlog: { zmq: "ZMQ_BACKLOG", wire: "int32" },
  /**
   * ZMQ_RECONNECT_IVL: how long to wait before reconnecting after a lost or failed connection. Milliseconds; -1 never
   * reconnects. Default 100.
   */
  reconnectInterval: { zmq: "ZMQ_RECONNECT_IVL", wire: "int32" },
  /**
   * ZMQ_RECONNECT_IVL_MAX: the limit up to which each attempt doubles the interval. Milliseconds; 0 (the default) always
   * uses `reconnectInterval`.
   */
  reconnectMaxInterval: { zmq: "ZMQ_RECONNECT_IVL_MAX", wire: "int32" },
  /**
   * ZMQ_RECONNECT_STOP: the events after which it does not reconnect: an array of "connectionRefused", "handshakeFailed"
   * and "afterDisconnect". libzmq 4.3.4 treats "afterDisconnect" as all three. Default [].
   */
  reconnectStop: {
    zmq: "ZMQ_RECONNECT_STOP",
    wire: "flags",
    flags: {
      connectionRefused: "ZMQ_RECONNECT_STOP_CONN_REFUSED",
      handshakeFailed: "ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED",
      afterDisconnect: "ZMQ_RECONNECT_STOP_AFTER_DISCONNECT",
    },
    since: "4.3.3",
    needs: "draft",
  },
  /** ZMQ_CONNECT_TIMEOUT: how long the system's connect() may take. Milliseconds; 0 (the default) uses the system's default. */
  connectTimeout: { zmq: "ZMQ_CONNECT_TIMEOUT", wire: "int32" },
  /** ZMQ_HANDSHAKE_IVL: how long a ZMTP handshake may take before the connection is closed. Milliseconds; 0 means no limit. Default 30000. */
  handshakeInterval: { zmq: "ZMQ_HANDSHAKE_IVL", wire: "int32" },
  /** ZMQ_HEARTBEAT_IVL: how often to send a ping to each peer. Milliseconds; 0 (the default) sends none. */
  heartbeatInterval: { zmq: "ZMQ_HEARTBEAT_IVL", wire: "int32" },
  /** ZMQ_HEARTBEAT_TIMEOUT: how long a peer may send nothing after a ping before it is disconnected. Milliseconds; -1 (the default) means `heartbeatInterval`. */
  heartbeatTimeout: { zmq: "ZMQ_HEARTBEAT_TIMEOUT", wire: "int32" },
  /**
   * ZMQ_HEARTBEAT_TTL: after how long without traffic the peer should disconnect this side. Milliseconds, in steps of 100
   * up to 6553599; 0 (the default) leaves it to the peer.
   */
  heartbeatTimeToLive: { zmq: "ZMQ_HEARTBEAT_TTL", wire: "int32" },
  /** ZMQ_IN_BATCH_SIZE: how many bytes to read from a connection at a time. Default 32768; Stream 8192, as in libzmq. */
  inBatchSize: { zmq: "ZMQ_IN_BATCH_SIZE", wire: "int32", since: "4.3.3", needs: "draft" },
  /** ZMQ_OUT_BATCH_SIZE: how many bytes to write to a connection at a time. Default 32768; Stream 8192, as in libzmq. */
  outBatchSize: { zmq: "ZMQ_OUT_BATCH_SIZE", wire: "int32", since: "4.3.3", needs: "draft" },
  /** ZMQ_TYPE: the number of the socket type in zmq.h. */
  type: { zmq: "ZMQ_TYPE", wire: "int32", access: "read" },
  /** ZMQ_LAST_ENDPOINT: the last endpoint that was bound or connected, with the port chosen for a wildcard. Null before that. */
  lastEndpoint: { zmq: "ZMQ_LAST_ENDPOINT", wire: "string", access: "read" },
  /** ZMQ_THREAD_SAFE: whether libzmq locks the socket. True for some draft types only. */
  threadSafe: { zmq: "ZMQ_THREAD_SAFE", wire: "bool", access: "read" },
} as const satisfies Record<string, Option>
