// Options of single socket types: routing, requests, subscriptions, streams.

import type { Option } from "./entry.js"

const routingIdTypes = ["Request", "Reply", "Dealer", "Router"] as const

/** A message that libzmq cannot return, and that is not set by default. */
const message = { wire: "bytes", access: "write", initial: null, needs: "draft" } as const

export const patternOptions = {
  /**
   * ZMQ_ROUTING_ID: the id by which routers know this socket, as text of 1 to 255 bytes that do not begin with a zero byte; for
   * other bytes use `routingIdBytes`. Default null: the router chooses one.
   */
  routingId: { zmq: "ZMQ_ROUTING_ID", wire: "text", on: routingIdTypes },
  /** ZMQ_ROUTING_ID: `routingId` as bytes. Default null. */
  routingIdBytes: { zmq: "ZMQ_ROUTING_ID", wire: "bytes", on: routingIdTypes },
  /**
   * ZMQ_ROUTER_MANDATORY: a send to an unknown peer rejects with EHOSTUNREACH, and a send to a peer whose queue is full
   * waits. If false, both drop the message. Default false.
   */
  mandatory: {
    zmq: "ZMQ_ROUTER_MANDATORY",
    wire: "bool",
    on: ["Router"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_ROUTER_HANDOVER: a new connection takes over its routing id from an older one. Default false. */
  handover: {
    zmq: "ZMQ_ROUTER_HANDOVER",
    wire: "bool",
    on: ["Router"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_ROUTER_RAW: uses plain tcp without ZMTP. Prefer Stream. Default false. */
  raw: { zmq: "ZMQ_ROUTER_RAW", wire: "bool", on: ["Router"], access: "write", initial: false },
  /**
   * ZMQ_ROUTER_NOTIFY: reports that a peer connected or disconnected by an empty message from it: an array of "connect" and
   * "disconnect". Set it before the first bind or connect. Default [].
   */
  routerNotify: {
    zmq: "ZMQ_ROUTER_NOTIFY",
    wire: "flags",
    flags: { connect: "ZMQ_NOTIFY_CONNECT", disconnect: "ZMQ_NOTIFY_DISCONNECT" },
    on: ["Router"],
    needs: "draft",
  },
  /** ZMQ_HELLO_MSG: a message that each new peer receives first. Default null. */
  helloMessage: {
    zmq: "ZMQ_HELLO_MSG",
    ...message,
    on: ["Dealer", "Router", "Server", "Client", "Peer"],
    since: "4.3.3",
  },
  /**
   * ZMQ_DISCONNECT_MSG: a message that this socket receives, as if from the peer, when a peer that had connected to it is
   * lost, or the endpoint that the peer used is unbound. Default null.
   */
  disconnectMessage: { zmq: "ZMQ_DISCONNECT_MSG", ...message, on: ["Router", "Server", "Peer"], since: "4.3.3" },
  /**
   * ZMQ_HICCUP_MSG: a message that this socket receives when one of its outgoing connections is lost and it reconnects.
   * Default null.
   */
  hiccupMessage: { zmq: "ZMQ_HICCUP_MSG", ...message, on: ["Dealer", "Client", "Peer"], since: "4.3.5" },
  /** ZMQ_PROBE_ROUTER: sends an empty message on each new connection, so that a router knows this peer. Default false. */
  probeRouter: {
    zmq: "ZMQ_PROBE_ROUTER",
    wire: "bool",
    on: ["Router", "Dealer", "Request"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_REQ_CORRELATE: numbers requests, and discards replies to earlier ones. Default false. */
  correlate: {
    zmq: "ZMQ_REQ_CORRELATE",
    wire: "bool",
    on: ["Request"],
    access: "write",
    initial: false,
    anytime: true,
  },
  /** ZMQ_REQ_RELAXED: allows a new request before the reply to the last one. Use it with `correlate`. Default false. */
  relaxed: { zmq: "ZMQ_REQ_RELAXED", wire: "bool", on: ["Request"], access: "write", initial: false, anytime: true },
  /** ZMQ_STREAM_NOTIFY: reports each peer that connects or disconnects by an empty message. Default true. */
  notify: { zmq: "ZMQ_STREAM_NOTIFY", wire: "bool", on: ["Stream"], access: "write", initial: true },
  /** ZMQ_XPUB_NODROP: a send waits while the queue of a subscriber is full. If false, the message is dropped for that subscriber. Default false. */
  noDrop: {
    zmq: "ZMQ_XPUB_NODROP",
    wire: "bool",
    on: ["XPublisher", "Publisher", "Radio"],
    access: "write",
    initial: false,
  },
  /**
   * ZMQ_XPUB_MANUAL: subscriptions take effect only when this side calls `subscribe` or `unsubscribe`, which act for the
   * subscriber whose message was received last. Default false.
   */
  manual: {
    zmq: "ZMQ_XPUB_MANUAL",
    wire: "bool",
    on: ["XPublisher"],
    access: "write",
    initial: false,
    stopsPrefetch: true,
  },
  /** ZMQ_XPUB_MANUAL_LAST_VALUE: like `manual`, but the next message goes to the last subscriber only. Default false. */
  manualLastValue: {
    zmq: "ZMQ_XPUB_MANUAL_LAST_VALUE",
    wire: "bool",
    on: ["XPublisher"],
    access: "write",
    initial: false,
    stopsPrefetch: true,
    needs: "draft",
  },
  /** ZMQ_XPUB_WELCOME_MSG: a message that each new subscriber receives, if it subscribed to a prefix of it. Default null. */
  welcomeMessage: { zmq: "ZMQ_XPUB_WELCOME_MSG", wire: "string", on: ["XPublisher"], access: "write", initial: null },
  /** ZMQ_ONLY_FIRST_SUBSCRIBE: treats only the first part of a message as a subscription. Default false. */
  onlyFirstSubscribe: {
    zmq: "ZMQ_ONLY_FIRST_SUBSCRIBE",
    wire: "bool",
    on: ["XPublisher", "XSubscriber"],
    access: "write",
    initial: false,
    since: "4.3.3",
    needs: "draft",
  },
  /** ZMQ_XSUB_VERBOSE_UNSUBSCRIBE: passes on every unsubscribe, and not only the last one from a prefix. Default false. */
  verboseUnsubscribe: {
    zmq: "ZMQ_XSUB_VERBOSE_UNSUBSCRIBE",
    wire: "bool",
    on: ["XSubscriber"],
    access: "write",
    initial: false,
    since: "4.3.5",
    needs: "draft",
  },
  /** ZMQ_INVERT_MATCHING: sends messages to the peers that did not subscribe to them. Set it on both sides. Default false. */
  invertMatching: { zmq: "ZMQ_INVERT_MATCHING", wire: "bool", on: ["Publisher", "Subscriber", "XPublisher"] },
  /** ZMQ_TOPICS_COUNT: the number of subscriptions. */
  topicsCount: {
    zmq: "ZMQ_TOPICS_COUNT",
    wire: "int32",
    on: ["Publisher", "Subscriber", "XPublisher", "XSubscriber"],
    access: "read",
    since: "4.3.5",
    needs: "draft",
  },
  /**
   * ZMQ_METADATA: properties that peers can read as metadata of messages, such as `{"X-Role": "scanner"}`. Names must begin
   * with "X-". Each assignment adds properties; a name keeps its first value. Returns the last object assigned; null by default.
   */
  metadata: { zmq: "ZMQ_METADATA", wire: "properties", access: "write", initial: null, needs: "draft" },
} as const satisfies Record<string, Option>
