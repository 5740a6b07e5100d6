// The rules for the sockets of a program.

import { type Reach, reachOf, shownEndpoint } from "../endpoints.js"
import type { Violation } from "../place.js"
import type { RuleId } from "../rules.js"
import { type Call, type Sockets, type SocketUse, sending } from "./socket-use.js"
import type { Node } from "./syntax.js"
import { type Expression, literalOf, propertiesOf, textsOf } from "./values.js"

const binds = new Set(["bind", "bindSync"])
const opens = new Set([...binds, "connect"])
const receives = new Set(["receive", "receiveWithMetadata", "receiveMany", "receiveBatch"])

/** UDP has no heartbeats, and what is not ZMTP has none either. */
const withoutHeartbeats = new Set(["Datagram", "Dish", "Radio", "Stream"])

/** What libzmq takes for "not at all", by option. A timeout of heartbeats is their interval, unless it is set. */
const off: Readonly<Record<string, (value: number) => boolean>> = {
  linger: (value) => value === -1,
  receiveTimeout: (value) => value === -1,
  heartbeatInterval: (value) => value <= 0,
  heartbeatTimeout: (value) => value === 0,
}

/** The value of an option that switches off what the option is for. Undefined for any other, and for what is not in the program. */
function offValue(name: string, expression: Expression | undefined): number | undefined {
  const value = expression?.isReplaceable ? undefined : literalOf(expression)
  return typeof value === "number" && off[name]?.(value) ? value : undefined
}

interface Endpoint {
  readonly text: string
  readonly reach: Reach
  readonly isBound: boolean
  readonly node: Node
}

/** How the connections of a socket are protected, in so far as the program says so. */
type Protection = "curve" | "plain" | "none" | "unknown"

function protectionOf({ options, isOpen }: SocketUse): { protection: Protection; admitsAny: boolean } {
  // null, false and 0, and a domain without a name, are as if nothing was set.
  const isSet = (expression: Expression | undefined) =>
    expression !== undefined && ![null, false, 0, ""].includes(literalOf(expression) as null)
  const has = (...names: string[]) => names.some((name) => isSet(options.get(name)))
  const security = options.get("security")
  if (security !== undefined && isSet(security)) {
    const { known, isOpen } = propertiesOf(security)
    if (known.has("plainServer") || known.has("username")) return { protection: "plain", admitsAny: false }
    if (!isOpen && known.size === 0) return { protection: "none", admitsAny: false }
    return { protection: "curve", admitsAny: literalOf(known.get("clients")) === "any" }
  }
  if (has("curveServer", "curveServerKey", "curveSecretKey")) {
    const isServer = literalOf(options.get("curveServer")) === true
    return { protection: "curve", admitsAny: isServer && !isOpen && !has("zapDomain", "zapEnforceDomain") }
  }
  if (has("plainServer", "plainUsername")) return { protection: "plain", admitsAny: false }
  const isUnknown = isOpen || has("gssapiServer", "gssapiPrincipal", "gssapiServicePrincipal")
  return { protection: isUnknown ? "unknown" : "none", admitsAny: false }
}

/** What to do with the API of zeromq 5, which has no option security. */
const v5Advice: Partial<Record<RuleId, string>> = {
  "public-bind": "Bind to 127.0.0.1 or ipc://, or use CURVE: curve_server and curve_secretkey",
  "unencrypted-connect": "Use CURVE: curve_serverkey, curve_publickey and curve_secretkey",
}

/** Checks one socket. */
class SocketCheck {
  readonly violations: Violation[] = []
  readonly #socket: SocketUse
  /** Whether the program itself refuses what is not encrypted. */
  readonly #isRefused: boolean

