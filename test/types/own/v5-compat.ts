// A program for the v5 API that is accepted.

import zmq, { type Socket } from "ohmq/v5-compat"

const socket: Socket = zmq.socket("sub", { identity: "me" })
socket.on("message", (topic, body) => console.log(`${topic}: ${body}`))
socket.monitor(500, 0).on("connect", (fd, address) => console.log(fd, address))
socket.connect("tcp://127.0.0.1:5556").subscribe("")
