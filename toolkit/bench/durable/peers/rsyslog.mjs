// rsyslog: RELP in, a queue on disk, RELP out. Both sides of RELP acknowledge each message.

import { Buffer } from "node:buffer"
import { once } from "node:events"
import { connect, createServer } from "node:net"

import { frame, offers, parser } from "./relp.mjs"

export async function consumer({ outPort }, took) {
  const sockets = new Set()
  const server = createServer((socket) => {
    sockets.add(socket)
    const parse = parser((number, command) => {
      if (command === "syslog") took(1)
      socket.write(frame(number, "rsp", command === "open" ? `200 OK\n${offers}` : "200 OK"))
    })
    socket.on("data", (chunk) => {
      socket.cork()
      parse(chunk)
      socket.uncork()
    })
    socket.on("close", () => sockets.delete(socket))
    // rsyslog is ended while it is connected.
    socket.on("error", () => {})
  })
  server.listen(outPort, "127.0.0.1")
  await once(server, "listening")
  return {
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, "close")
    },
  }
}

export async function producer({ inPort }) {
  const socket = connect(inPort, "127.0.0.1").setNoDelay(true)
  await once(socket, "connect")
  const waiting = new Map()
  const parse = parser((number, _, data) => {
    const { resolve, reject } = waiting.get(number)
    waiting.delete(number)
    if (data.toString("latin1", 0, 3) === "200") resolve()
    else reject(new Error(`rsyslog answered ${data}`))
  })
  socket.on("data", parse)
  let last = 0
  const send = (command, data) =>
    new Promise((resolve, reject) => {
      last += 1
      waiting.set(String(last), { resolve, reject })
      socket.write(frame(last, command, data))
    })
  await send("open", offers)
  return {
    publish: (frames) => send("syslog", `<13>1 2026-01-01T00:00:00Z host bench - - - ${Buffer.concat(frames)}`),
    close: async () => socket.destroy(),
  }
}
