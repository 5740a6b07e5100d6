// Requests and replies: strictly alternating (REQ, REP), or any number at a time (DEALER, ROUTER).

import { tooMany } from "../base/checks.js"
import { connectNamed, handle } from "../base/symbols.js"
import type { PeerEvents } from "../events/peer-events.js"
import { addon, constant } from "../native/addon.js"
import type { OptionsOn } from "../options/types.js"
import type { ConstructorOptions, Receiver, Sender } from "../socket/interfaces.js"
import { Socket } from "../socket/socket.js"
import { defineSocket } from "./define.js"
import { checkName, claimName, nameTaken, type PeerName, peerName } from "./peer-name.js"
import { byRoutingId, definePeerEvents } from "./peer-reports.js"

/**
 * ZMQ_REQ: alternately sends a request and receives its reply. Any other order rejects with EFSM.
 *
 * ```typescript
 * const request = new Request()
 * request.connect("tcp://127.0.0.1:5557")
 * await request.send("status")
 * const [status] = await request.receive()
 * ```
 */
export class Request extends Socket {
  constructor(options?: ConstructorOptions<Request>) {
    super(constant("ZMQ_REQ"), options)
  }
}

export interface Request extends OptionsOn<"Request">, Sender, Receiver {}

defineSocket("Request", Request)

/**
 * ZMQ_REP: alternately receives a request and sends its reply. Any other order rejects with EFSM.
 *
 * ```typescript
 * const reply = new Reply()
 * await reply.bind("tcp://127.0.0.1:5557")
 * for await (const [question] of reply) await reply.send(answer(question))
 * ```
 */
export class Reply extends Socket {
  constructor(options?: ConstructorOptions<Reply>) {
    super(constant("ZMQ_REP"), options)
  }
}

export interface Reply extends OptionsOn<"Reply">, Sender, Receiver {}

defineSocket("Reply", Reply)

/** ZMQ_DEALER: an asynchronous Request. It sends to its peers in turn and receives from all of them, in any order. */
export class Dealer extends Socket {
  constructor(options?: ConstructorOptions<Dealer>) {
    super(constant("ZMQ_DEALER"), options)
  }
}

export interface Dealer extends OptionsOn<"Dealer">, Sender, Receiver {}

defineSocket("Dealer", Dealer)

/**
 * ZMQ_ROUTER: an asynchronous Reply. The first part of each received message is the sender's routing id, and the first part of each sent
 * message the recipient's.
 *
 * ```typescript
 * const router = new Router({ mandatory: true })
 * await router.bind("tcp://127.0.0.1:5558")
 * for await (const [peer, ...request] of router) await router.send([peer, ...answer(request)])
 * ```
 */
export class Router extends Socket {
  constructor(options?: ConstructorOptions<Router>) {
    super(constant("ZMQ_ROUTER"), options)
  }

  /**
   * Connects to an address.
   *
   * @param options `routingId` is the routing id of the peer on this socket (ZMQ_CONNECT_ROUTING_ID), 1 to 255 bytes. EEXIST if another
   * peer already has it.
   */
  override connect(address: string, options: RouterConnectOptions = {}): void {
    if (arguments.length > 2) throw tooMany(2, arguments.length)
    const name = peerName(options)
    if (name === undefined) {
      super.connect(address)
    } else if (addon.capability.draft === true) {
      this[connectNamed](address, name, () => {
        if (this[handle]().hasPeer(name)) throw nameTaken(name)
      })
    } else {
      this[connectNamed](address, name, () => checkName(this, name))
      claimName(this, name, address)
    }
  }
}

/** Options of `connect` of a Router. */
export interface RouterConnectOptions extends PeerName {}

export interface Router extends OptionsOn<"Router">, Sender, Receiver {
  /**
   * Reports peers that connect and disconnect (ZMQ_ROUTER_NOTIFY, ZMQ_DISCONNECT_MSG). Use it before the socket binds; otherwise EINVAL.
   * libzmq cannot report every peer, so such a socket rejects inproc, `connect`, a Proxy, and the options `handover`, `raw`,
   * `routerNotify` and `disconnectMessage` with EINVAL. ENOTSUP if libzmq was built without its draft API, which this package includes.
   *
   * ```typescript
   * router.peerEvents.on("connect", (routingId) => workers.add(routingId.toString("hex")))
   * router.peerEvents.on("disconnect", (routingId) => workers.delete(routingId.toString("hex")))
   * await router.bind("tcp://127.0.0.1:5558")
   * for await (const [peer, ...request] of router) await router.send([peer, ...answer(request)])
   * ```
   */
  readonly peerEvents: PeerEvents
}

defineSocket("Router", Router)
definePeerEvents(Router, byRoutingId)
