// The verbs for patterns, a row each: what the socket is, which way messages go, and what the help says.

import type { Example } from "../command/spec.js"

/** A verb that opens a socket of a type. */
export interface Pattern {
  /** The class in ohmq, or in ohmq/draft. */
  readonly socket: string
  readonly isDraft?: true
  /**
   * send and receive: one way. duplex: both at the same time. request: a reply to each message. reply: a reply to each request.
   */
  readonly kind: "send" | "receive" | "duplex" | "request" | "reply"
  /** What comes before the one part of a message: the group of a Radio or Dish, the routing id of a Server or Peer. */
  readonly tag?: "group" | "routingId"
  readonly summary: string
  readonly about?: string
  readonly examples: readonly Example[]
}

export const patterns: Readonly<Record<string, Pattern>> = {
  push: {
    socket: "Push",
    kind: "send",
    summary: "Sends messages, each to one of the pullers in turn",
    examples: [
      { what: "A message", command: "ohmq push tcp://127.0.0.1:5557 hello" },
      { what: "A line of a file each", command: "ohmq push tcp://127.0.0.1:5557 < findings.ndjson" },
      {
        what: "Test data, 1,000 a second",
        command: "ohmq push tcp://127.0.0.1:5557 --rate 1000/s --count 3000 'job {{count}}'",
      },
    ],
  },
  pub: {
    socket: "XPublisher",
    kind: "send",
    summary: "Publishes messages to all subscribers",
    about:
      "Waits for a subscriber before the first message, because messages that nobody has subscribed to are dropped; --no-wait does not. " +
      "It also waits for subscribers that are slow; --drop does not.\n\n" +
      "The socket is an XPUB, which any subscriber takes for a PUB: that is how it knows of subscriptions.",
    examples: [
      {
        what: "One message with a topic",
        command: "ohmq pub @tcp://127.0.0.1:5556 --topic findings.high '{\"id\": 1}'",
      },
      {
        what: "The time, every second",
        command: "ohmq pub @tcp://127.0.0.1:5556 --interval 1s --count 3 'clock {{time}}'",
      },
    ],
  },
  scatter: {
    socket: "Scatter",
    isDraft: true,
    kind: "send",
    summary: "Sends messages of one part, each to one gatherer (draft)",
    examples: [{ what: "A message", command: "ohmq scatter tcp://127.0.0.1:5557 hello" }],
  },
  radio: {
    socket: "Radio",
    isDraft: true,
    kind: "send",
    tag: "group",
    summary: "Sends messages to the dishes of a group (draft)",
    about:
      "Without --group, the first part of each message is the group. Waits for a dish before the first message, except over udp, because messages " +
      "to a group that nobody has joined are dropped.",
    examples: [{ what: "Over udp", command: "ohmq radio udp://127.0.0.1:5560 --group findings hello" }],
  },
  pull: {
    socket: "Pull",
    kind: "receive",
    summary: "Receives messages from pushers",
    examples: [
      { what: "Prints what comes", command: "ohmq pull @tcp://127.0.0.1:5557" },
      {
        what: "Collects 1,000 messages as JSON",
        command: "ohmq pull @tcp://127.0.0.1:5557 --count 1000 --output json > all.ndjson",
      },
    ],
  },
  sub: {
    socket: "Subscriber",
    kind: "receive",
    summary: "Receives what publishers send",
    examples: [
      { what: "Everything", command: "ohmq sub tcp://127.0.0.1:5556" },
      { what: "Topics that begin with a prefix", command: "ohmq sub tcp://127.0.0.1:5556 --topic findings." },
      { what: "The first message only", command: "ohmq sub tcp://127.0.0.1:5556 --count 1 --timeout 10s" },
    ],
  },
  gather: {
    socket: "Gather",
    isDraft: true,
    kind: "receive",
    summary: "Receives messages from scatterers (draft)",
    examples: [{ what: "Prints what comes", command: "ohmq gather @tcp://127.0.0.1:5557" }],
  },
  dish: {
    socket: "Dish",
    isDraft: true,
    kind: "receive",
    tag: "group",
    summary: "Receives what radios send to groups (draft)",
    examples: [{ what: "A group, over udp", command: "ohmq dish @udp://127.0.0.1:5560 --group findings" }],
  },
  req: {
    socket: "Request",
    kind: "request",
    summary: "Sends requests, one after the other, and prints the replies",
    examples: [
      { what: "A request", command: "ohmq req tcp://127.0.0.1:5555 hello --timeout 2s" },
      { what: "A line each", command: "printf 'a\\nb\\n' | ohmq req tcp://127.0.0.1:5555 --timeout 2s" },
    ],
  },
  rep: {
    socket: "Reply",
    kind: "reply",
    summary: "Replies to requests",
    examples: [
      { what: "The request itself", command: "ohmq rep @tcp://127.0.0.1:5555 --echo" },
      { what: "What a command prints", command: "ohmq rep @tcp://127.0.0.1:5555 --exec 'tr a-z A-Z'" },
    ],
  },
  router: {
    socket: "Router",
    kind: "reply",
    summary: "Replies to requests, many at a time, or sends to peers by routing id",
    about:
      "With --echo, --reply or --exec it replies to Request, Dealer and Client-like peers: what comes up to the first empty part is the " +
      "envelope, which goes back unchanged; without an empty part that is the routing id alone. Otherwise each message is sent and shown " +
      "with its routing id as the first part.",
    examples: [
      { what: "Four commands at a time", command: "ohmq router @tcp://127.0.0.1:5555 --exec 'wc -c' --parallel 4" },
    ],
  },
  dealer: {
    socket: "Dealer",
    kind: "duplex",
    summary: "Sends to its peers in turn, and receives from all",
    about: "To talk to a Reply, send an empty part first: --part '' --part TEXT.",
    examples: [
      {
        what: "A request to a Reply",
        command: "ohmq dealer tcp://127.0.0.1:5555 --part '' --part hello --count 1 --timeout 2s",
      },
    ],
  },
  pair: {
    socket: "Pair",
    kind: "duplex",
    summary: "Sends to and receives from one peer",
    examples: [{ what: "Lines both ways", command: "ohmq pair @tcp://127.0.0.1:5558" }],
  },
  xpub: {
    socket: "XPublisher",
    kind: "duplex",
    summary: "Publishes messages and prints subscriptions",
    about: "A subscription is a message of the byte 1 and the topic, an unsubscription of 0 and the topic.",
    examples: [{ what: "Who subscribes", command: "ohmq xpub @tcp://127.0.0.1:5556 --output hex" }],
  },
  xsub: {
    socket: "XSubscriber",
    kind: "duplex",
    summary: "Subscribes by messages and prints what publishers send",
    about:
      "--topic subscribes. Messages that are sent go to the publishers; those that begin with the byte 1 subscribe.",
    examples: [{ what: "Everything", command: "ohmq xsub tcp://127.0.0.1:5556 --topic ''" }],
  },
  stream: {
    socket: "Stream",
    kind: "duplex",
    summary: "Talks plain TCP, without ZeroMQ's protocol",
    about:
      "What is read is sent to every peer as it is; --size 64Ki keeps line ends. What comes is printed as it is with --output raw.",
    examples: [
      {
        what: "What an HTTP server says",
        command:
          "printf 'HEAD / HTTP/1.0\\r\\n\\r\\n' | ohmq stream tcp://127.0.0.1:8080 --size 64Ki --output raw --count 1",
      },
    ],
  },
  client: {
    socket: "Client",
    isDraft: true,
    kind: "duplex",
    summary: "Sends to servers in turn, and receives from all (draft)",
    examples: [{ what: "A request", command: "ohmq client tcp://127.0.0.1:5559 hello --count 1 --timeout 2s" }],
  },
  server: {
    socket: "Server",
    isDraft: true,
    kind: "reply",
    tag: "routingId",
    summary: "Replies to clients, many at a time (draft)",
    examples: [{ what: "The request itself", command: "ohmq server @tcp://127.0.0.1:5559 --echo" }],
  },
  channel: {
    socket: "Channel",
    isDraft: true,
    kind: "duplex",
    summary: "Sends messages of one part to and receives from one peer (draft)",
    examples: [{ what: "Lines both ways", command: "ohmq channel @tcp://127.0.0.1:5558" }],
  },
  peer: {
    socket: "Peer",
    isDraft: true,
    kind: "duplex",
    tag: "routingId",
    summary: "Sends to peers by routing id, and receives from all (draft)",
    about:
      "The first part of each message is the routing id; what comes shows it. If it connects to one endpoint, messages go there.",
    examples: [{ what: "A message", command: "ohmq peer tcp://127.0.0.1:5562 hello" }],
  },
  dgram: {
    socket: "Datagram",
    isDraft: true,
    kind: "duplex",
    summary: "Sends and receives plain udp (draft)",
    about:
      "The first part of each message is the address of the peer, such as 127.0.0.1:5561; the second one the bytes.",
    examples: [
      {
        what: "A datagram",
        command: "ohmq dgram @udp://127.0.0.1:5562 --part 127.0.0.1:5561 --part hello --count 1 --timeout 1s",
      },
    ],
  },
}
