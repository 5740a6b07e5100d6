// What C++ and TypeScript must agree on. Written by scripts/interface.mjs; the numbers and what they mean are in
// lib/native/numbers.ts. After a change there, or a new name of zmq.h in lib/, run: node scripts/interface.mjs
#pragma once

#include <cstdint>

namespace ohmq {

constexpr uint32_t kInterface = 6;
constexpr uint32_t kCopyLimit = 1024;
constexpr uint32_t kFrameShift = 2;
constexpr uint32_t kFrameAlignment = 8;

enum class WireType : uint32_t {
  kBool = 0,
  kInt32 = 1,
  kUint32 = 2,
  kInt64 = 3,
  kUint64 = 4,
  kString = 5,
  kBytes = 6,
  kCurveKey = 7,
};

struct SendFlags {
  static constexpr uint32_t kNone = 0;
  static constexpr uint32_t kMore = 1;
  static constexpr uint32_t kMayReference = 2;
};

enum class Tag : uint32_t {
  kRoutingId = 0,
  kGroup = 1,
};

enum class ProxyCommand : uint32_t {
  kPause = 0,
  kResume = 1,
  kTerminate = 2,
};

struct FrameFlags {
  static constexpr uint32_t kMore = 1;
  static constexpr uint32_t kLarge = 2;
};

}  // namespace ohmq

