// Options of a context.

import type { Option } from "./entry.js"

export const contextOptions = {
  /** ZMQ_IO_THREADS: threads for I/O. Takes effect with the first socket; 0 will do for inproc alone. Default 1. */
  ioThreads: { zmq: "ZMQ_IO_THREADS", wire: "int32" },
  /** ZMQ_MAX_SOCKETS: how many sockets there can be at a time. Takes effect with the first socket. Default 1023. */
  maxSockets: { zmq: "ZMQ_MAX_SOCKETS", wire: "int32" },
  /** ZMQ_SOCKET_LIMIT: the largest value that `maxSockets` can have. */
  maxSocketsLimit: { zmq: "ZMQ_SOCKET_LIMIT", wire: "int32", access: "read" },
  /** ZMQ_THREAD_PRIORITY: the scheduling priority of the I/O threads; what it means depends on the policy. Default -1. */
  threadPriority: { zmq: "ZMQ_THREAD_PRIORITY", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_THREAD_SCHED_POLICY: the scheduling policy of the I/O threads, as in sched_setscheduler(2). Default -1. */
  threadSchedulingPolicy: { zmq: "ZMQ_THREAD_SCHED_POLICY", wire: "int32" },
  /** ZMQ_THREAD_AFFINITY_CPU_ADD: adds a CPU to those that the I/O threads may run on. Reads as the last one. */
  threadAffinityAdd: { zmq: "ZMQ_THREAD_AFFINITY_CPU_ADD", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_THREAD_AFFINITY_CPU_REMOVE: takes a CPU from those that were added. Reads as the last one. */
  threadAffinityRemove: { zmq: "ZMQ_THREAD_AFFINITY_CPU_REMOVE", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_THREAD_NAME_PREFIX: what the names of the I/O threads begin with, up to 16 characters. Null by default. */
  threadNamePrefix: { zmq: "ZMQ_THREAD_NAME_PREFIX", wire: "string", needs: "draft" },
  /** ZMQ_MAX_MSGSZ: the largest message that can be sent. Bytes. Default 2147483647. */
  maxMessageSize: { zmq: "ZMQ_MAX_MSGSZ", wire: "int32" },
  /** ZMQ_MSG_T_SIZE: the size of a zmq_msg_t. Bytes. */
  messageStructSize: { zmq: "ZMQ_MSG_T_SIZE", wire: "int32", access: "read" },
  /** ZMQ_ZERO_COPY_RECV: large messages are received without a copy inside libzmq. Default true. */
  zeroCopyReceive: { zmq: "ZMQ_ZERO_COPY_RECV", wire: "bool", needs: "draft" },
  /** ZMQ_IPV6: the default of `ipv6` for new sockets. Default false. */
  ipv6: { zmq: "ZMQ_IPV6", wire: "bool" },
  /**
   * ZMQ_BLOCKY: whether the process waits at its end until queued messages are sent. False gives new sockets a `linger`
   * of 0. Default true.
   */
  blocky: { zmq: "ZMQ_BLOCKY", wire: "bool" },
  /**
   * OHMQ_IO_THREAD_YIELD: whether an I/O thread that is woken continuously (50,000 times a second and more) yields before it sends, and
   * so sends more at a time. False suits a machine with more to do than it has cores, where single messages must not be late. Takes effect
   * with the first socket. Linux only. Default true.
   */
  ioThreadYield: { zmq: "OHMQ_IO_THREAD_YIELD", wire: "bool", patch: "0030-io-thread-yield" },
} as const satisfies Record<string, Option>
