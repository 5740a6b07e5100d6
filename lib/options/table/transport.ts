// Options of the transports: IP and tcp, ipc, multicast, VMCI.

import { writers } from "../../base/socket-types.js"
import type { Option } from "./entry.js"

const wss = { wire: "string", access: "write", initial: null, needs: "WSS" } as const
const norm = { since: "4.3.5", needs: "norm" } as const

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
  /** ZMQ_PRIORITY: the priority of IP packets (SO_PRIORITY); from 7 up it needs CAP_NET_ADMIN. Linux only. Default 0. */
  priority: { zmq: "ZMQ_PRIORITY", wire: "int32", since: "4.3.4", needs: "draft" },
  /** ZMQ_BUSY_POLL: for so long, the system polls the network device itself. Microseconds. Linux only. Default 0. */
  busyPoll: { zmq: "ZMQ_BUSY_POLL", wire: "int32", access: "write", initial: 0, since: "4.3.5", needs: "draft" },
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
  /** ZMQ_WSS_KEY_PEM: the private key of a wss server, as PEM. Null by default. */
  wssKey: { zmq: "ZMQ_WSS_KEY_PEM", ...wss },
  /** ZMQ_WSS_CERT_PEM: the certificate of a wss server, as PEM. Null by default. */
  wssCertificate: { zmq: "ZMQ_WSS_CERT_PEM", ...wss },
  /** ZMQ_WSS_TRUST_PEM: the certificates that a wss client trusts, as PEM. Null by default. */
  wssTrust: { zmq: "ZMQ_WSS_TRUST_PEM", ...wss },
  /** ZMQ_WSS_HOSTNAME: the name that a wss server's certificate must have. Null by default. */
  wssHostname: { zmq: "ZMQ_WSS_HOSTNAME", ...wss },
  /** ZMQ_WSS_TRUST_SYSTEM: a wss client trusts what the system trusts. Default false. */
  wssTrustSystem: { zmq: "ZMQ_WSS_TRUST_SYSTEM", wire: "bool", access: "write", initial: false, needs: "WSS" },
  /** ZMQ_NORM_MODE: the congestion control of norm senders. Default "cc". */
  normMode: {
    zmq: "ZMQ_NORM_MODE",
    wire: "int32",
    values: ["fixed", "cc", "ccl", "cce", "cceEcnOnly"],
    ...norm,
  },
  /** ZMQ_NORM_UNICAST_NACK: norm receivers ask for what they miss by unicast. Default false. */
  normUnicastNack: { zmq: "ZMQ_NORM_UNICAST_NACK", wire: "bool", ...norm },
  /** ZMQ_NORM_BUFFER_SIZE: the buffer for each norm stream. Kilobytes. Default 2048. */
  normBufferSize: { zmq: "ZMQ_NORM_BUFFER_SIZE", wire: "int32", ...norm },
  /** ZMQ_NORM_SEGMENT_SIZE: the payload of one norm packet. Bytes. Default 1400. */
  normSegmentSize: { zmq: "ZMQ_NORM_SEGMENT_SIZE", wire: "int32", ...norm },
  /** ZMQ_NORM_BLOCK_SIZE: the segments of a norm block. Default 16. */
  normBlockSize: { zmq: "ZMQ_NORM_BLOCK_SIZE", wire: "int32", ...norm },
  /** ZMQ_NORM_NUM_PARITY: the parity segments of a norm block at the most. Default 4. */
  normParity: { zmq: "ZMQ_NORM_NUM_PARITY", wire: "int32", ...norm },
  /** ZMQ_NORM_NUM_AUTOPARITY: the parity segments that are sent with every norm block. Default 0. */
  normAutoParity: { zmq: "ZMQ_NORM_NUM_AUTOPARITY", wire: "int32", ...norm },
  /** ZMQ_NORM_PUSH: norm receivers pass on what is not complete in order to go on. Default false. */
  normPush: { zmq: "ZMQ_NORM_PUSH", wire: "bool", ...norm },
  /** ZMQ_VMCI_BUFFER_SIZE: the size of the VMCI buffer. Bytes. */
  vmciBufferSize: { zmq: "ZMQ_VMCI_BUFFER_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_BUFFER_MIN_SIZE: the least size of the VMCI buffer. Bytes. */
  vmciBufferMinSize: { zmq: "ZMQ_VMCI_BUFFER_MIN_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_BUFFER_MAX_SIZE: the greatest size of the VMCI buffer. Bytes. */
  vmciBufferMaxSize: { zmq: "ZMQ_VMCI_BUFFER_MAX_SIZE", wire: "uint64", access: "write", initial: 0, needs: "vmci" },
  /** ZMQ_VMCI_CONNECT_TIMEOUT: how long a VMCI connection may take. Milliseconds. Default -1. */
  vmciConnectTimeout: { zmq: "ZMQ_VMCI_CONNECT_TIMEOUT", wire: "int32", access: "write", initial: -1, needs: "vmci" },
} as const satisfies Record<string, Option>
