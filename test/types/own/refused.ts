// What must not compile. Each comment gives the error's code and words of its text; own.test.ts checks them.

import * as zmq from "ohmq"
import { json, prefixed, text, withCodec } from "ohmq/codec"
import * as draft from "ohmq/draft"

const push = new zmq.Push()
const pull = new zmq.Pull()
const dealer = new zmq.Dealer()
const router = new zmq.Router()
const stream = new zmq.Stream()
const publisher = new zmq.Publisher()
const subscriber = new zmq.Subscriber()
const server = new draft.Server()
const client = new draft.Client()
const peer = new draft.Peer()
const radio = new draft.Radio()
const dish = new draft.Dish()
const datagram = new draft.Datagram()

// --- What a class cannot do

// @ts-expect-error TS2339: Property 'send' does not exist on type 'Pull'.
pull.send("x")
// @ts-expect-error TS2339: Property 'receive' does not exist on type 'Push'.
push.receive()
// @ts-expect-error TS2339: Property 'send' does not exist on type 'Subscriber'.
subscriber.send("x")
// @ts-expect-error TS2339: Property 'trySend' does not exist on type 'Subscriber'.
subscriber.trySend("x")
// @ts-expect-error TS2339: Property 'receive' does not exist on type 'Publisher'.
publisher.receive()
// @ts-expect-error TS2339: Property 'tryReceive' does not exist on type 'Publisher'.
publisher.tryReceive()
// @ts-expect-error TS2339: Property 'messages' does not exist on type 'Publisher'.
publisher.messages()
// @ts-expect-error TS2339: Property 'subscribe' does not exist on type 'Dealer'.
dealer.subscribe("x")
// @ts-expect-error TS2674: Constructor of class 'Socket' is protected
new zmq.Socket()
// @ts-expect-error TS2445: Property 'getInt32Option' is protected
dealer.getInt32Option(14)
// @ts-expect-error TS2345 TS2739: 'Pull'
take(pull)
// @ts-expect-error TS2345 TS2739: 'Publisher'
give(publisher)
// @ts-expect-error TS2504: must have a '[Symbol.asyncIterator]()' method
for await (const _ of push) break

// --- Messages

// @ts-expect-error TS2345: Argument of type '{}'
push.send({})
// @ts-expect-error TS2345: 'undefined'
push.send(undefined)
// @ts-expect-error TS2345: Argument of type 'Promise<
push.send(pull.receive())
// @ts-expect-error TS2345: 'true'
push.send(true)
// @ts-expect-error TS2345: Argument of type '[string]'
stream.send(["one"])
// @ts-expect-error TS2345: Argument of type 'string'
stream.send("one")
// @ts-expect-error TS2345 TS2353 TS2561: 'timout' does not exist in type 'OperationOptions'
push.send("x", { timout: 1 })
// @ts-expect-error TS2322: Type 'string' is not assignable to type 'number'
pull.receive({ timeout: "1" })
// @ts-expect-error TS2345 TS2353 TS2561: 'max' does not exist in type 'OperationOptions'
pull.messages({ max: 1 })
// @ts-expect-error TS2322: Type 'string' is not assignable to type 'number'
const first: number = (await pull.receive())[0].toString()
// @ts-expect-error TS2345: Argument of type 'number'
push.sendMany(1)
// @ts-expect-error TS2345: Argument of type 'number'
subscriber.subscribe(1)

// --- Options

