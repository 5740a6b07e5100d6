// Options for queues, timing and reconnection.

import { readers, writers } from "../../base/socket-types.js"
import type { Option } from "./entry.js"

export const generalOptions = {
  /**
   * ZMQ_SNDHWM: how many messages may wait for one peer, before a send waits or, with publishers and routers, drops.
   * Messages; 0 means no limit. Default 1000.
   */
  sendHighWaterMark: { zmq: "ZMQ_SNDHWM", wire: "int32", on: writers, anytime: true },
  /**
   * ZMQ_RCVHWM: how many messages from one peer may wait to be received, before the peer has to wait.
   * Messages; 0 means no limit. Default 1000.
   */
  receiveHighWaterMark: { zmq: "ZMQ_RCVHWM", wire: "int32", on: readers, anytime: true },
  /**
   * ZMQ_SNDTIMEO: how long a send may wait for room before it rejects with EAGAIN.
   * Milliseconds, of real time whatever clock a test has; 0 does not wait, -1 (the default) waits for ever.
   */
  sendTimeout: { zmq: "ZMQ_SNDTIMEO", wire: "int32", on: writers, anytime: true },
  /**
   * ZMQ_RCVTIMEO: how long a receive may wait for a message before it rejects with EAGAIN.
   * Milliseconds, of real time whatever clock a test has; 0 does not wait, -1 (the default) waits for ever.
   */
  receiveTimeout: { zmq: "ZMQ_RCVTIMEO", wire: "int32", on: readers, anytime: true },
  /** ZMQ_SNDBUF: the size of the kernel's transmit buffer. Bytes; -1 (the default) leaves it to the system. */
  sendBufferSize: { zmq: "ZMQ_SNDBUF", wire: "int32", on: writers },
  /** ZMQ_RCVBUF: the size of the kernel's receive buffer. Bytes; -1 (the default) leaves it to the system. */
  receiveBufferSize: { zmq: "ZMQ_RCVBUF", wire: "int32", on: readers },
  /**
   * ZMQ_LINGER: how long messages that were not sent yet are kept after the socket is closed.
   * Milliseconds; -1 (the default) keeps them until they are sent, 0 drops them.
   */
  linger: { zmq: "ZMQ_LINGER", wire: "int32", anytime: true },
  /**
   * ZMQ_IMMEDIATE: messages are queued only for connections that are complete, so that a peer that is not there is not
   * given any. Default false.
   */
  immediate: { zmq: "ZMQ_IMMEDIATE", wire: "bool" },
  /**
   * ZMQ_CONFLATE: only the last message is kept, in either direction; single-part messages only. Default false. On Gather
   * and Scatter libzmq takes it and goes on keeping all.
   */
  conflate: {
    zmq: "ZMQ_CONFLATE",
    wire: "bool",
    on: ["Pull", "Push", "Subscriber", "Publisher", "Dealer", "Gather", "Scatter"],
    stopsPrefetch: true,
  },
  /** ZMQ_MAXMSGSIZE: a peer that sends a larger message is disconnected. Bytes; -1 (the default) means no limit. */
  maxMessageSize: { zmq: "ZMQ_MAXMSGSIZE", wire: "int64" },
  /**
   * ZMQ_AFFINITY: which I/O threads of the context serve new connections. A bit mask, bit 0 for the first thread; 0 (the
   * default) means all. Above Number.MAX_SAFE_INTEGER it is not exact.
   */
  affinity: { zmq: "ZMQ_AFFINITY", wire: "uint64" },
  /** ZMQ_BACKLOG: how many connections may wait to be accepted. Default 100. */
  backlog: { zmq: "ZMQ_BACKLOG", wire: "int32" },
  /**
   * ZMQ_RECONNECT_IVL: how long to wait before a lost or failed connection is tried again. Milliseconds; -1 never
   * reconnects. Default 100.
   */
  reconnectInterval: { zmq: "ZMQ_RECONNECT_IVL", wire: "int32" },
  /**
   * ZMQ_RECONNECT_IVL_MAX: the interval doubles with each attempt up to this. Milliseconds; 0 (the default) keeps
   * `reconnectInterval` as it is.
   */
  reconnectMaxInterval: { zmq: "ZMQ_RECONNECT_IVL_MAX", wire: "int32" },
  /**
   * ZMQ_RECONNECT_STOP: after what it is not tried again: "connectionRefused", "handshakeFailed", "afterDisconnect".
   * An array of these, empty by default. libzmq 4.3.4 takes "afterDisconnect" for all three.
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
  /** ZMQ_CONNECT_TIMEOUT: how long connect() of the system may take. Milliseconds; 0 (the default) leaves it to the system. */
  connectTimeout: { zmq: "ZMQ_CONNECT_TIMEOUT", wire: "int32" },
  /** ZMQ_HANDSHAKE_IVL: how long a ZMTP handshake may take before the connection is closed. Milliseconds; 0 means no limit. Default 30000. */
  handshakeInterval: { zmq: "ZMQ_HANDSHAKE_IVL", wire: "int32" },
  /** ZMQ_HEARTBEAT_IVL: how often a ping is sent to each peer. Milliseconds; 0 (the default) sends none. */
  heartbeatInterval: { zmq: "ZMQ_HEARTBEAT_IVL", wire: "int32" },
  /** ZMQ_HEARTBEAT_TIMEOUT: how long a peer may be silent after a ping. Milliseconds; -1 (the default) means `heartbeatInterval`. */
  heartbeatTimeout: { zmq: "ZMQ_HEARTBEAT_TIMEOUT", wire: "int32" },
  /**
   * ZMQ_HEARTBEAT_TTL: after how long a silence the peer should give this side up. Milliseconds, in steps of 100 up to
   * 6553599; 0 (the default) leaves it to the peer.
   */
  heartbeatTimeToLive: { zmq: "ZMQ_HEARTBEAT_TTL", wire: "int32" },
  /** ZMQ_IN_BATCH_SIZE: how much is read from a connection at a time. Bytes. Default 32768, Stream: 8192 (as libzmq). */
  inBatchSize: { zmq: "ZMQ_IN_BATCH_SIZE", wire: "int32", since: "4.3.3", needs: "draft" },
  /** ZMQ_OUT_BATCH_SIZE: how much is written to a connection at a time. Bytes. Default 32768, Stream: 8192 (as libzmq). */
  outBatchSize: { zmq: "ZMQ_OUT_BATCH_SIZE", wire: "int32", since: "4.3.3", needs: "draft" },
  /** ZMQ_TYPE: the number of the socket type in zmq.h. */
  type: { zmq: "ZMQ_TYPE", wire: "int32", access: "read" },
  /** ZMQ_LAST_ENDPOINT: the last endpoint bound or connected, with the port that a wildcard became; null before. */
  lastEndpoint: { zmq: "ZMQ_LAST_ENDPOINT", wire: "string", access: "read" },
  /** ZMQ_THREAD_SAFE: whether libzmq itself locks the socket; true for some draft types only. */
  threadSafe: { zmq: "ZMQ_THREAD_SAFE", wire: "bool", access: "read" },
} as const satisfies Record<string, Option>