// clang-format off
// Applies a macro to every name of zmq.h that lib/ uses.
#define OHMQ_FOR_EACH_CONSTANT(apply) \
  apply(OHMQ_IO_THREAD_YIELD) \
  apply(ZMQ_AFFINITY) \
  apply(ZMQ_BACKLOG) \
  apply(ZMQ_BINDTODEVICE) \
  apply(ZMQ_BLOCKY) \
  apply(ZMQ_BUSY_POLL) \
  apply(ZMQ_CHANNEL) \
  apply(ZMQ_CLIENT) \
  apply(ZMQ_CONFLATE) \
  apply(ZMQ_CONNECT_ROUTING_ID) \
  apply(ZMQ_CONNECT_TIMEOUT) \
  apply(ZMQ_CURVE_PUBLICKEY) \
  apply(ZMQ_CURVE_SECRETKEY) \
  apply(ZMQ_CURVE_SERVER) \
  apply(ZMQ_CURVE_SERVERKEY) \
  apply(ZMQ_DEALER) \
  apply(ZMQ_DGRAM) \
  apply(ZMQ_DISCONNECT_MSG) \
  apply(ZMQ_DISH) \
  apply(ZMQ_EVENT_ACCEPTED) \
  apply(ZMQ_EVENT_ACCEPT_FAILED) \
  apply(ZMQ_EVENT_BIND_FAILED) \
  apply(ZMQ_EVENT_CLOSED) \
  apply(ZMQ_EVENT_CLOSE_FAILED) \
  apply(ZMQ_EVENT_CONNECTED) \
  apply(ZMQ_EVENT_CONNECT_DELAYED) \
  apply(ZMQ_EVENT_CONNECT_RETRIED) \
  apply(ZMQ_EVENT_DISCONNECTED) \
  apply(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) \
  apply(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) \
  apply(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) \
  apply(ZMQ_EVENT_HANDSHAKE_SUCCEEDED) \
  apply(ZMQ_EVENT_LISTENING) \
  apply(ZMQ_EVENT_MONITOR_STOPPED) \
  apply(ZMQ_GATHER) \
  apply(ZMQ_GROUP_MAX_LENGTH) \
  apply(ZMQ_GSSAPI_PLAINTEXT) \
  apply(ZMQ_GSSAPI_PRINCIPAL) \
  apply(ZMQ_GSSAPI_PRINCIPAL_NAMETYPE) \
  apply(ZMQ_GSSAPI_SERVER) \
  apply(ZMQ_GSSAPI_SERVICE_PRINCIPAL) \
  apply(ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE) \
  apply(ZMQ_HANDSHAKE_IVL) \
  apply(ZMQ_HEARTBEAT_IVL) \
  apply(ZMQ_HEARTBEAT_TIMEOUT) \
  apply(ZMQ_HEARTBEAT_TTL) \
  apply(ZMQ_HELLO_MSG) \
  apply(ZMQ_HICCUP_MSG) \
  apply(ZMQ_IMMEDIATE) \
  apply(ZMQ_INVERT_MATCHING) \
  apply(ZMQ_IN_BATCH_SIZE) \
  apply(ZMQ_IO_THREADS) \
  apply(ZMQ_IPC_FILTER_GID) \
  apply(ZMQ_IPC_FILTER_PID) \
  apply(ZMQ_IPC_FILTER_UID) \
  apply(ZMQ_IPV4ONLY) \
  apply(ZMQ_IPV6) \
  apply(ZMQ_LAST_ENDPOINT) \
  apply(ZMQ_LINGER) \
  apply(ZMQ_LOOPBACK_FASTPATH) \
  apply(ZMQ_MAXMSGSIZE) \
  apply(ZMQ_MAX_MSGSZ) \
  apply(ZMQ_MAX_SOCKETS) \
  apply(ZMQ_MECHANISM) \
  apply(ZMQ_METADATA) \
  apply(ZMQ_MSG_T_SIZE) \
  apply(ZMQ_MULTICAST_HOPS) \
  apply(ZMQ_MULTICAST_LOOP) \
  apply(ZMQ_MULTICAST_MAXTPDU) \
  apply(ZMQ_NORM_BLOCK_SIZE) \
  apply(ZMQ_NORM_BUFFER_SIZE) \
  apply(ZMQ_NORM_MODE) \
  apply(ZMQ_NORM_NUM_AUTOPARITY) \
  apply(ZMQ_NORM_NUM_PARITY) \
  apply(ZMQ_NORM_PUSH) \
  apply(ZMQ_NORM_SEGMENT_SIZE) \
  apply(ZMQ_NORM_UNICAST_NACK) \
  apply(ZMQ_NOTIFY_CONNECT) \
  apply(ZMQ_NOTIFY_DISCONNECT) \
  apply(ZMQ_ONLY_FIRST_SUBSCRIBE) \
  apply(ZMQ_OUT_BATCH_SIZE) \
  apply(ZMQ_PAIR) \
  apply(ZMQ_PEER) \
  apply(ZMQ_PLAIN_PASSWORD) \
  apply(ZMQ_PLAIN_SERVER) \
  apply(ZMQ_PLAIN_USERNAME) \
  apply(ZMQ_POLLIN) \
  apply(ZMQ_POLLOUT) \
  apply(ZMQ_PRIORITY) \
  apply(ZMQ_PROBE_ROUTER) \
  apply(ZMQ_PROTOCOL_ERROR_WS_UNSPECIFIED) \
  apply(ZMQ_PROTOCOL_ERROR_ZAP_BAD_REQUEST_ID) \
  apply(ZMQ_PROTOCOL_ERROR_ZAP_BAD_VERSION) \
  apply(ZMQ_PROTOCOL_ERROR_ZAP_INVALID_METADATA) \
  apply(ZMQ_PROTOCOL_ERROR_ZAP_INVALID_STATUS_CODE) \
  apply(ZMQ_PROTOCOL_ERROR_ZAP_MALFORMED_REPLY) \
  apply(ZMQ_PROTOCOL_ERROR_ZAP_UNSPECIFIED) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_HELLO) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_INITIATE) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_READY) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_WELCOME) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND) \
  apply(ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED) \
  apply(ZMQ_PUB) \
  apply(ZMQ_PULL) \
  apply(ZMQ_PUSH) \
  apply(ZMQ_RADIO) \
  apply(ZMQ_RATE) \
  apply(ZMQ_RCVBUF) \
  apply(ZMQ_RCVHWM) \
  apply(ZMQ_RCVTIMEO) \
  apply(ZMQ_RECONNECT_IVL) \
  apply(ZMQ_RECONNECT_IVL_MAX) \
  apply(ZMQ_RECONNECT_STOP) \
  apply(ZMQ_RECONNECT_STOP_AFTER_DISCONNECT) \
  apply(ZMQ_RECONNECT_STOP_CONN_REFUSED) \
  apply(ZMQ_RECONNECT_STOP_HANDSHAKE_FAILED) \
  apply(ZMQ_RECOVERY_IVL) \
  apply(ZMQ_REP) \
  apply(ZMQ_REQ) \
  apply(ZMQ_REQ_CORRELATE) \
  apply(ZMQ_REQ_RELAXED) \
  apply(ZMQ_ROUTER) \
  apply(ZMQ_ROUTER_HANDOVER) \
  apply(ZMQ_ROUTER_MANDATORY) \
  apply(ZMQ_ROUTER_NOTIFY) \
  apply(ZMQ_ROUTER_RAW) \
  apply(ZMQ_ROUTING_ID) \
  apply(ZMQ_SCATTER) \
  apply(ZMQ_SERVER) \
  apply(ZMQ_SNDBUF) \
  apply(ZMQ_SNDHWM) \
  apply(ZMQ_SNDTIMEO) \
  apply(ZMQ_SOCKET_LIMIT) \
  apply(ZMQ_SOCKS_PASSWORD) \
  apply(ZMQ_SOCKS_PROXY) \
  apply(ZMQ_SOCKS_USERNAME) \
  apply(ZMQ_STREAM) \
  apply(ZMQ_STREAM_NOTIFY) \
  apply(ZMQ_SUB) \
  apply(ZMQ_SUBSCRIBE) \
  apply(ZMQ_TCP_ACCEPT_FILTER) \
  apply(ZMQ_TCP_KEEPALIVE) \
  apply(ZMQ_TCP_KEEPALIVE_CNT) \
  apply(ZMQ_TCP_KEEPALIVE_IDLE) \
  apply(ZMQ_TCP_KEEPALIVE_INTVL) \
  apply(ZMQ_TCP_MAXRT) \
  apply(ZMQ_THREAD_AFFINITY_CPU_ADD) \
  apply(ZMQ_THREAD_AFFINITY_CPU_REMOVE) \
  apply(ZMQ_THREAD_NAME_PREFIX) \
  apply(ZMQ_THREAD_PRIORITY) \
  apply(ZMQ_THREAD_SAFE) \
  apply(ZMQ_THREAD_SCHED_POLICY) \
  apply(ZMQ_TOPICS_COUNT) \
  apply(ZMQ_TOS) \
  apply(ZMQ_TYPE) \
  apply(ZMQ_UNSUBSCRIBE) \
  apply(ZMQ_USE_FD) \
  apply(ZMQ_VMCI_BUFFER_MAX_SIZE) \
  apply(ZMQ_VMCI_BUFFER_MIN_SIZE) \
  apply(ZMQ_VMCI_BUFFER_SIZE) \
  apply(ZMQ_VMCI_CONNECT_TIMEOUT) \
  apply(ZMQ_WSS_CERT_PEM) \
  apply(ZMQ_WSS_HOSTNAME) \
  apply(ZMQ_WSS_KEY_PEM) \
  apply(ZMQ_WSS_TRUST_PEM) \
  apply(ZMQ_WSS_TRUST_SYSTEM) \
  apply(ZMQ_XPUB) \
  apply(ZMQ_XPUB_MANUAL) \
  apply(ZMQ_XPUB_MANUAL_LAST_VALUE) \
  apply(ZMQ_XPUB_NODROP) \
  apply(ZMQ_XPUB_VERBOSE) \
  apply(ZMQ_XPUB_VERBOSER) \
  apply(ZMQ_XPUB_WELCOME_MSG) \
  apply(ZMQ_XSUB) \
  apply(ZMQ_XSUB_VERBOSE_UNSUBSCRIBE) \
  apply(ZMQ_ZAP_DOMAIN) \
  apply(ZMQ_ZAP_ENFORCE_DOMAIN) \
  apply(ZMQ_ZERO_COPY_RECV)
// clang-format on
