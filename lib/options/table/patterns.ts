// Options of single socket types: routing, requests, subscriptions, streams.

import type { Option } from "./entry.js"

const named = ["Request", "Reply", "Dealer", "Router"] as const

/** What libzmq cannot tell and does not have at first. */
const message = { wire: "bytes", access: "write", initial: null, needs: "draft" } as const

export const patternOptions = {
  /**
   * ZMQ_ROUTING_ID: the name under which routers know this socket, 1 to 255 bytes, not beginning with a zero byte. Text;
   * see `routingIdBytes` for ids that are not. Null by default: the router makes one up.
   */
  routingId: { zmq: "ZMQ_ROUTING_ID", wire: "text", on: named },
  /** ZMQ_ROUTING_ID: the same as bytes. */
  routingIdBytes: { zmq: "ZMQ_ROUTING_ID", wire: "bytes", on: named },
  /**
   * ZMQ_ROUTER_MANDATORY: a send to a peer that is not known rejects with EHOSTUNREACH, and one to a peer whose queue is
   * full waits, where otherwise both drop the message. Default false.
   */
  mandatory: {
    zmq: "ZMQ_ROUTER_MANDATORY",
    wire: "bool",
    on: ["Router"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_ROUTER_HANDOVER: a new connection takes over the routing id of an older one. Default false. */
  handover: {
    zmq: "ZMQ_ROUTER_HANDOVER",
    wire: "bool",
    on: ["Router"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_ROUTER_RAW: speaks plain tcp, without ZMTP. Stream is the newer way to do that. Default false. */
  raw: { zmq: "ZMQ_ROUTER_RAW", wire: "bool", on: ["Router"], access: "write", initial: false },
  /**
   * ZMQ_ROUTER_NOTIFY: an empty message from a peer tells that it has come or gone: "connect", "disconnect". An array of
   * these, empty by default. To be set before the first bind or connect.
   */
  routerNotify: {
    zmq: "ZMQ_ROUTER_NOTIFY",
    wire: "flags",
    flags: { connect: "ZMQ_NOTIFY_CONNECT", disconnect: "ZMQ_NOTIFY_DISCONNECT" },
    on: ["Router"],
    needs: "draft",
  },
  /** ZMQ_HELLO_MSG: a message that each new peer receives first. Null (the default) for none. */
  helloMessage: {
    zmq: "ZMQ_HELLO_MSG",
    ...message,
    on: ["Dealer", "Router", "Server", "Client", "Peer"],
    since: "4.3.3",
  },
  /**
   * ZMQ_DISCONNECT_MSG: a message that this socket itself receives, as if from the peer, when one that had connected to
   * it is lost, or the endpoint it had connected to is unbound. Null (the default) for none.
   */
  disconnectMessage: { zmq: "ZMQ_DISCONNECT_MSG", ...message, on: ["Router", "Server", "Peer"], since: "4.3.3" },
  /**
   * ZMQ_HICCUP_MSG: a message that this socket itself receives when a connection that it has made is lost and is tried
   * again. Null (the default) for none.
   */
  hiccupMessage: { zmq: "ZMQ_HICCUP_MSG", ...message, on: ["Dealer", "Client", "Peer"], since: "4.3.5" },
  /** ZMQ_PROBE_ROUTER: sends an empty message on each new connection, so that a router learns of this peer. Default false. */
  probeRouter: {
    zmq: "ZMQ_PROBE_ROUTER",
    wire: "bool",
    on: ["Router", "Dealer", "Request"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_REQ_CORRELATE: numbers requests, and ignores replies to earlier ones. Default false. */
  correlate: {
    zmq: "ZMQ_REQ_CORRELATE",
    wire: "bool",
    on: ["Request"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_REQ_RELAXED: a new request may be sent before the last one is answered. Best with `correlate`. Default false. */
  relaxed: { zmq: "ZMQ_REQ_RELAXED", wire: "bool", on: ["Request"], access: "write", initial: false, anytime: true },
  /** ZMQ_STREAM_NOTIFY: an empty message tells of each peer that connects or disconnects. Default true. */
  notify: { zmq: "ZMQ_STREAM_NOTIFY", wire: "bool", on: ["Stream"], access: "write", initial: true },
  /** ZMQ_XPUB_NODROP: a send waits, where otherwise the message is dropped for subscribers whose queue is full. Default false. */
  noDrop: {
    zmq: "ZMQ_XPUB_NODROP",
    wire: "bool",
    on: ["XPublisher", "Publisher", "Radio"],
    access: "write",
    initial: false,
  },
  /**
   * ZMQ_XPUB_MANUAL: subscriptions take effect only as this side calls `subscribe` and `unsubscribe`, for the subscriber
   * whose message was received last. Default false.
   */
  manual: {
    zmq: "ZMQ_XPUB_MANUAL",
    wire: "bool",
    on: ["XPublisher"],
    access: "write",
    initial: false,
    stopsPrefetch: true,
  },
  /** ZMQ_XPUB_MANUAL_LAST_VALUE: like `manual`, and the next message goes to the last subscriber only. Default false. */
  manualLastValue: {
    zmq: "ZMQ_XPUB_MANUAL_LAST_VALUE",
    wire: "bool",
    on: ["XPublisher"],
    access: "write",
    initial: false,
    stopsPrefetch: true,
    needs: "draft",
  },
  /** ZMQ_XPUB_WELCOME_MSG: sent to each new subscriber that subscribed to its beginning. Null (the default) for none. */
  welcomeMessage: { zmq: "ZMQ_XPUB_WELCOME_MSG", wire: "string", on: ["XPublisher"], access: "write", initial: null },
  /** ZMQ_ONLY_FIRST_SUBSCRIBE: only the first part of a message can be a subscription. Default false. */
  onlyFirstSubscribe: {
    zmq: "ZMQ_ONLY_FIRST_SUBSCRIBE",
    wire: "bool",
    on: ["XPublisher", "XSubscriber"],
    access: "write",
    initial: false,
    since: "4.3.3",
    needs: "draft",
  },
  /** ZMQ_XSUB_VERBOSE_UNSUBSCRIBE: every unsubscribe is passed on, and not only the last to a prefix. Default false. */
  verboseUnsubscribe: {
    zmq: "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE",
    wire: "bool",
    on: ["XSubscriber"],
    access: "write",
    initial: false,
    since: "4.3.5",
    needs: "draft",
  },
  /** ZMQ_INVERT_MATCHING: messages go to those who did not subscribe to them; set it on both sides. Default false. */
  invertMatching: { zmq: "ZMQ_INVERT_MATCHING", wire: "bool", on: ["Publisher", "Subscriber", "XPublisher"] },
  /** ZMQ_TOPICS_COUNT: how many subscriptions are in force. */
  topicsCount: {
    zmq: "ZMQ_TOPICS_COUNT",
    wire: "int32",
    on: ["Publisher", "Subscriber", "XPublisher", "XSubscriber"],
    access: "read",
    since: "4.3.5",
    needs: "draft",
  },
  /**
   * ZMQ_METADATA: properties for the peer's message metadata, such as `{"X-Role": "scanner"}`. Names begin with "X-".
   * Each assignment adds, null adds nothing; a name keeps its first value. Reads as the last one assigned.
   */
  metadata: { zmq: "ZMQ_METADATA", wire: "properties", access: "write", initial: null, needs: "draft" },
} as const satisfies Record<string, Option>
