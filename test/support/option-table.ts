// The expected behaviour of every option of the stable sockets, written from libzmq's manual and not from lib/.

import * as zmq from "ohmq"

import { options as optionsOfZeromq } from "../conformance/checks/options.mjs"
import { type ClassName, classNames } from "./socket-classes.js"

export type Kind = "bool" | "int32" | "uint32" | "int64" | "uint64" | "text" | "bytes" | "names" | "record" | "choice"

export interface ExpectedOption {
  name: string
  /** The name in zmq.h. */
  zmq: string
  kind: Kind
  /** The classes that have it. Default: all. */
  on?: readonly ClassName[]
  initial: unknown
  /** The initial values of classes where it differs. */
  initialOn?: Partial<Record<ClassName, unknown>>
  readonly?: true
  /** libzmq cannot return it, so it reads as the value that was set last, even if libzmq lacks the option. */
  remembered?: true
  /** Values to set; a pair if another value is read back. The first must differ from the initial one. */
  good?: readonly Value[]
  /** Values of the right type that libzmq rejects. */
  refused?: readonly unknown[]
  /** Takes effect at once on a bound or connected socket. */
  anytime?: true
  since?: string
  needs?: "curve" | "gssapi" | "vmci" | "norm" | "WSS" | "draft"
}

export class Value {
  constructor(
    readonly set: unknown,
    readonly read: unknown = set,
  ) {}
}

const values = (...list: unknown[]) => list.map((value) => new Value(value))

/** Whether the linked libzmq has at least this version. */
export function isAtLeast(version: string): boolean {
  return zmq.version.localeCompare(version, "en", { numeric: true }) >= 0
}

/** Whether the linked libzmq has an option. */
export function isThere({ since, needs }: ExpectedOption): boolean {
  return (since === undefined || isAtLeast(since)) && (needs === undefined || zmq.capability[needs] === true)
}

/** Whether conformance checks an option, as both packages have it. */
export const isOptionOfZeromq = (name: string) => name in optionsOfZeromq

export const hasOption = (option: ExpectedOption, name: ClassName) => option.on?.includes(name) ?? true
export const initialOn = (option: ExpectedOption, name: ClassName) => option.initialOn?.[name] ?? option.initial

/** The names of the classes that have an option. */
export const classesWith = (option: ExpectedOption) => classNames.filter((name) => hasOption(option, name))

const except = (...names: ClassName[]) => classNames.filter((name) => !names.includes(name))
const writers = except("Subscriber", "Pull")
const readers = except("Publisher", "Push")
const named = ["Request", "Reply", "Dealer", "Router"] as const

type Entry = Omit<ExpectedOption, "name">
const most = 2 ** 31 - 1

const bool = (zmqName: string, initial: boolean, more: Partial<Entry> = {}): Entry => ({
  zmq: zmqName,
  kind: "bool",
  initial,
  good: values(!initial, initial),
  ...more,
})

/** A whole number of at least `least`. */
const int = (zmqName: string, initial: number, least: number, more: Partial<Entry> = {}): Entry => ({
  zmq: zmqName,
  kind: "int32",
  initial,
  good: [...values(7, least, most), new Value(8.9, 8)],
  refused: [least - 1],
  ...more,
})

/** A string of up to `longest` bytes, which null clears. */
const text = (zmqName: string, longest: number, more: Partial<Entry> = {}): Entry => ({
  zmq: zmqName,
  kind: "text",
  initial: null,
  good: [
    ...values("text", "four", "ünï", "x".repeat(longest)),
    new Value(Buffer.from("bytes"), "bytes"),
    new Value("", null),
    new Value("text"),
    new Value(null),
  ],
  refused: ["x".repeat(longest + 1)],
  ...more,
})

const remembered = { remembered: true } as const
const anytime = { anytime: true } as const
const draft = { needs: "draft" } as const
const gssapi = { needs: "gssapi" } as const
const wss = { needs: "WSS", remembered: true } as const
const norm = { needs: "norm", since: "4.3.5" } as const
const vmci = { needs: "vmci", remembered: true } as const