// @ts-expect-error TS2345 TS2353 TS2561: 'lingerr' does not exist in type
new zmq.Push({ lingerr: 1 })
// @ts-expect-error TS2322: Type 'string' is not assignable to type 'number
new zmq.Push({ linger: "1" })
// @ts-expect-error TS2345 TS2353 TS2561: 'routingId' does not exist in type
new zmq.Push({ routingId: "me" })
// @ts-expect-error TS2345 TS2353 TS2561: 'receiveTimeout' does not exist in type
new zmq.Push({ receiveTimeout: 1 })
// @ts-expect-error TS2345 TS2353 TS2561: 'sendTimeout' does not exist in type
new zmq.Pull({ sendTimeout: 1 })
// @ts-expect-error TS2345 TS2353 TS2561: 'mandatory' does not exist in type
new zmq.Dealer({ mandatory: true })
// @ts-expect-error TS2345 TS2353 TS2561: 'lastEndpoint' does not exist in type
new zmq.Dealer({ lastEndpoint: "x" })
// @ts-expect-error TS2345 TS2353 TS2561: 'send' does not exist in type
new zmq.Dealer({ send: null })
// @ts-expect-error TS2322: Type '"all"' is not assignable to type
new zmq.XPublisher({ verbosity: "all" })
// @ts-expect-error TS2322: Type '"krb5"' is not assignable to type
dealer.gssapiPrincipalNameType = "krb5"
// @ts-expect-error TS2740: is missing the following properties from type 'Context'
new zmq.Dealer({ context: {} })
// @ts-expect-error TS2322: Type '"sometimes"' is not assignable to type
new zmq.Push({ sendQueue: { limit: 1, whenFull: "sometimes" } })
// @ts-expect-error TS2322: Type 'false' is not assignable to type
new zmq.Push({ sendQueue: false })
// @ts-expect-error TS2769: No overload matches this call.
push.close({ wait: 1 })
// @ts-expect-error TS2769: No overload matches this call.
push.close({ waits: true })
// @ts-expect-error TS2339: Property 'then' does not exist on type 'void'.
push.close({ linger: 0 }).then()
// @ts-expect-error TS2345 TS2353 TS2561: 'subscribe' does not exist in type
new zmq.Dealer({ subscribe: "a" })
// @ts-expect-error TS2322: Type 'number' is not assignable to type 'string | readonly string[]
new zmq.Dealer({ connect: 5555 })
// @ts-expect-error TS2345 TS2353 TS2561: 'join' does not exist in type
new zmq.Subscriber({ join: "a" })
// @ts-expect-error TS2345 TS2353 TS2561: 'ioThread' does not exist in type
new zmq.Context({ ioThread: 1 })
// @ts-expect-error TS2345 TS2353 TS2561: 'maxSocketsLimit' does not exist in type
new zmq.Context({ maxSocketsLimit: 1 })
// @ts-expect-error TS2540: Cannot assign to 'lastEndpoint' because it is a read-only property.
dealer.lastEndpoint = "x"
// @ts-expect-error TS2540: Cannot assign to 'securityMechanism' because it is a read-only property.
dealer.securityMechanism = null
// @ts-expect-error TS2540: Cannot assign to 'type' because it is a read-only property.
dealer.type = 1
// @ts-expect-error TS2540: Cannot assign to 'closed' because it is a read-only property.
dealer.closed = true
// @ts-expect-error TS2540: Cannot assign to 'maxSocketsLimit' because it is a read-only property.
zmq.context.maxSocketsLimit = 1
// @ts-expect-error TS2322: Type 'string' is not assignable to type 'boolean'
dealer.ipv6 = "yes"
// @ts-expect-error TS2322: Type 'undefined' is not assignable to type 'string | null'
dealer.routingId = undefined
// @ts-expect-error TS2339: Property 'mandatory' does not exist on type 'Dealer'.
dealer.mandatory = true
// @ts-expect-error TS2339: Property 'routingId' does not exist on type 'Push'.
push.routingId = "x"
// @ts-expect-error TS2345 TS2353 TS2561: 'routing' does not exist in type 'RouterConnectOptions'
router.connect("tcp://127.0.0.1:1", { routing: "x" })
// @ts-expect-error TS2554: Expected 1 arguments, but got 2.
dealer.connect("tcp://127.0.0.1:1", {})

// --- Draft sockets

// @ts-expect-error TS2554: Expected 2 arguments, but got 1.
server.send("x")
// @ts-expect-error TS2322: Type 'string' is not assignable to type 'number'
server.send("x", { routingId: "1" })
// @ts-expect-error TS2345: Argument of type 'string[]' is not assignable to parameter of type 'MessageLike'
server.send(["x"], { routingId: 1 })
// @ts-expect-error TS2345: Argument of type '{}' is not assignable to parameter of type 'RoutingOptions & OperationOptions'
peer.send("x", {})
// @ts-expect-error TS2345 TS2353: 'routingId' does not exist in type
radio.send("x", { routingId: 1 })
// @ts-expect-error TS2322: Type 'number' is not assignable to type 'string | Uint8Array
radio.trySend("x", { group: 1 })
// @ts-expect-error TS2345 TS2322: Type 'string' is not assignable to type
radio.sendMany(["x"])
// @ts-expect-error TS2322 TS2345: is not assignable to
client.send(["one", "two"])
// @ts-expect-error TS2345: Argument of type 'string'
datagram.send("x")
// @ts-expect-error TS2339: Property 'send' does not exist on type 'Dish'.
dish.send("x")
// @ts-expect-error TS2339: Property 'send' does not exist on type 'Gather'.
new draft.Gather().send("x")
// @ts-expect-error TS2339: Property 'receive' does not exist on type 'Radio'.
radio.receive()
// @ts-expect-error TS2339: Property 'receive' does not exist on type 'Scatter'.
new draft.Scatter().receive()
// @ts-expect-error TS2339 TS2551: Property 'connectPeer' does not exist on type 'Server'.
server.connectPeer("tcp://127.0.0.1:1")
// @ts-expect-error TS2339: Property 'join' does not exist on type 'Radio'.
radio.join("group")
// @ts-expect-error TS2339: Property 'group' does not exist on type 'RoutingOptions'.
export const routed = (await server.receive())[1].group
// @ts-expect-error TS2339: Property 'routingId' does not exist on type 'DishGroupOptions'.
export const grouped = (await dish.receiveWithMetadata()).parts[1].routingId
// @ts-expect-error TS2345 TS2353 TS2561: 'sendTimeout' does not exist in type
new draft.Dish({ sendTimeout: 1 })
// @ts-expect-error TS2345 TS2353 TS2561: 'routingId' does not exist in type
new draft.Server({ routingId: "me" })
// @ts-expect-error TS2339: Property 'disconnectMessage' does not exist on type 'Client'.
client.disconnectMessage = null

