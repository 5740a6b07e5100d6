// An ES module with top-level await.

import { createRequire } from "node:module"
import zmqDefault, * as zmq from "zeromq"
import { type Pull, Push, type SocketOptions } from "zeromq"

const required = createRequire(import.meta.url)("zeromq") as typeof zmq
const options: SocketOptions<Push> = { linger: 0 }
const push = new Push(options)
const pull: Pull = new zmqDefault.Pull()
await push.bind("tcp://127.0.0.1:*")
pull.connect(push.lastEndpoint!)
await push.send(["a", "b"])
const [a, b] = await pull.receive()
console.log(a.toString(), b.toString(), required.version, zmq.version)
const { Dealer } = await import("zeromq")
const dealer: zmq.Dealer = new Dealer()
dealer.close()
for (const socket of [push, pull]) socket.close()

export { dealer, push as default }