const z85 = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
const key32 = Buffer.from("8e0bdd697628b91d8f245587ee95c5b04d48963f79259877b49cd9063aead3b7", "hex")
const curveKey = (zmqName: string): Entry => ({
  zmq: zmqName,
  kind: "text",
  initial: null,
  needs: "curve",
  good: [
    new Value(z85),
    new Value(key32, "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"),
    new Value(Buffer.from(z85), z85),
  ],
  refused: ["", null, "short", z85.slice(1), key32.subarray(1), "~".repeat(40)],
})

/** A user name or password of PLAIN. Null deselects the mechanism but does not clear the value. */
const credential = (zmqName: string): Entry => ({
  zmq: zmqName,
  kind: "text",
  initial: null,
  good: [...values("admin", "four", "x".repeat(255)), new Value(Buffer.from("bytes"), "bytes")],
  refused: ["x".repeat(256)],
})

const number = { kind: "uint64", good: values(1, 2 ** 40, 0) } as const
const stops = ["connectionRefused", "handshakeFailed", "afterDisconnect"]
const nameTypes = {
  kind: "choice",
  initial: "hostBased",
  good: values("userName", "krb5Principal"),
  ...gssapi,
} as const
const principal = { good: values("host@here"), refused: ["", null], ...gssapi } as const

const notice = (zmq: string, on: readonly ClassName[], more?: object): Entry => ({
  zmq,
  kind: "bytes",
  on,
  initial: null,
  good: [new Value(Buffer.from("gone")), new Value("text", Buffer.from("text"))],
  ...remembered,
  ...draft,
  ...more,
})

