// The file named in full, as in ES modules, and loaded as TypeScript spells it in CommonJS.

import zmq = require("zeromq/v5-compat.js")

export const sub: zmq.Socket = zmq.socket("sub")
sub.on("message", (topic: Buffer, body: Buffer) => console.log(topic.toString(), body.toString()))
