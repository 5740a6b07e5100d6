// CommonJS, as TypeScript spells it.

import zmq = require("zeromq")

import { createRequire } from "module"

const again = createRequire(__filename)("zeromq") as typeof zmq

const socket: zmq.Request = new zmq.Request()
const alike: typeof zmq.Request = again.Request
export = { socket, alike, options: { linger: 0 } as zmq.SocketOptions<zmq.Request> }
