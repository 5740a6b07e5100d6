// Options of the transports: tcp, ipc, multicast, wss, norm, VMCI.

import { writers } from "../../base/socket-types.js"
import type { Option } from "./entry.js"

const wss = { wire: "string", access: "write", initial: null, needs: "WSS" } as const
const norm = { since: "4.3.5", needs: "norm" } as const

export const transportOptions = {
  /** ZMQ_IPV6: allows IPv6 in addition to IPv4. Default false. */
  ipv6: { zmq: "ZMQ_IPV6", wire: "bool" },
  /** ZMQ_IPV4ONLY: the opposite of `ipv6`. Deprecated. Default true. */
  ipv4Only: { zmq: "ZMQ_IPV4ONLY", wire: "bool" },
  /** ZMQ_TCP_KEEPALIVE: TCP keepalive: 1 on, 0 off, -1 (the default) uses the system's default. */
  tcpKeepalive: { zmq: "ZMQ_TCP_KEEPALIVE", wire: "int32" },
  /** ZMQ_TCP_KEEPALIVE_CNT: the number of keepalive probes before the connection is closed; -1 (the default) uses the system's default. */
  tcpKeepaliveCount: { zmq: "ZMQ_TCP_KEEPALIVE_CNT", wire: "int32" },
  /** ZMQ_TCP_KEEPALIVE_IDLE: how long a connection must be idle before the first keepalive probe. Seconds; -1 (the default) uses the system's default. */
  tcpKeepaliveIdle: { zmq: "ZMQ_TCP_KEEPALIVE_IDLE", wire: "int32" },
  /** ZMQ_TCP_KEEPALIVE_INTVL: the time between keepalive probes. Seconds; -1 (the default) uses the system's default. */
  tcpKeepaliveInterval: { zmq: "ZMQ_TCP_KEEPALIVE_INTVL", wire: "int32" },
  /**
   * ZMQ_TCP_MAXRT: how long sent data may stay unacknowledged before the connection is closed. Milliseconds; 0 (the
   * default) uses the system's default.
   */
  tcpMaxRetransmitTimeout: { zmq: "ZMQ_TCP_MAXRT", wire: "int32" },
  /**
   * ZMQ_TCP_ACCEPT_FILTER: accepts connections only from this network, such as "192.0.2.0/24". Each assignment adds one;
   * null removes all. Returns the last one assigned; null by default.
   */
  tcpAcceptFilter: { zmq: "ZMQ_TCP_ACCEPT_FILTER", wire: "string", access: "write", initial: null },
  /** ZMQ_TOS: the type-of-service byte of IP packets. Default 0. */
  typeOfService: { zmq: "ZMQ_TOS", wire: "uint32" },
  /** ZMQ_PRIORITY: the priority of IP packets (SO_PRIORITY). Values from 7 need CAP_NET_ADMIN. Linux only. Default 0. */
  priority: { zmq: "ZMQ_PRIORITY", wire: "int32", since: "4.3.4", needs: "draft" },
  /** ZMQ_BUSY_POLL: how long the system polls the network device (SO_BUSY_POLL). Microseconds. Linux only. Default 0. */
  busyPoll: { zmq: "ZMQ_BUSY_POLL", wire: "int32", access: "write", initial: 0, since: "4.3.5", needs: "draft" },
  /** ZMQ_BINDTODEVICE: the network interface or VRF to bind to. Needs CAP_NET_RAW. Linux only. Default null. */
  interface: { zmq: "ZMQ_BINDTODEVICE", wire: "string" },
  /** ZMQ_USE_FD: an existing file descriptor, listening or connected, to use; -1 (the default) means none. */
  useFileDescriptor: { zmq: "ZMQ_USE_FD", wire: "int32" },
  /** ZMQ_SOCKS_PROXY: the host:port of a SOCKS5 proxy for outgoing tcp connections. Default null. */
  socksProxy: { zmq: "ZMQ_SOCKS_PROXY", wire: "string" },
  /** ZMQ_SOCKS_USERNAME: the user name for the SOCKS5 proxy. Default null. */
  socksUsername: { zmq: "ZMQ_SOCKS_USERNAME", wire: "string", since: "4.3.3", needs: "draft" },
  /** ZMQ_SOCKS_PASSWORD: the password for the SOCKS5 proxy. Default null. */
  socksPassword: { zmq: "ZMQ_SOCKS_PASSWORD", wire: "string", since: "4.3.3", needs: "draft" },
  /** ZMQ_LOOPBACK_FASTPATH: speeds up tcp over loopback. Windows only. Default false. */
  loopbackFastPath: { zmq: "ZMQ_LOOPBACK_FASTPATH", wire: "bool", needs: "draft" },
  /** ZMQ_IPC_FILTER_PID: accepts ipc connections from this process id. Each assignment adds one. Linux only. Returns the last one assigned; -1 by default. */
  ipcFilterProcessId: { zmq: "ZMQ_IPC_FILTER_PID", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_IPC_FILTER_UID: accepts ipc connections from this user id. Each assignment adds one. Returns the last one assigned; -1 by default. */
  ipcFilterUserId: { zmq: "ZMQ_IPC_FILTER_UID", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_IPC_FILTER_GID: accepts ipc connections from this group id. Each assignment adds one. Returns the last one assigned; -1 by default. */
  ipcFilterGroupId: { zmq: "ZMQ_IPC_FILTER_GID", wire: "int32", access: "write", initial: -1 },
  /** ZMQ_RATE: the maximum data rate for multicast. Kilobits per second. Default 100. */
  rate: { zmq: "ZMQ_RATE", wire: "int32" },
  /** ZMQ_RECOVERY_IVL: how long a multicast receiver may be absent without losing data. Milliseconds. Default 10000. */
  recoveryInterval: { zmq: "ZMQ_RECOVERY_IVL", wire: "int32" },
  /** ZMQ_MULTICAST_HOPS: the time-to-live of multicast packets. Default 1: the local network only. */
  multicastHops: { zmq: "ZMQ_MULTICAST_HOPS", wire: "int32", on: writers },
  /** ZMQ_MULTICAST_MAXTPDU: the size of the largest multicast packet. Bytes. Default 1500. */
  multicastMaxTransportDataUnit: { zmq: "ZMQ_MULTICAST_MAXTPDU", wire: "int32" },
  /** ZMQ_MULTICAST_LOOP: whether the sending host receives its own udp multicast. Default true. */
  multicastLoop: { zmq: "ZMQ_MULTICAST_LOOP", wire: "bool", needs: "draft" },
  /** ZMQ_WSS_KEY_PEM: the private key of a wss server, as PEM. Default null. */
  wssKey: { zmq: "ZMQ_WSS_KEY_PEM", ...wss },
  /** ZMQ_WSS_CERT_PEM: the certificate of a wss server, as PEM. Default null. */
  wssCertificate: { zmq: "ZMQ_WSS_CERT_PEM", ...wss },
  /** ZMQ_WSS_TRUST_PEM: the certificates that a wss client trusts, as PEM. Default null. */
  wssTrust: { zmq: "ZMQ_WSS_TRUST_PEM", ...wss },
  /** ZMQ_WSS_HOSTNAME: the host name that a wss server's certificate must have. Default null. */
  wssHostname: { zmq: "ZMQ_WSS_HOSTNAME", ...wss },
  /** ZMQ_WSS_TRUST_SYSTEM: a wss client trusts the system's certificates. Default false. */
  wssTrustSystem: { zmq: "ZMQ_WSS_TRUST_SYSTEM", wire: "bool", access: "write", initial: false, needs: "WSS" },
  /** ZMQ_NORM_MODE: the congestion control of norm senders: "fixed", "cc", "ccl", "cce" or "cceEcnOnly". Default "cc". */
  normMode: {
    zmq: "ZMQ_NORM_MODE",
    wire: "int32",
    values: ["fixed", "cc", "ccl", "cce", "cceEcnOnly"],
    ...norm,
  },
  /** ZMQ_NORM_UNICAST_NACK: norm receivers request missing data by unicast. Default false. */
  normUnicastNack: { zmq: "ZMQ_NORM_UNICAST_NACK", wire: "bool", ...norm },
  /** ZMQ_NORM_BUFFER_SIZE: the size of the buffer for each norm stream. Kilobytes. Default 2048. */
  normBufferSize: { zmq: "ZMQ_NORM_BUFFER_SIZE", wire: "int32", ...norm },
  /** ZMQ_NORM_SEGMENT_SIZE: the payload size of one norm packet. Bytes. Default 1400. */
  normSegmentSize: { zmq: "ZMQ_NORM_SEGMENT_SIZE", wire: "int32", ...norm },
  /** ZMQ_NORM_BLOCK_SIZE: the number of segments in a norm block. Default 16. */
  normBlockSize: { zmq: "ZMQ_NORM_BLOCK_SIZE", wire: "int32", ...norm },
  /** ZMQ_NORM_NUM_PARITY: the maximum number of parity segments in a norm block. Default 4. */
  normParity: { zmq: "ZMQ_NORM_NUM_PARITY", wire: "int32", ...norm },
  /** ZMQ_NORM_NUM_AUTOPARITY: the number of parity segments sent with every norm block. Default 0. */
  normAutoParity: { zmq: "ZMQ_NORM_NUM_AUTOPARITY", wire: "int32", ...norm },
  /** ZMQ_NORM_PUSH: norm receivers deliver incomplete data rather than wait for the rest. Default false. */
  normPush: { zmq: "ZMQ_NORM_PUSH", wire: "bool", ...norm },
  /** ZMQ_VMCI_BUFFER_SIZE: the size of the VMCI buffer. Bytes. */
  vmciBufferSize: { zmq: "ZMQ_VMCI_BUFFER_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_BUFFER_MIN_SIZE: the minimum size of the VMCI buffer. Bytes. */
  vmciBufferMinSize: { zmq: "ZMQ_VMCI_BUFFER_MIN_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_BUFFER_MAX_SIZE: the maximum size of the VMCI buffer. Bytes. */
  vmciBufferMaxSize: { zmq: "ZMQ_VMCI_BUFFER_MAX_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_CONNECT_TIMEOUT: how long a VMCI connect may take. Milliseconds. Default -1. */
  vmciConnectTimeout: { zmq: "ZMQ_VMCI_CONNECT_TIMEOUT", wire: "int32", access: "write", initial: -1, needs: "vmci" },
} as const satisfies Record<string, Option>
