// Options of a context.

import type { Option } from "./entry.js"

export const contextOptions = {
  /** ZMQ_IO_THREADS: the number of I/O threads. 0 is enough for inproc. Takes effect with the first socket. Default 1. */
  ioThreads: { zmq: "ZMQ_IO_THREADS", wire: "int32" },
  /** ZMQ_MAX_SOCKETS: how many sockets may exist at a time; more fail with EMFILE. Takes effect with the first socket. Default 1023. */
  maxSockets: { zmq: "ZMQ_MAX_SOCKETS", wire: "int32" },
  /** ZMQ_SOCKET_LIMIT: the largest possible value of `maxSockets`. */
  maxSocketsLimit: { zmq: "ZMQ_SOCKET_LIMIT", wire: "int32", access: "read" },
  /** ZMQ_THREAD_PRIORITY: the scheduling priority of the I/O threads. Its meaning depends on the policy. Default -1. */
  threadPriority: { zmq: "ZMQ_THREAD_PRIORITY", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_THREAD_SCHED_POLICY: the scheduling policy of the I/O threads, as in sched_setscheduler(2). Default -1. */
  threadSchedulingPolicy: { zmq: "ZMQ_THREAD_SCHED_POLICY", wire: "int32" },
  /** ZMQ_THREAD_AFFINITY_CPU_ADD: adds a CPU on which the I/O threads may run. Returns the last one added; -1 by default. */
  threadAffinityAdd: { zmq: "ZMQ_THREAD_AFFINITY_CPU_ADD", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_THREAD_AFFINITY_CPU_REMOVE: removes a CPU that was added. Returns the last one removed; -1 by default. */
  threadAffinityRemove: { zmq: "ZMQ_THREAD_AFFINITY_CPU_REMOVE", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_THREAD_NAME_PREFIX: a prefix for the names of the I/O threads, up to 16 characters. Default null. */
  threadNamePrefix: { zmq: "ZMQ_THREAD_NAME_PREFIX", wire: "string", needs: "draft" },
  /** ZMQ_MAX_MSGSZ: the size of the largest message that can be sent. Bytes. Default 2147483647. */
  maxMessageSize: { zmq: "ZMQ_MAX_MSGSZ", wire: "int32" },
  /** ZMQ_MSG_T_SIZE: the size of a zmq_msg_t. Bytes. */
  messageStructSize: { zmq: "ZMQ_MSG_T_SIZE", wire: "int32", access: "read" },
  /** ZMQ_ZERO_COPY_RECV: libzmq does not copy large messages that it receives. Default true. */
  zeroCopyReceive: { zmq: "ZMQ_ZERO_COPY_RECV", wire: "bool", needs: "draft" },
  /** ZMQ_IPV6: the default of `ipv6` for new sockets. Default false. */
  ipv6: { zmq: "ZMQ_IPV6", wire: "bool" },
  /**
   * ZMQ_BLOCKY: before it exits, the process waits until queued messages are sent. False gives new sockets a `linger` of 0. Default
   * true.
   */
  blocky: { zmq: "ZMQ_BLOCKY", wire: "bool" },
  /**
   * OHMQ_IO_THREAD_YIELD: an I/O thread that is woken continuously (50,000 times a second or more) yields before it sends, so that it sends
   * more messages at a time. Set it to false if the machine has fewer cores than busy threads and latency matters more. Takes effect with
   * the first socket. Linux only. Default true.
   */
  ioThreadYield: { zmq: "OHMQ_IO_THREAD_YIELD", wire: "bool", patch: "0030-io-thread-yield" },
} as const satisfies Record<string, Option>
