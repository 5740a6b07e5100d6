// Every option of every class: given to the constructor, set, read.

import * as zmq from "zeromq"
import {
  Context,
  Dealer,
  Pair,
  Publisher,
  Pull,
  Push,
  Reply,
  Request,
  Router,
  type SocketOptions,
  Stream,
} from "zeromq"

const common = {
  affinity: 1,
  rate: 100,
  recoveryInterval: 1,
  linger: 0,
  reconnectInterval: 100,
  backlog: 10,
  reconnectMaxInterval: 0,
  maxMessageSize: -1,
  tcpKeepalive: 1,
  tcpKeepaliveCount: 1,
  tcpKeepaliveIdle: 1,
  tcpKeepaliveInterval: 1,
  tcpAcceptFilter: "127.0.0.1",
  immediate: true,
  ipv6: true,
  plainServer: false,
  plainUsername: "user",
  plainPassword: null,
  curveServer: true,
  curvePublicKey: "x".repeat(40),
  curveSecretKey: "x".repeat(40),
  curveServerKey: null,
  gssapiServer: false,
  gssapiPrincipal: "a",
  gssapiServicePrincipal: "b",
  gssapiPlainText: true,
  gssapiPrincipalNameType: "hostBased" as const,
  gssapiServicePrincipalNameType: "krb5Principal" as const,
  zapDomain: "global",
  typeOfService: 0,
  handshakeInterval: 1,
  socksProxy: null,
  heartbeatInterval: 1,
  heartbeatTimeToLive: 1,
  heartbeatTimeout: 1,
  connectTimeout: 1,
  tcpMaxRetransmitTimeout: 1,
  multicastMaxTransportDataUnit: 1500,
  vmciBufferSize: 1,
  vmciBufferMinSize: 1,
  vmciBufferMaxSize: 1,
  vmciConnectTimeout: 1,
  interface: "eth0",
  zapEnforceDomain: true,
  loopbackFastPath: true,
}
const writing = { multicastHops: 1, sendBufferSize: 1, sendHighWaterMark: 1, sendTimeout: 1 }
const reading = { receiveBufferSize: 1, receiveHighWaterMark: 1, receiveTimeout: 1 }
const context = new Context({ ioThreads: 2, maxSockets: 10, blocky: false, ipv6: true, maxMessageSize: 1 })
const both = { context, ...common, ...writing, ...reading }

export const sockets: zmq.Socket[] = [
  new Pair(both),
  new Publisher({ context, ...common, ...writing, noDrop: true, conflate: true, invertMatching: true }),
  new zmq.Subscriber({ context, ...common, ...reading, conflate: true, invertMatching: true }),
  new Request({ ...both, routingId: "me", probeRouter: true, correlate: true, relaxed: true }),
  new Reply({ ...both, routingId: null }),
  new Dealer({ ...both, routingId: "me", probeRouter: true, conflate: true }),
  new Router({ ...both, routingId: "me", mandatory: true, probeRouter: true, handover: true }),
  new Pull({ context, ...common, ...reading, conflate: true }),
  new Push({ context, ...common, ...writing, conflate: true }),
  new zmq.XPublisher({
    ...both,
    noDrop: true,
    manual: true,
    welcomeMessage: "hello",
    invertMatching: true,
    verbosity: "allSubs",
  }),
  new zmq.XSubscriber(both),
  new Stream({ ...both, notify: false }),
  new Stream({}),
  new Dealer(undefined),
]