  constructor(socket: SocketUse, isRefused: boolean) {
    this.#socket = socket
    this.#isRefused = isRefused
    const endpoints = socket.calls.filter(({ method }) => opens.has(method)).flatMap((call) => this.#endpointsOf(call))
    this.#secrecy(endpoints)
    // Of what stays on this machine nothing is asked, and what has no endpoint here is set up elsewhere.
    // Sockets of zeromq 5 call back, and not all of them can have those options.
    if (!socket.isV5 && endpoints.some(({ reach }) => reach !== "local")) this.#reliability()
  }

  #report(rule: RuleId, node: Node, message: string): void {
    const { line, column } = node.loc.start
    const isKnown = this.violations.some((one) => one.rule === rule && one.line === line && one.column === column + 1)
    const advice = this.#socket.isV5 ? v5Advice[rule] : undefined
    if (!isKnown) this.violations.push({ rule, line, column: column + 1, message, ...(advice && { advice }) })
  }

  #endpointsOf({ method, node, arguments: given }: Call): Endpoint[] {
    const [address] = given
    if (address === undefined) return []
    return textsOf(address).map((text) => ({ text, reach: reachOf(text), isBound: binds.has(method), node }))
  }

  #secrecy(endpoints: readonly Endpoint[]): void {
    const { type, node, isV5 } = this.#socket
    const { protection, admitsAny } = protectionOf(this.#socket)
    const far = endpoints.filter(({ reach }) => reach === "far")
    if (admitsAny && !isV5 && !(endpoints.length > 0 && endpoints.every(({ reach }) => reach === "local")))
      this.#report("any-client", node, `This ${type} lets in every client that knows its public key`)
    for (const { text, isBound, node: at } of far) {
      const shown = shownEndpoint(text)
      if (protection === "plain") this.#report("plain-text", at, `PLAIN over ${shown} sends passwords unencrypted`)
      if (protection !== "none" || this.#isRefused) continue
      if (isBound) this.#report("public-bind", at, `Other machines can reach this ${type} at ${shown}, unencrypted`)
      else this.#report("unencrypted-connect", at, `This ${type} talks to ${shown} unencrypted`)
    }
  }

  #reliability(): void {
    const { type, node, options, isOpen, calls } = this.#socket
    const lingers = calls.flatMap(({ method, arguments: [given] }) =>
      method === "close" && given ? (propertiesOf(given).known.get("linger") ?? []) : [],
    )
    const limited = calls.some(({ method, arguments: given }) =>
      given.some((one) => receives.has(method) && propertiesOf(one).known.has("signal")),
    )
    /** Reports an option that is missing, or switched off. What an object has that is not in the program is not known. */
    const require = (rule: RuleId, option: string, what: string, message: string, isMissing = !options.has(option)) => {
      const expression = options.get(option)
      const value = offValue(option, expression)
      if (expression && value !== undefined)
        this.#report(rule, expression.node, `${option}: ${value} switches ${what} off: this ${type} ${message}`)
      else if (isMissing && !isOpen) this.#report(rule, node, `This ${type} ${message}`)
    }
    if (sending.has(type)) {
      const message = "keeps what it cannot send, and the process with it"
      for (const one of lingers)
        if (offValue("linger", one) !== undefined)
          this.#report("no-linger", one.node, `linger: -1 switches the limit off: this ${type} ${message}`)
      // A context of the program's own can give its sockets another linger.
      const isMissing = !options.has("linger") && !options.has("context")
      if (lingers.length === 0) require("no-linger", "linger", "the limit", message, isMissing)
    }
    if (!withoutHeartbeats.has(type)) {
      const message = "does not notice a peer that vanishes"
      require("no-heartbeat", "heartbeatInterval", "heartbeats", message)
      require("no-heartbeat", "heartbeatTimeout", "their timeout", message, false)
    }
    if (type === "Request" && !limited)
      require("no-timeout", "receiveTimeout", "the timeout", "waits for ever if its reply is lost")
  }
}

/** What breaks the rules in how a program uses its sockets. */
export const lintSockets = (sockets: Sockets): Violation[] =>
  sockets.all.flatMap((socket) => new SocketCheck(socket, sockets.requireEncryption).violations)
