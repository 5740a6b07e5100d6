// Options of the transports: IP and tcp, ipc, multicast, VMCI.

import { type Option, writers } from "./entry.js"

export const transportOptions = {
  /** ZMQ_IPV6: connects to and accepts from both IPv4 and IPv6 hosts. Default false. */
  ipv6: { zmq: "ZMQ_IPV6", wire: "bool" },
  /** ZMQ_IPV4ONLY: the opposite of `ipv6`, under its old name. Default true. */
  ipv4Only: { zmq: "ZMQ_IPV4ONLY", wire: "bool" },
  /** ZMQ_TCP_KEEPALIVE: SO_KEEPALIVE: 1 on, 0 off, -1 (the default) as the system does. */
  tcpKeepalive: { zmq: "ZMQ_TCP_KEEPALIVE", wire: "int32" },
  /** ZMQ_TCP_KEEPALIVE_CNT: probes before a connection is given up; -1 (the default) as the system does. */
  tcpKeepaliveCount: { zmq: "ZMQ_TCP_KEEPALIVE_CNT", wire: "int32" },
  /** ZMQ_TCP_KEEPALIVE_IDLE: silence before the first probe. Seconds; -1 (the default) as the system does. */
  tcpKeepaliveIdle: { zmq: "ZMQ_TCP_KEEPALIVE_IDLE", wire: "int32" },
  /** ZMQ_TCP_KEEPALIVE_INTVL: time between probes. Seconds; -1 (the default) as the system does. */
  tcpKeepaliveInterval: { zmq: "ZMQ_TCP_KEEPALIVE_INTVL", wire: "int32" },
  /**
   * ZMQ_TCP_MAXRT: how long sent data may stay unacknowledged before the connection is closed. Milliseconds; 0 (the
   * default) as the system does.
   */
  tcpMaxRetransmitTimeout: { zmq: "ZMQ_TCP_MAXRT", wire: "int32" },
  /**
   * ZMQ_TCP_ACCEPT_FILTER: connections are accepted only from this network ("192.0.2.0/24"). Each assignment adds one;
   * null removes all. Reads as the last one.
   */
  tcpAcceptFilter: { zmq: "ZMQ_TCP_ACCEPT_FILTER", wire: "string", access: "write", initial: null },
  /** ZMQ_TOS: the type-of-service byte of IP packets. Default 0. */
  typeOfService: { zmq: "ZMQ_TOS", wire: "uint32" },
  /** ZMQ_BINDTODEVICE: binds to this network interface or VRF; needs CAP_NET_RAW. Linux only. Null by default. */
  interface: { zmq: "ZMQ_BINDTODEVICE", wire: "string" },
  /** ZMQ_USE_FD: uses a listening or connected descriptor that exists already; -1 (the default) means none. */
  useFileDescriptor: { zmq: "ZMQ_USE_FD", wire: "int32" },
  /** ZMQ_SOCKS_PROXY: the host:port of a SOCKS5 proxy for outgoing tcp connections. Null by default. */
  socksProxy: { zmq: "ZMQ_SOCKS_PROXY", wire: "string" },
  /** ZMQ_SOCKS_USERNAME: the user name for the SOCKS5 proxy. Null by default. */
  socksUsername: { zmq: "ZMQ_SOCKS_USERNAME", wire: "string", since: "4.3.3", needs: "draft" },
  /** ZMQ_SOCKS_PASSWORD: the password for the SOCKS5 proxy. Null by default. */
  socksPassword: { zmq: "ZMQ_SOCKS_PASSWORD", wire: "string", since: "4.3.3", needs: "draft" },
  /** ZMQ_LOOPBACK_FASTPATH: faster tcp over loopback. Windows only. Default false. */
  loopbackFastPath: { zmq: "ZMQ_LOOPBACK_FASTPATH", wire: "bool", needs: "draft" },
  /** ZMQ_IPC_FILTER_PID: ipc connections are accepted from this process. Each assignment adds one. Linux only. */
  ipcFilterProcessId: { zmq: "ZMQ_IPC_FILTER_PID", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_IPC_FILTER_UID: ipc connections are accepted from this user. Each assignment adds one. */
  ipcFilterUserId: { zmq: "ZMQ_IPC_FILTER_UID", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_IPC_FILTER_GID: ipc connections are accepted from this group. Each assignment adds one. */
  ipcFilterGroupId: { zmq: "ZMQ_IPC_FILTER_GID", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_RATE: the highest data rate for multicast. Kilobits a second. Default 100. */
  rate: { zmq: "ZMQ_RATE", wire: "int32" },
  /** ZMQ_RECOVERY_IVL: how long a multicast receiver may be absent without loss. Milliseconds. Default 10000. */
  recoveryInterval: { zmq: "ZMQ_RECOVERY_IVL", wire: "int32" },
  /** ZMQ_MULTICAST_HOPS: the time-to-live of multicast packets. Default 1, the local network. */
  multicastHops: { zmq: "ZMQ_MULTICAST_HOPS", wire: "int32", on: writers },
  /** ZMQ_MULTICAST_MAXTPDU: the largest multicast packet. Bytes. Default 1500. */
  multicastMaxTransportDataUnit: { zmq: "ZMQ_MULTICAST_MAXTPDU", wire: "int32" },
  /** ZMQ_MULTICAST_LOOP: whether the sending host receives its own udp multicast. Default true. */
  multicastLoop: { zmq: "ZMQ_MULTICAST_LOOP", wire: "bool", needs: "draft" },
  /** ZMQ_VMCI_BUFFER_SIZE: the size of the VMCI buffer. Bytes. */
  vmciBufferSize: { zmq: "ZMQ_VMCI_BUFFER_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_BUFFER_MIN_SIZE: the least size of the VMCI buffer. Bytes. */
  vmciBufferMinSize: { zmq: "ZMQ_VMCI_BUFFER_MIN_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_BUFFER_MAX_SIZE: the greatest size of the VMCI buffer. Bytes. */
  vmciBufferMaxSize: { zmq: "ZMQ_VMCI_BUFFER_MAX_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_CONNECT_TIMEOUT: how long a VMCI connection may take. Milliseconds. Default -1. */
  vmciConnectTimeout: { zmq: "ZMQ_VMCI_CONNECT_TIMEOUT", wire: "int32", access: "write", initial: -1, needs: "vmci" },
} as const satisfies Record<string, Option>
