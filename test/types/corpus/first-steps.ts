// Push and pull, publish and subscribe, request and reply, as in any first program.

import * as zmq from "zeromq"
import { Request } from "zeromq"

export async function produce() {
  const sock = new zmq.Push()
  await sock.bind("tcp://127.0.0.1:3000")
  for (let count = 0; count < 10; count++) {
    await sock.send("some work")
    await new Promise((resolve) => {
      setTimeout(resolve, 500)
    })
  }
  sock.close()
}

export async function work() {
  const sock = new zmq.Pull()
  sock.connect("tcp://127.0.0.1:3000")
  for await (const [msg] of sock) {
    console.log("work: %s", msg.toString())
  }
}

export async function publish() {
  const sock = new zmq.Publisher()
  await sock.bind("tcp://127.0.0.1:3000")
  await sock.send(["kitty cats", "meow!"])
}

export async function subscribe() {
  const sock = new zmq.Subscriber()
  sock.connect("tcp://127.0.0.1:3000")
  sock.subscribe("kitty cats")
  sock.subscribe("a", Buffer.from("b"), "c")
  sock.unsubscribe()
  for await (const [topic, msg] of sock) {
    console.log("received a message related to:", topic, "containing message:", msg)
    const text: string = topic.toString("utf8") + msg.readUInt32LE(0)
    if (text) sock.close()
  }
}

export async function ask(): Promise<number> {
  const sock: Request = new Request()
  sock.connect("tcp://127.0.0.1:3000")
  await sock.send("4")
  const [result] = await sock.receive()
  return Number(result)
}

export async function answer() {
  const sock = new zmq.Reply()
  await sock.bind("tcp://127.0.0.1:3000")
  for await (const [msg] of sock) {
    await sock.send((2 * Number.parseInt(msg.toString(), 10)).toString())
  }
}

export async function talk() {
  const [a, b]: zmq.Pair[] = [new zmq.Pair(), new zmq.Pair({ linger: 0 })]
  a.bindSync("inproc://pair")
  b.connect("inproc://pair")
  await Promise.all([a.send(null), b.receive().then((parts: Buffer[]) => parts.map((part) => part.length))])
  a.unbindSync("inproc://pair")
  b.disconnect("inproc://pair")
  const closed: boolean = a.closed
  return closed || a.readable || a.writable
}
