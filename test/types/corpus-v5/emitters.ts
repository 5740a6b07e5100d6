// Programs written for zeromq 4 and 5.

import * as zmq from "zeromq/v5-compat"
import {
  Context,
  createSocket,
  curveKeypair,
  options,
  type Socket,
  type SocketType,
  socket,
  version,
} from "zeromq/v5-compat"

const requester = zmq.socket("req")
requester.on("message", (reply: Buffer) => {
  console.log("Received reply", reply.toString())
  requester.close()
  process.exit(0)
})
requester.connect("tcp://localhost:5555")
requester
  .send("Hello")
  .send(["a", Buffer.from("b")], zmq.ZMQ_SNDMORE)
  .send("c", null, (error) => console.log(error))

const responder: Socket = createSocket("rep", { linger: 0, identity: "me" })
responder.bind("tcp://*:5555", (err) => {
  if (err) console.log(err.message)
  else console.log("Listening on 5555…")
})
responder.bindSync("tcp://*:5556")
responder.unbindSync("tcp://*:5556")
responder.unbind("tcp://*:5555", (err?: Error) => console.log(err))

const sub = socket("sub")
sub.subscribe("kitty cats").subscribe("dogs").unsubscribe("dogs")
sub.identity = "worker"
sub.monitor(500, 0).on("disconnect", (_value: number, address: string) => console.log(address))
sub.on("connect_retry", (_value: number, _address: string, error: Error) => console.log(error)).unmonitor()
sub.connect("tcp://127.0.0.1:3000").disconnect("tcp://127.0.0.1:3000").close()

const router = new zmq.Socket("router")
router.setsockopt(zmq.ZMQ_LINGER, 0).setsockopt("identity", "me")
router.setsockopt("linger", 0)
const id: string | number | boolean | null = router.getsockopt("identity")
const end = router.getsockopt(zmq.ZMQ_LAST_ENDPOINT)
router.pause()
router.resume()
router.read()
console.log(id, end, router.closed, router.type, router.last_endpoint)

zmq.proxy(zmq.socket("xsub"), zmq.socket("xpub"), zmq.socket("pub"))
zmq.proxy(router, zmq.socket("dealer"))

Context.setMaxThreads(4)
Context.setMaxSockets(100)
const limits: [number, number] = [Context.getMaxThreads(), Context.getMaxSockets()]
const keys: { public: string; secret: string } = curveKeypair()
const linger: number = options.linger
const types: SocketType[] = [
  ...(["pair", "req", "rep", "pub", "sub", "dealer", "xreq"] as const),
  ...(["router", "xrep", "pull", "push", "xpub", "xsub", "stream"] as const),
]
console.log(version.split("."), limits, keys, linger, types, zmq.ZMQ_CAN_SET_CTX)

export const constants: number[] = [
  ...[zmq.ZMQ_PUB, zmq.ZMQ_SUB, zmq.ZMQ_REQ, zmq.ZMQ_XREP, zmq.ZMQ_STREAM, zmq.ZMQ_SUBSCRIBE, zmq.ZMQ_SNDHWM],
  ...[zmq.ZMQ_POLLIN, zmq.ZMQ_POLLOUT, zmq.ZMQ_POLLERR, zmq.ZMQ_SNDMORE, zmq.STATE_READY, zmq.STATE_CLOSED],
]

export class Traced extends zmq.Socket {
  sent = 0
  constructor(type: SocketType = "dealer") {
    super(type)
    this.on("error", console.error)
  }
  override on(event: string | symbol, listener: (...args: any[]) => void): this {
    return super.on(event, listener)
  }
  override send(message: any, flags?: number | null, cb?: (err?: Error) => void): this {
    this.sent++
    return super.send(message, flags, cb)
  }
}

export const handler = (sock: zmq.Socket) =>
  sock.once("message", (...frames: Buffer[]) => console.log(frames.length)).removeAllListeners("message")