export function readAll(socket: zmq.Socket) {
  const numbers: number[] = [
    ...[socket.affinity, socket.rate, socket.recoveryInterval, socket.linger, socket.reconnectInterval],
    ...[socket.backlog, socket.reconnectMaxInterval, socket.maxMessageSize, socket.tcpKeepalive],
    ...[socket.tcpKeepaliveCount, socket.tcpKeepaliveIdle, socket.tcpKeepaliveInterval, socket.typeOfService],
    ...[socket.handshakeInterval, socket.heartbeatInterval, socket.heartbeatTimeToLive, socket.heartbeatTimeout],
    ...[socket.connectTimeout, socket.tcpMaxRetransmitTimeout, socket.multicastMaxTransportDataUnit],
    ...[socket.vmciBufferSize, socket.vmciBufferMinSize, socket.vmciBufferMaxSize, socket.vmciConnectTimeout],
    socket.type,
  ]
  const flags: boolean[] = [
    ...[socket.immediate, socket.ipv6, socket.plainServer, socket.curveServer, socket.gssapiServer],
    ...[socket.gssapiPlainText, socket.zapEnforceDomain, socket.loopbackFastPath, socket.threadSafe],
  ]
  const texts: (string | null)[] = [
    ...[socket.tcpAcceptFilter, socket.plainUsername, socket.plainPassword, socket.curvePublicKey],
    ...[socket.curveSecretKey, socket.curveServerKey, socket.gssapiPrincipal, socket.gssapiServicePrincipal],
    ...[socket.zapDomain, socket.socksProxy, socket.interface, socket.lastEndpoint],
  ]
  const kind: "hostBased" | "userName" | "krb5Principal" = socket.gssapiPrincipalNameType
  const other: "hostBased" | "userName" | "krb5Principal" = socket.gssapiServicePrincipalNameType
  const mechanism: null | "plain" | "curve" | "gssapi" = socket.securityMechanism
  return { numbers, flags, texts, kind, other, mechanism }
}

export function setAll(socket: zmq.Socket) {
  Object.assign(socket, common)
  socket.linger = 0
  socket.affinity = 2
  socket.tcpAcceptFilter = null
  socket.curveServerKey = "x".repeat(40)
  socket.gssapiPrincipalNameType = "userName"
  socket.interface = null
  socket.ipv6 = !socket.ipv6
}

export function setEach(dealer: Dealer, router: Router, request: Request, xpub: zmq.XPublisher, pub: Publisher) {
  dealer.routingId = "me"
  dealer.routingId = null
  const id: string | null = dealer.routingId
  dealer.sendHighWaterMark = dealer.receiveHighWaterMark * 2
  dealer.sendTimeout = dealer.receiveTimeout = 10
  dealer.conflate = dealer.probeRouter
  router.mandatory = true
  router.handover = router.probeRouter
  router.connect("tcp://127.0.0.1:1", { routingId: "peer" })
  router.connect("tcp://127.0.0.1:1", {})
  router.connect("tcp://127.0.0.1:1")
  request.correlate = request.relaxed = true
  xpub.verbosity = null
  xpub.verbosity = "allSubsUnsubs"
  xpub.manual = xpub.noDrop = xpub.invertMatching = false
  xpub.welcomeMessage = id
  pub.noDrop = pub.conflate = pub.invertMatching = true
  pub.multicastHops = pub.sendBufferSize = 1
}

/** Options are read back out of an options object. */
export function describe(options: SocketOptions<Dealer>): string {
  const id: string | null | undefined = options.routingId
  const key: string | null | undefined = options.curveServerKey
  const linger: number = options.linger ?? -1
  const where: Context = options.context ?? zmq.context
  return `${id?.toUpperCase()} ${key?.length} ${linger} ${where.ioThreads}`
}

export function fill(options: SocketOptions<zmq.XPublisher> = {}) {
  options.welcomeMessage = "hello"
  options.linger = undefined
  const { welcomeMessage = null, ...rest } = options
  const socket = new zmq.XPublisher({ ...rest, welcomeMessage })
  socket.welcomeMessage = options.welcomeMessage ?? null
  return socket
}

/** A subclass may be asked to take over options of another. */
export const shared: SocketOptions<Push> & SocketOptions<Pull> = { linger: 1, conflate: true }
export const push = new Push(shared)
export const pull = new Pull(shared)

export type Name = keyof SocketOptions<Router>
export const names: Name[] = ["routingId", "mandatory", "context", "linger", "sendTimeout"]
export type Mutable = Required<SocketOptions<zmq.Subscriber>>
export const value = <K extends keyof Mutable>(options: Mutable, name: K): Mutable[K] => options[name]