// --- Events

export function events(event: zmq.Event, auth: zmq.EventOfType<"handshake:error:auth">) {
  // @ts-expect-error TS2339: Property 'address' does not exist on type
  event.address
  // @ts-expect-error TS2339: Property 'error' does not exist on type
  event.error
  // @ts-expect-error TS2339: Property 'error' does not exist on type
  if (event.type === "bind") return event.error
  // @ts-expect-error TS2339: Property 'address' does not exist on type
  if (event.type === "end") return event.address
  // @ts-expect-error TS2339: Property 'interval' does not exist on type
  if (event.type === "connect:delay") return event.interval
  // @ts-expect-error TS2367: This comparison appears to be unintentional
  if (event.type === "connected") return event
  // @ts-expect-error TS2367: This comparison appears to be unintentional
  if (auth.error.status === 404) return auth
  // @ts-expect-error TS2339: Property 'code' does not exist on type 'AuthenticationError'.
  return auth.error.code
}
// @ts-expect-error TS2345: Argument of type '"connected"' is not assignable to parameter of type
dealer.events.on("connected", () => {})
// @ts-expect-error TS2345: Argument of type '"connected"' is not assignable to parameter of type
dealer.events.once("connected", () => {})
// @ts-expect-error TS2345: Argument of type '"nothing"' is not assignable to parameter of type
dealer.events.waitFor("nothing")
// @ts-expect-error TS2339: Property 'interval' does not exist on type
dealer.events.on("bind", (event) => event.interval)
// @ts-expect-error TS2344: Type '"nothing"' does not satisfy the constraint
export type Nothing = zmq.EventOfType<"nothing">

// --- Codecs

// @ts-expect-error TS2345: Argument of type 'number' is not assignable to parameter of type 'string'.
withCodec(push, text()).send(1)
// @ts-expect-error TS2339: Property 'receive' does not exist on type
withCodec(push, text()).receive()
// @ts-expect-error TS2339: Property 'send' does not exist on type
withCodec(subscriber, text()).send("x")
// @ts-expect-error TS2339: Property 'send' does not exist on type
withCodec(server, text()).send("x")
// @ts-expect-error TS2345: Argument of type 'string' is not assignable to parameter of type
withCodec(publisher, prefixed(text())).send("x")
// @ts-expect-error TS2322: Type 'number' is not assignable to type 'string'.
export const parsed: string = (await withCodec(pull, json<{ line: number }>()).receive()).line
// @ts-expect-error TS2769: No overload matches this call.
prefixed(text(), 3)

// --- Statistics

// @ts-expect-error TS2322: Type 'number | null' is not assignable to type 'number'.
export const counted: number = dealer.statistics().peers
// @ts-expect-error TS2554: Expected 0 arguments, but got 1.
dealer.statistics({})

// --- Proxies and contexts

// @ts-expect-error TS2345 TS2740: from type 'Socket'
new zmq.Proxy({}, dealer)
// @ts-expect-error TS2554: Expected 2-3 arguments, but got 1.
new zmq.Proxy(router)
// @ts-expect-error TS2339: Property 'mandatory' does not exist on type 'Dealer'.
new zmq.Proxy(router, dealer).backEnd.mandatory = true
// @ts-expect-error TS2540: Cannot assign to 'version' because it is a read-only property.
zmq.version = "4"

function take(_socket: zmq.Writable): void {}
function give(_socket: zmq.Readable): void {}

export { first }