const table: Record<string, Entry> = {
  sendHighWaterMark: int("ZMQ_SNDHWM", 1000, 0, { on: writers, ...anytime }),
  receiveHighWaterMark: int("ZMQ_RCVHWM", 1000, 0, { on: readers, ...anytime }),
  sendTimeout: int("ZMQ_SNDTIMEO", -1, -1, { on: writers, ...anytime }),
  receiveTimeout: int("ZMQ_RCVTIMEO", -1, -1, { on: readers, ...anytime }),
  sendBufferSize: int("ZMQ_SNDBUF", -1, -1, { on: writers }),
  receiveBufferSize: int("ZMQ_RCVBUF", -1, -1, { on: readers }),
  linger: int("ZMQ_LINGER", -1, -1, { initialOn: { Subscriber: 0, XSubscriber: 0 }, ...anytime }),
  immediate: bool("ZMQ_IMMEDIATE", false),
  conflate: bool("ZMQ_CONFLATE", false, { on: ["Publisher", "Subscriber", "Dealer", "Pull", "Push"] }),
  maxMessageSize: {
    zmq: "ZMQ_MAXMSGSIZE",
    kind: "int64",
    initial: -1,
    good: [...values(1024, 0, 2 ** 40, Number.MAX_SAFE_INTEGER, -1), new Value(8.9, 8)],
  },
  affinity: { zmq: "ZMQ_AFFINITY", kind: "uint64", initial: 0, good: values(3, 2 ** 40, Number.MAX_SAFE_INTEGER, 0) },
  backlog: int("ZMQ_BACKLOG", 100, 0),
  reconnectInterval: int("ZMQ_RECONNECT_IVL", 100, -1),
  reconnectMaxInterval: int("ZMQ_RECONNECT_IVL_MAX", 0, 0),
  reconnectStop: {
    zmq: "ZMQ_RECONNECT_STOP",
    kind: "names",
    initial: [],
    since: "4.3.3",
    good: [
      new Value(["connectionRefused"]),
      new Value(["handshakeFailed"]),
      // libzmq 4.3.4 has the same number for this one and for all three.
      new Value(["afterDisconnect"], isAtLeast("4.3.5") ? ["afterDisconnect"] : stops),
      new Value(stops),
      new Value([]),
    ],
    ...draft,
  },
  connectTimeout: int("ZMQ_CONNECT_TIMEOUT", 0, 0),
  handshakeInterval: int("ZMQ_HANDSHAKE_IVL", 30_000, 0),
  heartbeatInterval: int("ZMQ_HEARTBEAT_IVL", 0, 0),
  heartbeatTimeout: int("ZMQ_HEARTBEAT_TIMEOUT", -1, 0),
  heartbeatTimeToLive: int("ZMQ_HEARTBEAT_TTL", 0, 0, {
    good: [...values(1500, 0, 6_553_500), new Value(6_553_599, 6_553_500), new Value(199, 100)],
    refused: [-100, 6_553_600],
  }),
  type: {
    zmq: "ZMQ_TYPE",
    kind: "int32",
    initial: 0,
    readonly: true,
    initialOn: {
      Publisher: 1,
      Subscriber: 2,
      Request: 3,
      Reply: 4,
      Dealer: 5,
      Router: 6,
      Pull: 7,
      Push: 8,
      XPublisher: 9,
      XSubscriber: 10,
      Stream: 11,
    },
  },
  lastEndpoint: { zmq: "ZMQ_LAST_ENDPOINT", kind: "text", initial: null, readonly: true },
  threadSafe: { zmq: "ZMQ_THREAD_SAFE", kind: "bool", initial: false, readonly: true },

  ipv6: bool("ZMQ_IPV6", false),
  ipv4Only: bool("ZMQ_IPV4ONLY", true),
  tcpKeepalive: int("ZMQ_TCP_KEEPALIVE", -1, -1, { good: values(1, 0, -1), refused: [-2, 2] }),
  tcpKeepaliveCount: int("ZMQ_TCP_KEEPALIVE_CNT", -1, -1),
  tcpKeepaliveIdle: int("ZMQ_TCP_KEEPALIVE_IDLE", -1, -1),
  tcpKeepaliveInterval: int("ZMQ_TCP_KEEPALIVE_INTVL", -1, -1),
  tcpMaxRetransmitTimeout: int("ZMQ_TCP_MAXRT", 0, 0),
  tcpAcceptFilter: text("ZMQ_TCP_ACCEPT_FILTER", 255, {
    good: [
      ...values("127.0.0.1", "192.0.2.0/24", null),
      new Value(Buffer.from("127.0.0.1"), "127.0.0.1"),
      new Value("", null),
    ],
    refused: ["nowhere", "127.0.0.1/99", "x".repeat(256)],
    ...remembered,
  }),
  typeOfService: { zmq: "ZMQ_TOS", kind: "uint32", initial: 0, good: values(8, most, 0), refused: [2 ** 31] },
  interface: text("ZMQ_BINDTODEVICE", 16),
  useFileDescriptor: int("ZMQ_USE_FD", -1, -1),
  socksProxy: text("ZMQ_SOCKS_PROXY", 300, { refused: [] }),
  socksUsername: text("ZMQ_SOCKS_USERNAME", 255, { since: "4.3.3", ...draft }),
  socksPassword: text("ZMQ_SOCKS_PASSWORD", 255, { since: "4.3.3", ...draft }),
  loopbackFastPath: bool("ZMQ_LOOPBACK_FASTPATH", false, draft),
  ipcFilterProcessId: int("ZMQ_IPC_FILTER_PID", -1, 0, { refused: [], ...remembered }),
  ipcFilterUserId: int("ZMQ_IPC_FILTER_UID", -1, 0, { refused: [], ...remembered }),
  ipcFilterGroupId: int("ZMQ_IPC_FILTER_GID", -1, 0, { refused: [], ...remembered }),
  rate: int("ZMQ_RATE", 100, 1),
  recoveryInterval: int("ZMQ_RECOVERY_IVL", 10_000, 0),
  multicastHops: int("ZMQ_MULTICAST_HOPS", 1, 1, { on: writers }),
  multicastMaxTransportDataUnit: int("ZMQ_MULTICAST_MAXTPDU", 1500, 1),
  multicastLoop: bool("ZMQ_MULTICAST_LOOP", true, draft),
  vmciBufferSize: { zmq: "ZMQ_VMCI_BUFFER_SIZE", initial: 0, ...number, ...vmci },
  vmciBufferMinSize: { zmq: "ZMQ_VMCI_BUFFER_MIN_SIZE", initial: 0, ...number, ...vmci },
  vmciBufferMaxSize: { zmq: "ZMQ_VMCI_BUFFER_MAX_SIZE", initial: 0, ...number, ...vmci },
  vmciConnectTimeout: int("ZMQ_VMCI_CONNECT_TIMEOUT", -1, -1, { refused: [], ...vmci }),

  routingId: text("ZMQ_ROUTING_ID", 255, {
    on: named,
    good: [...values("worker-1", "four", "x".repeat(255)), new Value(Buffer.from("bytes"), "bytes")],
    refused: ["", null, "x".repeat(256)],
  }),
  routingIdBytes: {
    zmq: "ZMQ_ROUTING_ID",
    kind: "bytes",
    on: named,
    initial: null,
    good: [new Value(Buffer.from([1, 0, 255, 0])), new Value("text", Buffer.from("text"))],
    refused: ["", null, Buffer.alloc(0), Buffer.alloc(256)],
  },
  mandatory: bool("ZMQ_ROUTER_MANDATORY", false, { on: ["Router"], ...remembered, ...anytime }),
  handover: bool("ZMQ_ROUTER_HANDOVER", false, { on: ["Router"], ...remembered, ...anytime }),
  raw: bool("ZMQ_ROUTER_RAW", false, { on: ["Router"], ...remembered }),
  probeRouter: bool("ZMQ_PROBE_ROUTER", false, { on: ["Request", "Dealer", "Router"], ...remembered, ...anytime }),
  correlate: bool("ZMQ_REQ_CORRELATE", false, { on: ["Request"], ...remembered, ...anytime }),
  relaxed: bool("ZMQ_REQ_RELAXED", false, { on: ["Request"], ...remembered, ...anytime }),
  notify: bool("ZMQ_STREAM_NOTIFY", true, { on: ["Stream"], ...remembered }),
  verbosity: {
    zmq: "ZMQ_XPUB_VERBOSE",
    kind: "choice",
    on: ["XPublisher"],
    initial: null,
    good: values("allSubs", "allSubsUnsubs", null),
    ...remembered,
    ...anytime,
  },
  noDrop: bool("ZMQ_XPUB_NODROP", false, { on: ["Publisher", "XPublisher"], ...remembered }),
  manual: bool("ZMQ_XPUB_MANUAL", false, { on: ["XPublisher"], ...remembered }),
  manualLastValue: bool("ZMQ_XPUB_MANUAL_LAST_VALUE", false, { on: ["XPublisher"], ...remembered, ...draft }),
  welcomeMessage: text("ZMQ_XPUB_WELCOME_MSG", 300, { on: ["XPublisher"], refused: [], ...remembered }),
  onlyFirstSubscribe: bool("ZMQ_ONLY_FIRST_SUBSCRIBE", false, {
    on: ["XPublisher", "XSubscriber"],
    since: "4.3.3",
    ...remembered,
    ...draft,
  }),
  invertMatching: bool("ZMQ_INVERT_MATCHING", false, { on: ["Publisher", "Subscriber", "XPublisher"] }),
  topicsCount: {
    zmq: "ZMQ_TOPICS_COUNT",
    kind: "int32",
    on: ["Publisher", "Subscriber", "XPublisher", "XSubscriber"],
    initial: 0,
    readonly: true,
    since: "4.3.5",
    ...draft,
  },
  metadata: {
    zmq: "ZMQ_METADATA",
    kind: "record",
    initial: null,
    good: values({ "X-Role": "scanner" }, { "X-a": "1", "X-b": "2:3" }, {}, null),
    ...remembered,
    ...draft,
  },

  inBatchSize: { ...int("ZMQ_IN_BATCH_SIZE", 32768, 1, draft), initialOn: { Stream: 8192 } },
  outBatchSize: { ...int("ZMQ_OUT_BATCH_SIZE", 32768, 1, draft), initialOn: { Stream: 8192 } },
  priority: int("ZMQ_PRIORITY", 0, 0, draft),
  // libzmq also accepts negative numbers, which behave like 0.
  busyPoll: int("ZMQ_BUSY_POLL", 0, 0, { ...draft, ...remembered, since: "4.3.5", refused: [] }),
  routerNotify: {
    zmq: "ZMQ_ROUTER_NOTIFY",
    kind: "names",
    on: ["Router"],
    initial: [],
    good: values(["connect"], ["disconnect"], ["connect", "disconnect"], []),
    ...draft,
  },
  helloMessage: notice("ZMQ_HELLO_MSG", ["Dealer", "Router"]),
  disconnectMessage: notice("ZMQ_DISCONNECT_MSG", ["Router"]),
  hiccupMessage: notice("ZMQ_HICCUP_MSG", ["Dealer"], { since: "4.3.5" }),
  verboseUnsubscribe: bool("ZMQ_XSUB_VERBOSE_UNSUBSCRIBE", false, {
    on: ["XSubscriber"],
    ...draft,
    ...remembered,
    since: "4.3.5",
  }),
  wssKey: text("ZMQ_WSS_KEY_PEM", 255, wss),
  wssCertificate: text("ZMQ_WSS_CERT_PEM", 255, wss),
  wssTrust: text("ZMQ_WSS_TRUST_PEM", 255, wss),
  wssHostname: text("ZMQ_WSS_HOSTNAME", 255, wss),
  wssTrustSystem: bool("ZMQ_WSS_TRUST_SYSTEM", false, wss),
  normMode: { zmq: "ZMQ_NORM_MODE", kind: "choice", initial: "cc", good: values("fixed", "cc"), ...norm },
  normUnicastNack: bool("ZMQ_NORM_UNICAST_NACK", false, norm),
  normBufferSize: int("ZMQ_NORM_BUFFER_SIZE", 2048, 0, norm),
  normSegmentSize: int("ZMQ_NORM_SEGMENT_SIZE", 1400, 0, norm),
  normBlockSize: int("ZMQ_NORM_BLOCK_SIZE", 16, 0, norm),
  normParity: int("ZMQ_NORM_NUM_PARITY", 4, 0, norm),
  normAutoParity: int("ZMQ_NORM_NUM_AUTOPARITY", 0, 0, norm),
  normPush: bool("ZMQ_NORM_PUSH", false, norm),

  securityMechanism: { zmq: "ZMQ_MECHANISM", kind: "choice", initial: null, readonly: true },
  plainServer: bool("ZMQ_PLAIN_SERVER", false),
  plainUsername: credential("ZMQ_PLAIN_USERNAME"),
  plainPassword: credential("ZMQ_PLAIN_PASSWORD"),
  curveServer: bool("ZMQ_CURVE_SERVER", false, { needs: "curve" }),
  curvePublicKey: curveKey("ZMQ_CURVE_PUBLICKEY"),
  curveSecretKey: curveKey("ZMQ_CURVE_SECRETKEY"),
  curveServerKey: curveKey("ZMQ_CURVE_SERVERKEY"),
  gssapiServer: bool("ZMQ_GSSAPI_SERVER", false, gssapi),
  gssapiPrincipal: text("ZMQ_GSSAPI_PRINCIPAL", 255, principal),
  gssapiServicePrincipal: text("ZMQ_GSSAPI_SERVICE_PRINCIPAL", 255, principal),
  gssapiPlainText: bool("ZMQ_GSSAPI_PLAINTEXT", false, gssapi),
  gssapiPrincipalNameType: { zmq: "ZMQ_GSSAPI_PRINCIPAL_NAMETYPE", ...nameTypes },
  gssapiServicePrincipalNameType: { zmq: "ZMQ_GSSAPI_SERVICE_PRINCIPAL_NAMETYPE", ...nameTypes },
  // libzmq cannot undo it.
  zapDomain: text("ZMQ_ZAP_DOMAIN", 255, {
    good: [...values("global", "four", "x".repeat(255)), new Value(Buffer.from("bytes"), "bytes")],
    refused: ["", null, "x".repeat(256)],
  }),
  zapEnforceDomain: bool("ZMQ_ZAP_ENFORCE_DOMAIN", false, draft),
}

export const expectedOptions: ExpectedOption[] = Object.entries(table).map(([name, entry]) => ({ name, ...entry }))
